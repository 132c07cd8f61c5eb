//! The menu that a disk gives, found by the code that boots it, for `gapboot list`.
//!
//! | module | what |
//! |---|---|
//! | [`read`](mod@read) | the [`Menu`], read as the loader reads it |
//! | [`entry`] | a [`MenuEntry`] and a [`SkippedFile`], with their keys in JSON |
//! | `found` | the files in the directories of entries |
//! | `details` | what an entry's own files say |
//! | `warnings` | what an entry needs to boot and to be counted |
//! | [`table`] | the menu as a table for a person |
//! | `text` | bytes from a disk as text |

mod details;
pub mod entry;
mod found;
pub mod read;
pub mod table;
mod text;
mod warnings;

pub use entry::{MenuEntry, SkippedFile};
pub use read::Menu;
