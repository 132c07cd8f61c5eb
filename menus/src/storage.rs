//! What a reader may ask of the disks.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A disk, a partition, a mounted tree or a file system in a file, as the [`Storage`]
/// numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(pub u32);

/// A file or directory on a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Where.
    pub device: Device,
    /// From the root of the device's file system. It begins with `/` and has no empty,
    /// `.` or `..` component.
    pub path: String,
}

/// The disks that a menu may speak of. Nothing is ever written.
pub trait Storage {
    /// All devices, each at most once, in the order in which a search goes through them:
    /// a disk without a table or with a file system of its own, then its partitions.
    fn devices(&self) -> Vec<Device>;

    /// What is known of a device.
    fn properties(&self, device: Device) -> Properties;

    /// The whole content of a file.
    ///
    /// # Errors
    ///
    /// [`Failure::Large`] if the file has more than `limit` bytes; the others as they say.
    fn read(&self, file: &Location, limit: usize) -> Result<Vec<u8>, Failure>;

    /// Whether there is a file or a directory. Links are followed.
    ///
    /// # Errors
    ///
    /// As they say.
    fn kind(&self, at: &Location) -> Result<Kind, Failure>;

    /// The names in a directory, without `.` and `..`, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// [`Failure::Large`] if there are more than `limit`; the others as they say.
    fn directory(&self, at: &Location, limit: usize) -> Result<Vec<String>, Failure>;

    /// A file that holds a file system or a disk, as a device (GRUB's `loopback`). The
    /// same file gives the same device.
    ///
    /// # Errors
    ///
    /// As they say.
    fn loopback(&self, file: &Location) -> Result<Device, Failure>;
}

/// What is at a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File {
        /// In bytes.
        size: u64,
    },
    /// A directory.
    Directory,
}

/// Why a [`Storage`] does not give what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such file, directory or device.
    Missing,
    /// There is more of it than the limit allows.
    Large,
    /// The device has a file system that is not read here, or the operation is not
    /// possible; what, and what to do.
    Unsupported(String),
    /// It could not be read: what failed.
    Unreadable(String),
}

/// A clause that stands after the name of the file or device.
impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Missing => to.write_str("does not exist"),
            Self::Large => to.write_str("is too large"),
            Self::Unsupported(text) | Self::Unreadable(text) => {
                write!(to, "cannot be read: {text}")
            }
        }
    }
}

/// What is known of a device. `None` is "not known": see [`crate::search`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Properties {
    /// The number of the disk among the disks of the firmware, from 0: `hd0`. The disk
    /// that the menu comes from is 0 where nothing else is known.
    pub disk: Option<u32>,
    /// The partition of that disk.
    pub partition: Option<Partition>,
    /// The file system, by GRUB's name for it (`ext2`, `fat`, `iso9660`, `btrfs`, `xfs`).
    pub file_system: Option<String>,
    /// The label of the file system. `Some("")` is no label.
    pub label: Option<String>,
    /// The UUID of the file system, as GRUB and blkid write it. `Some("")` is no UUID.
    pub uuid: Option<String>,
    /// For a tree that is mounted, and whose root in the file system is another
    /// directory (btrfs subvolumes): that directory, as `/@`.
    pub subtree: Option<String>,
}

/// A partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The kind of table.
    pub table: Table,
    /// Counted from 1. Logical partitions of an MBR disk begin at 5.
    pub number: u32,
    /// The partition's UUID (GPT) or disk signature and number (MBR), as `PARTUUID=`
    /// names it. `""` if it has none.
    pub uuid: String,
    /// The name in the table (GPT only).
    pub label: String,
}

/// A kind of partition table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// GPT.
    Gpt,
    /// MBR, which GRUB calls msdos.
    Mbr,
}
