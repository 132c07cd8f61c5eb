//! Offsets in the optional header, by the fields' names (Microsoft, "PE Format"). Those
//! up to `DLL_CHARACTERISTICS` are the same in PE32 and PE32+.

use stub::params::u16;

/// Magic of an optional header for 64-bit firmware.
pub const PE32_PLUS: u16 = 0x20b;
/// The same for 32-bit firmware, whose kernel may be a 64-bit one ("mixed mode").
pub const PE32: u16 = 0x10b;

/// `SIZE_OF_INITIALIZED_DATA`.
pub const SIZE_OF_INITIALIZED_DATA: usize = 8;
/// `ENTRY_POINT`.
pub const ENTRY_POINT: usize = 16;
/// `SECTION_ALIGNMENT`.
pub const SECTION_ALIGNMENT: usize = 32;
/// `FILE_ALIGNMENT`.
pub const FILE_ALIGNMENT: usize = 36;
/// `SIZE_OF_IMAGE`.
pub const SIZE_OF_IMAGE: usize = 56;
/// `SIZE_OF_HEADERS`.
pub const SIZE_OF_HEADERS: usize = 60;
/// `CHECKSUM`.
pub const CHECKSUM: usize = 64;
/// `SUBSYSTEM`.
pub const SUBSYSTEM: usize = 68;
/// `DLL_CHARACTERISTICS`.
pub const DLL_CHARACTERISTICS: usize = 70;
/// `DIRECTORIES`, in PE32+.
pub const DIRECTORIES: usize = 108;
/// The data directory, in PE32+.
pub const DIRECTORY: usize = 112;
/// The data directory, in PE32.
const DIRECTORY_32: usize = 96;

/// The place of an entry of the data directory in `optional`.
pub fn directory(optional: &[u8], entry: usize) -> usize {
    let start = match u16(optional, 0) {
        PE32 => DIRECTORY_32,
        _ => DIRECTORY,
    };
    start.saturating_add(entry.saturating_mul(8))
}
