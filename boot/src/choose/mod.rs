//! What boots: what a person chooses, or what is chosen for nobody.
//!
//! | module | what |
//! |---|---|
//! | `choice` | the [`Choice`] |
//! | `by_settings` | settings, then the menu, in the order of systemd-boot (in the overlay) |
//! | `by_number` | a list of numbers, where the overlay is missing |
//! | `on_disk` | the entries of the disk, as the menu asks for them |
//! | `generated` | entries that the loader adds by itself |

mod by_number;
pub(crate) mod by_settings;
mod choice;
mod generated;
mod on_disk;

pub(crate) use by_number::by_number;
pub(crate) use by_settings::Question;
pub use choice::Choice;
