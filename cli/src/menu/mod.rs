//! The menu that a disk gives, found by the code that boots it, for `gapboot list`.
//!
//! | module | what |
//! |---|---|
//! | [`read`](mod@read) | the [`Menu`], read as the loader reads it |
//! | [`entry`] | a [`MenuEntry`] and a [`SkippedFile`], with their keys in JSON |
//! | `found` | the files in the directories of entries |
//! | `details` | what an entry's own files say |
//! | `inside` | what lies inside a kernel and an initrd |
//! | `warnings` | what an entry needs to boot and to be counted |
//! | [`rehearsal`] | what a machine would boot from the disk: a [`Rehearsal`] |
//! | `ids` | entries by their ids, for commands that are given one |
//! | [`table`] | the menu as a table for a person |
//! | `text` | bytes from a disk as text |

mod details;
pub mod entry;
mod found;
mod ids;
pub(crate) mod inside;
pub mod read;
pub mod rehearsal;
pub mod table;
mod text;
mod warnings;

pub(crate) use details::Named;
pub use entry::{MenuEntry, SkippedFile};
pub use read::Menu;
pub use rehearsal::Rehearsal;
