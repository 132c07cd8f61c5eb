//! The overlay: the part of the loader that a boot without a person at the
//! keyboard does not need, in sectors of its own behind stage2.
//!
//! It is linked together with one stage2 and calls into it, so it works with
//! that one alone. It fills its sectors to the end, where its checksum stands. All
//! numbers are little-endian, all offsets in bytes from the start of the overlay.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | magic, `gapover1`; the digit is the format's version |
//! | 8 | 4 | bytes that are in use, this header included |
//! | 12 | 4 | CRC-32 of stage2's unpacked image, as stage2's header has it |
//! | 16 | 12 | gapboot's version, ASCII, NUL-padded |
//! | 28 | 4 | reserved, 0 |
//! | 32 | | code and constants, then zeros |
//! | 32,764 | 4 | checksum |
//!
//! The checksum is the CRC-32 (IEEE 802.3) of the four bytes at offset 12 and all
//! bytes before it, in this order. Whoever starts with the bytes that stage2's
//! header has, and goes on over the checksum, gets [`RESIDUE`].

/// The first bytes of the overlay.
pub const MAGIC: [u8; 8] = *b"gapover1";
/// Offset of the number of bytes in use.
pub const LENGTH_OFFSET: usize = 8;
/// Offset of the checksum of the image that the overlay belongs to.
pub const BUILD_OFFSET: usize = 12;
/// Offset of gapboot's version.
pub const VERSION_OFFSET: usize = 16;
/// Size of the header.
pub const SIZE: usize = 32;
/// Offset of the checksum.
pub const CHECKSUM_OFFSET: usize = crate::disk::OVERLAY_BYTES - 4;
/// The CRC-32 of anything that ends with its own CRC-32.
pub const RESIDUE: u32 = 0x2144_df1c;
