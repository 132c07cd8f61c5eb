//! The disk: sectors, and the partitions on it.
//!
//! | module | what |
//! |---|---|
//! | [`storage`] | reads and writes through two caches |
//! | [`table`] | finds the partitions that may hold entries |
//! | [`gpt`], [`mbr`] | the two kinds of partition tables |
//! | [`partition`] | a partition of either kind, and its name for `PARTUUID=` |
//! | `mirror` | members of md mirrors, which are never written to |

pub mod gpt;
pub mod mbr;
pub(crate) mod mirror;
pub mod partition;
pub mod storage;
pub mod table;
