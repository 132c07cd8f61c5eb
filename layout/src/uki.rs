//! The file format of a legacy-compatible UKI: a PE file and a bzImage in one.
//!
//! `gapboot uki` writes it and the stub inside reads it; `docs/legacy-uki.md`
//! specifies it for others. File offsets are in bytes from the start of the file. The
//! offsets that the stub reads are in bytes from the protected-mode part, which begins
//! at [`PROTECTED_MODE`]: loaders that enter in 32- or 64-bit mode load only that part.

/// File offset of the boot protocol's setup header.
pub const SETUP_HEADER: usize = 0x1f1;
/// File offset of the end of that header, to which the jump at 0x200 leads.
pub const SETUP_HEADER_END: usize = 0x26c;
/// File offset of the PE header.
pub const PE_HEADER: usize = 0x400;
/// File offset of the real-mode loader: the end of the PE headers.
pub const LOADER: usize = 0x1000;
/// File offset of the version string, inside the real-mode loader.
pub const VERSION: usize = 0x1f00;
/// Bytes for the version string, with the NUL at its end.
pub const VERSION_SIZE: usize = 0x100;
/// File offset of the protected-mode part.
pub const PROTECTED_MODE: usize = 0x2000;
/// The header's `setup_sects`: the sectors in front of the protected-mode part, without
/// the first one.
pub const SETUP_SECTS: u8 = 15;
/// Bytes after the end of the file that `init_size` has room for: a signature may be
/// added later.
pub const SIGNATURE_ROOM: u32 = 0x1_0000;

/// The header's `kernel_info_offset`.
pub const KERNEL_INFO: usize = 0x10;
/// Magic of the boot protocol's `kernel_info`.
pub const KERNEL_INFO_MAGIC: [u8; 4] = *b"LToP";
/// Offset of `setup_type_max` in the protected-mode part.
pub const SETUP_TYPE_MAX: usize = KERNEL_INFO + 12;
/// Offset of the table's header, which comes after `kernel_info` and belongs to it:
/// magic, size, offset of the table, number of its entries, each 4 bytes.
pub const TABLE_HEADER: usize = KERNEL_INFO + 16;
/// Magic of the table's header; the digit is the format's version.
pub const TABLE_MAGIC: [u8; 4] = *b"UKI1";
/// Bytes of the table's header.
pub const TABLE_HEADER_SIZE: usize = 16;
/// Bytes of an entry: kind, profile, offset, size, each 4 bytes.
pub const ENTRY_SIZE: usize = 16;
/// The most entries that a table may have.
pub const ENTRIES_MAX: usize = 256;
/// The 64-bit entry point.
pub const ENTRY_64: usize = 0x200;

/// The entry point for UEFI in a file without an EFI stub.
pub const ENTRY_EFI: usize = 0x280;

/// The piece of the file that an entry of the table points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// `.linux`, a bzImage.
    Linux = 1,
    /// `.cmdline`, text.
    Cmdline = 2,
    /// `.ucode`, the first of the initrds.
    Microcode = 3,
    /// `.initrd`.
    Initrd = 4,
    /// The archives that systemd-stub would make of the file's own sections.
    Extra = 5,
}

impl Kind {
    /// The number that stands for the kind in the table.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// The profile number of entries that belong to every profile; that of profile N is
/// N + 1.
pub const BASE_PROFILE: u32 = 0;

const _: () = assert!(PROTECTED_MODE == (SETUP_SECTS as usize + 1) * 512);
const _: () = assert!(VERSION + VERSION_SIZE == PROTECTED_MODE);
// A version string is valid only below 0x200 times setup_sects.
const _: () = assert!(VERSION - 0x200 < 0x200 * SETUP_SECTS as usize);
const _: () = assert!(TABLE_HEADER + TABLE_HEADER_SIZE <= ENTRY_64);
