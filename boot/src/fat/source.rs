//! The volumes of a disk that hold entries.

use super::boot_sector::Volume;
use crate::disk::partition::Partition;

/// Where entries come from.
#[derive(Clone, Copy)]
pub struct Source {
    /// The partition.
    pub partition: Partition,
    /// The file system on it.
    pub volume: Volume,
}

/// The EFI system partition and the extended boot loader partition, as far as the disk
/// has them. The index is [`crate::entries::entry::Entry::volume`].
pub type Sources = [Option<Source>; 2];
