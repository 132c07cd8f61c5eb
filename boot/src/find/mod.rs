//! From the disk to the list of entries.
//!
//! | module | what |
//! |---|---|
//! | [`inventory`] | partitions, file systems, settings and entries, in this order |
//! | [`scan`] | the entries of one file system |

pub mod inventory;
pub mod scan;
