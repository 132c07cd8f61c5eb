//! The header at the start of stage2, in its first sector on the disk.
//!
//! stage1 checks it before it jumps; the installer writes it and `gapboot
//! status` reads it. All numbers are little-endian, all offsets in bytes from
//! the start of stage2. [`format1`](super::format1) lists the differences of format 1.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | magic, `gapboot2` |
//! | 8 | 2 | format version, 2 |
//! | 10 | 2 | offset of the real-mode entry point |
//! | 12 | 4 | length in bytes, header included, at most 16,384 |
//! | 16 | 4 | CRC-32 (IEEE 802.3) of the bytes from offset 20 to the length |
//! | 20 | 12 | gapboot's version, ASCII, NUL-padded |
//! | 32 | 4 | CRC-32 of the unpacked image: the build that an overlay belongs to |
//! | 36 | 4 | length of the unpacked image |
//! | 40 | 1 | console outputs: 1 screen, 2 serial |
//! | 41 | 1 | serial port: 0 is COM1 |
//! | 42 | 2 | divisor of the serial port's 115,200 baud |
//! | 44 | 1 | sectors of the overlay, at most 126; 0 if there is no overlay |
//! | 45 | 3 | reserved, 0 |

/// The first bytes of stage2.
pub const MAGIC: [u8; 8] = *b"gapboot2";
/// The format of header and image: stage1 starts a stage2 of this format only.
pub const FORMAT: u16 = 2;

/// Offset of the format version.
pub const FORMAT_OFFSET: usize = 8;
/// Offset of the entry point's offset.
pub const ENTRY_OFFSET: usize = 10;
/// Offset of the length.
pub const LENGTH_OFFSET: usize = 12;
/// Offset of the checksum.
pub const CHECKSUM_OFFSET: usize = 16;
/// First byte that the checksum covers.
pub const CHECKED_FROM: usize = 20;
/// Offset of gapboot's version.
pub const VERSION_OFFSET: usize = 20;
/// Bytes of the version field.
pub const VERSION_SIZE: usize = 12;
/// Offset of the checksum of the unpacked image.
pub const BUILD_OFFSET: usize = 32;
/// Offset of the unpacked image's length.
pub const UNPACKED_OFFSET: usize = 36;
/// Offset of the console outputs.
pub const OUTPUTS_OFFSET: usize = 40;
/// Offset of the serial port's number.
pub const PORT_OFFSET: usize = 41;
/// Offset of the serial port's divisor.
pub const DIVISOR_OFFSET: usize = 42;
/// Offset of the number of the overlay's sectors.
pub const OVERLAY_SECTORS_OFFSET: usize = 44;
/// Size of the header.
pub const SIZE: usize = 48;
