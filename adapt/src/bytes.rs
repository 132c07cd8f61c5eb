//! Numbers in bytes.

use std::io;

use volumes::Bytes;
use volumes::bytes::read;

use crate::SECTOR;

/// A size in memory as one on a disk.
pub(crate) fn to_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// A size on a disk as one in memory.
pub(crate) fn to_usize(size: impl TryInto<usize>) -> usize {
    size.try_into().unwrap_or(usize::MAX)
}

/// Puts bytes at a place, if there is room for them.
pub(crate) fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    let end = at.saturating_add(bytes.len());
    if let Some(place) = into.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}

/// The number of two bytes, the lower one first; 0 where they end before.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let number = bytes.get(at..).and_then(|rest| rest.first_chunk());
    number.map_or(0, |number| u16::from_le_bytes(*number))
}

/// The number of four bytes, the lowest one first; 0 where they end before.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let number = bytes.get(at..).and_then(|rest| rest.first_chunk());
    number.map_or(0, |number| u32::from_le_bytes(*number))
}

/// The number of eight bytes, the lowest one first; 0 where they end before.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let number = bytes.get(at..).and_then(|rest| rest.first_chunk());
    number.map_or(0, |number| u64::from_le_bytes(*number))
}

/// Whole sectors of an image. What the last one lacks is zero.
pub(crate) fn sectors(image: &dyn Bytes, lba: u64, count: u64) -> io::Result<Vec<u8>> {
    let at = lba.saturating_mul(SECTOR);
    let size = count.saturating_mul(SECTOR);
    let left = image.size().saturating_sub(at);
    let mut found = read(image, at, to_usize(size.min(left)))?;
    let is_short_by_more = size.saturating_sub(left) >= SECTOR;
    if left == 0 || is_short_by_more {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it ends before",
        ));
    }
    found.resize(to_usize(size), 0);
    Ok(found)
}

/// True if all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
