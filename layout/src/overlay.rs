//! The overlay: the part of the loader that does not fit into stage2, in sectors
//! of its own after stage2. Without it the loader does less, but boots.
//!
//! The overlay is linked together with one stage2 and calls into it, so it works
//! with that stage2 only. It takes as many whole sectors as it needs, and the last 4
//! bytes of the last sector are its checksum. stage2's header says how many sectors
//! the overlay has. All numbers are little-endian, all offsets in bytes from the start of the
//! overlay.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | magic, `gapover2`; the digit is the format's version |
//! | 8 | 4 | bytes that are in use, this header included |
//! | 12 | 4 | CRC-32 of stage2's unpacked image, the same value as in stage2's header |
//! | 16 | 12 | gapboot's version, ASCII, NUL-padded |
//! | 28 | 4 | reserved, 0 |
//! | 32 | | code and constants, then zeros |
//! | [`size`] - 4 | 4 | checksum |
//!
//! The checksum is the CRC-32 (IEEE 802.3) of the four bytes at offset 12 and all
//! bytes before the checksum, in this order. A reader that starts with the bytes from stage2's
//! header, and goes on to the end of the checksum, gets [`RESIDUE`].

use super::disk::{OVERLAY_BYTES, OVERLAY_SECTORS, SECTOR};

/// The first bytes of the overlay.
pub const MAGIC: [u8; 8] = *b"gapover2";
/// Offset of the number of bytes in use.
pub const LENGTH_OFFSET: usize = 8;
/// Offset of the checksum of the image that the overlay belongs to.
pub const BUILD_OFFSET: usize = 12;
/// Offset of gapboot's version.
pub const VERSION_OFFSET: usize = 16;
/// Size of the header.
pub const SIZE: usize = 32;
/// Size of the checksum, with which the overlay ends.
pub const CHECKSUM_SIZE: usize = 4;
/// The most bytes that an overlay may use: the offset of the checksum in an overlay
/// that fills all its sectors.
pub const CHECKSUM_OFFSET: usize = OVERLAY_BYTES - CHECKSUM_SIZE;
/// The CRC-32 of anything that ends with its own CRC-32.
pub const RESIDUE: u32 = 0x2144_df1c;

/// Sectors of an overlay that uses `length` bytes: room for the checksum too.
pub const fn sectors(length: usize) -> usize {
    (length + CHECKSUM_SIZE).div_ceil(SECTOR)
}

/// Bytes on the disk of an overlay that uses `length` bytes: whole sectors.
pub const fn size(length: usize) -> usize {
    sectors(length) * SECTOR
}

const _: () = {
    assert!(size(CHECKSUM_OFFSET) == OVERLAY_BYTES);
    assert!(sectors(CHECKSUM_OFFSET) as u64 == OVERLAY_SECTORS);
    assert!(sectors(SIZE) == 1);
    // The header of stage2 has one byte for the number of sectors.
    assert!(OVERLAY_SECTORS <= u8::MAX as u64);
};
