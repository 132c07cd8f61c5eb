//! The disk: sectors, and the partitions on it.
//!
//! | module | what |
//! |---|---|
//! | [`storage`] | reads and writes by way of two caches |
//! | [`table`] | finds the partitions that entries are looked for on |
//! | [`gpt`], [`mbr`] | the two kinds of partition tables |
//! | [`partition`] | what both give, and its name for `PARTUUID=` |
//! | `mirror` | members of md mirrors, which are never written to |
//! | [`crc32`] | the checksum of all formats here |

pub mod crc32;
pub mod gpt;
pub mod mbr;
pub(crate) mod mirror;
pub mod partition;
pub mod storage;
pub mod table;
