//! From the disk to the list of entries.
//!
//! | module | what |
//! |---|---|
//! | `inventory` | partitions, file systems, settings and entries, in this order |
//! | [`scan`] | the entries of one file system |
//! | `look` | all of that, for programs that only look at a disk |

pub(crate) mod inventory;
// A program that looks at disks contains the overlay's code; the loader has to load it.
#[cfg(not(target_os = "none"))]
pub mod look;
pub mod scan;
