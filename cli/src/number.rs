//! Numbers of bytes as memory counts them and as files and disks do.
//!
//! A number that does not fit becomes the largest one: no slice, file or disk has
//! that many bytes, so whatever it is used for ends in an error.

use layout::disk::SECTOR;

/// A number of bytes in memory, as files and disks count.
#[allow(
    clippy::as_conversions,
    reason = "a constant function; no usize has more than 64 bits"
)]
pub(crate) const fn to_u64(size: usize) -> u64 {
    size as u64
}

/// A number of bytes of a file or a disk, as memory counts.
pub(crate) fn to_usize(size: impl TryInto<usize>) -> usize {
    size.try_into().unwrap_or(usize::MAX)
}

/// A number as a field of 32 bits holds it.
pub(crate) fn to_u32(size: impl TryInto<u32>) -> u32 {
    size.try_into().unwrap_or(u32::MAX)
}

/// The bytes of this many sectors.
pub(crate) const fn sector_bytes(sectors: u64) -> u64 {
    sectors.saturating_mul(to_u64(SECTOR))
}
