//! The installed loader, as `gapboot install`, `remove` and `status` write and read it.
//!
//! | module | content |
//! |---|---|
//! | [`stages`] | the loader that this program carries, and stage2's header |
//! | [`overlay`] | the overlay's header |
//! | [`console`] | a setting in stage2's header: the devices of the console |
//! | [`survey`] | the present contents of the loader's sectors on a disk |
//! | [`status`] | the meaning of a survey: installed, intact, up to date |
//! | [`layout_advice`] | warnings about a disk |
//! | [`write`](mod@write) | one write; doing and checking all of them |
//! | [`order`] | the writes, in an order that survives an interruption |
//! | [`plan`] | the plan of all changes to a disk |
//! | [`undo`] | the file with the data that an installation overwrote |

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
