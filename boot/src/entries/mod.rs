//! Boot entries: what the files of `/loader/entries` and `/EFI/Linux` say, the
//! order they stand in, and which of them boots.
//!
//! Nothing here reads a disk. Names and lines come in, as bytes; what goes out
//! is a sorted [`list::List`] and an index into it.

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
