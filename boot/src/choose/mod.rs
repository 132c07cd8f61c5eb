//! Which entry boots: the choice of a person, or of the settings if nobody is there.
//!
//! | module | what |
//! |---|---|
//! | `question` | the entries to choose from |
//! | `choice` | the [`Choice`] |
//! | `by_settings` | by the settings, and whether there is a menu (in the overlay) |
//! | `at_menu` | by a person at the menu |
//! | `on_disk` | the entries of the disk, as the menu asks for them |
//! | `generated` | entries that the loader adds by itself |
//! | `by_number` | by a person at a list of numbers, where the overlay is missing |

mod at_menu;
mod by_number;
mod by_settings;
mod choice;
mod generated;
mod on_disk;
mod question;

pub(crate) use by_number::by_number;
pub use choice::Choice;
pub(crate) use question::Question;
