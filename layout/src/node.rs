//! The `setup_data` node: what the loader tells userspace.
//!
//! UEFI loaders leave variables; a BIOS has no variables. Linux keeps the boot
//! protocol's list of `setup_data` nodes and shows each under
//! `/sys/kernel/boot_params/setup_data/N/{type,data}`, whether it knows the type
//! or not. gapboot adds a node of its own [`TYPE`], at the start of
//! [`memory::SETUP_DATA`](super::memory::SETUP_DATA). Its data is text: lines
//! `Name=value`, each ended by a line feed. The first line is the version of the
//! format. The names are those of the Boot Loader Interface; readers ignore lines with
//! names that they do not know.
//!
//! `docs/formats.md` describes the node for other programs.

use super::memory::SETUP_DATA;

/// The node's type, `GAPB` in memory.
pub const TYPE: u32 = u32::from_le_bytes(*b"GAPB");
/// Bytes of the boot protocol's header in front of the data: next node (8 bytes), type
/// (4), length of the data (4).
pub const HEADER_SIZE: usize = 16;
/// The most bytes of the data.
pub const DATA_SIZE: usize = SETUP_DATA.size() as usize - HEADER_SIZE;

/// Name of the first line.
pub const FORMAT_NAME: &str = "GapbootNode";
/// The format that this source reads and writes: the first line's value.
pub const FORMAT: &str = "1";

/// Name and version of the loader: `gapboot 0.1.0`.
pub const INFO: &str = "LoaderInfo";
/// Id of the entry that was started.
pub const ENTRY_SELECTED: &str = "LoaderEntrySelected";
/// Id of the entry that starts when nobody chooses.
pub const ENTRY_DEFAULT: &str = "LoaderEntryDefault";
/// The path of the counted file, with its new name, from the root of its partition and
/// with slashes; absent if the boot was not counted.
pub const BOOT_COUNT_PATH: &str = "LoaderBootCountPath";
/// The partition on which the entry lies, as `PARTUUID=` names it.
pub const DEVICE_PART_UUID: &str = "LoaderDevicePartUUID";
/// When the loader began, in microseconds by the BIOS's clock.
pub const TIME_INIT: &str = "LoaderTimeInitUSec";
/// When the loader handed over, in microseconds by the BIOS's clock.
pub const TIME_EXEC: &str = "LoaderTimeExecUSec";

const _: () = assert!(TYPE == 0x4250_4147);
