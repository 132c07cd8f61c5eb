//! Offsets in the PE32+ optional header, by the fields' names (Microsoft, "PE
//! Format").

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
/// `DIRECTORIES`.
pub const DIRECTORIES: usize = 108;
/// `DIRECTORY`.
pub const DIRECTORY: usize = 112;
