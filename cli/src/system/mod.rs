//! The running system: how it was started, its block devices and their mounts.
//!
//! | module | what |
//! |---|---|
//! | [`running`] | how the [`System`] was started, and its block [`Device`]s |
//! | [`node`] | what the loader told it |
//! | [`mounts`] | where its boot partitions are mounted |
//! | `boot_disk` | the disk that it was started from |
//! | `confined` | whether this program runs in a chroot or in a container on it |

mod boot_disk;
mod confined;
pub mod mounts;
pub mod node;
pub mod running;

pub use boot_disk::{boot_disk, find_boot_disk};
pub use confined::confinement;
pub use running::{Device, System};
