//! Boot entries: the content of the files in `/loader/entries` and `/EFI/Linux`, the
//! order of the entries, and which of them boots.
//!
//! Nothing here reads a disk. Names and lines come in, as bytes; a sorted
//! [`list::List`] and an index into it go out.

pub mod counter;
pub mod entry;
pub mod glob;
pub mod line;
pub mod list;
pub mod select;
pub mod sort;
pub mod title;
pub mod type1;
pub mod version;
