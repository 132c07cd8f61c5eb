//! Places on the medium.

/// Bytes of a logical sector, in which the records of directories do not cross a border.
pub(super) const SECTOR: usize = 2048;

/// Where a directory or a piece of a file lies: the block, and the size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: u32,
    pub(super) size: u32,
}
