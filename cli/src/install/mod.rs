//! What `gapboot install`, `remove` and `status` know of an installed loader.
//!
//! | module | what |
//! |---|---|
//! | [`stages`] | the loader that this program carries, and stage2's header |
//! | [`overlay`] | the overlay's header |
//! | [`console`] | a setting in stage2's header: where the loader talks |
//! | [`survey`] | what is in the loader's sectors of a disk now |
//! | [`status`] | what a survey means: installed, intact, up to date |
//! | [`layout_advice`] | what a person should know of a disk |
//! | [`write`](mod@write) | one write; how all of them are done and checked |
//! | [`order`] | the writes in an order that bears an interruption |
//! | [`plan`] | what is going to happen to a disk |
//! | [`undo`] | what an installation wrote over, in a file |

pub mod console;
pub mod layout_advice;
pub mod order;
pub mod overlay;
pub mod plan;
pub mod stages;
pub mod status;
pub mod survey;
pub mod undo;
pub mod write;

pub use stages::Stages;
