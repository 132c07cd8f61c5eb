//! The partition table: is it sound, and who lies where?
//!
//! | module | what |
//! |---|---|
//! | [`place`] | a [`OwnedRange`] that belongs to someone, and the [`Places`] of a disk |
//! | [`mbr`] | the table in sector 0 |
//! | [`gpt`] | the GPT: both tables and the partitions |
//! | `gpt_table` | one of its tables, with every fault named |
//! | `missing` | what a disk without a sound table holds, and what helps |
//! | [`root_partition`] | which partition is the root file system's |
//! | [`read`](mod@read) | whichever of both a disk has, as a [`Table`] |

pub mod gpt;
mod gpt_table;
pub mod mbr;
mod missing;
pub mod place;
pub mod read;
pub mod root_partition;

pub use place::{OwnedRange, Places};
pub use read::{Table, partitions, read};
