//! Disk images and archives. The code under test makes no part of them.
//!
//! | module | content |
//! |---|---|
//! | [`table`] | the partitions of an image, as sfdisk sees them |
//! | [`volume`] | FAT file systems in an image, by mkfs.vfat and mtools |
//! | [`disk`] | a whole disk: partition table by sfdisk, file systems, files |
//! | [`large_sectors`](mod@large_sectors) | disks with sectors of 4096 bytes |
//! | [`boot_sector`] | floppy disks with a few instructions |
//! | [`entries`] | random boot entries |
//! | [`initramfs`] | cpio archives, and one with Debian's busybox |
//! | [`modules`] | modules of Debian's kernel for them |

pub mod boot_sector;
pub mod disk;
pub mod entries;
pub mod initramfs;
pub mod large_sectors;
pub mod modules;
pub mod table;
pub mod volume;

pub use disk::{Disk, Partition};
pub use table::{PartitionRange, SECTOR, partitions};
pub use volume::{Content, Fat, Volume};
