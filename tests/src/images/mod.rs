//! Disk images and archives. Nothing here is made by the code under test.
//!
//! | module | what is in it |
//! |---|---|
//! | [`table`] | the partitions of an image, as sfdisk sees them |
//! | [`volume`] | FAT file systems in an image, by mkfs.vfat and mtools |
//! | [`disk`] | a whole disk: partition table by sfdisk, file systems, files |
//! | [`boot_sector`] | floppy disks with a few instructions |
//! | [`entries`] | boot entries put together at random |
//! | [`initramfs`] | cpio archives, and one with Debian's busybox |
//! | [`modules`] | modules of Debian's kernel for them |

pub mod boot_sector;
pub mod disk;
pub mod entries;
pub mod initramfs;
pub mod modules;
pub mod table;
pub mod volume;

pub use disk::{Disk, Partition};
pub use table::{Place, SECTOR, partitions};
pub use volume::{Content, Fat, Volume};
