//! `boot_params`, and the setup header inside it.
//!
//! Header fields have the same offsets in a bzImage and in `boot_params`
//! ("The Linux/x86 Boot Protocol", "The Real-Mode Kernel Header"; the rest is
//! in the kernel's "Zero Page"), so one set of functions reads both. Numbers
//! are little-endian.

use crate::memory::{Memory, Range};
use crate::problem::Problem;

/// Bytes of `boot_params`.
pub const SIZE: usize = 0x1000;

/// Offsets of the fields that the stub uses.
pub mod field {
    #![allow(missing_docs)]
    pub const VIDEO_COLUMN: usize = 0x00;
    pub const VIDEO_ROW: usize = 0x01;
    pub const VIDEO_MODE: usize = 0x06;
    pub const VIDEO_IS_VGA: usize = 0x0f;
    pub const EXT_RAMDISK_IMAGE: usize = 0x0c0;
    pub const EXT_RAMDISK_SIZE: usize = 0x0c4;
    pub const EXT_CMD_LINE_PTR: usize = 0x0c8;
    pub const EFI_MEMMAP: usize = 0x1d0;
    pub const EFI_MEMMAP_SIZE: usize = 0x1d4;
    pub const EFI_MEMMAP_HI: usize = 0x1dc;
    pub const E820_ENTRIES: usize = 0x1e8;
    pub const SETUP_SECTS: usize = 0x1f1;
    pub const VID_MODE: usize = 0x1fa;
    pub const BOOT_FLAG: usize = 0x1fe;
    pub const JUMP: usize = 0x201;
    pub const MAGIC: usize = 0x202;
    pub const VERSION: usize = 0x206;
    pub const REALMODE_SWTCH: usize = 0x208;
    pub const TYPE_OF_LOADER: usize = 0x210;
    pub const LOADFLAGS: usize = 0x211;
    pub const CODE32_START: usize = 0x214;
    pub const RAMDISK_IMAGE: usize = 0x218;
    pub const RAMDISK_SIZE: usize = 0x21c;
    pub const HEAP_END_PTR: usize = 0x224;
    pub const EXT_LOADER: usize = 0x226;
    pub const CMD_LINE_PTR: usize = 0x228;
    pub const INITRD_ADDR_MAX: usize = 0x22c;
    pub const KERNEL_ALIGNMENT: usize = 0x230;
    pub const RELOCATABLE: usize = 0x234;
    pub const XLOADFLAGS: usize = 0x236;
    pub const CMDLINE_SIZE: usize = 0x238;
    pub const HARDWARE_SUBARCH: usize = 0x23c;
    pub const SETUP_DATA: usize = 0x250;
    pub const PREF_ADDRESS: usize = 0x258;
    pub const INIT_SIZE: usize = 0x260;
    pub const E820_TABLE: usize = 0x2d0;
}
use field::*;

/// `loadflags`: the protected-mode part goes to 1 MiB or above.
pub const LOADED_HIGH: u8 = 1 << 0;
const QUIET: u8 = 1 << 5;
const CAN_USE_HEAP: u8 = 1 << 7;
/// `xloadflags`: there is a 64-bit entry.
pub const XLF_KERNEL_64: u16 = 1 << 0;
/// `xloadflags`: everything may lie above 4 GiB.
pub const XLF_CAN_BE_LOADED_ABOVE_4G: u16 = 1 << 1;

/// Where a header may end: the next field of `boot_params` begins here.
pub const HEADER_LIMIT: usize = 0x290;

/// Type 1 of the memory map: usable RAM.
const RAM: u32 = 1;
const E820_ENTRY: usize = 20;
const E820_MAX: usize = 128;

const SETUP_IMA: u32 = 8;
const SETUP_INDIRECT: u32 = 1 << 31;
/// Bytes of a node before its data.
const NODE_HEADER: u64 = 16;
/// No loader makes more nodes of `setup_data`: a longer list is a loop.
const NODES_MAX: usize = 32;
/// Bytes of a node that the stub reads: next, type, length, and the four fields
/// of an indirect one.
pub const NODE: usize = 40;

fn bytes<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    from.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

/// The byte at an offset, or 0 after the end, as the functions below do.
pub fn u8(from: &[u8], at: usize) -> u8 {
    u8::from_le_bytes(bytes(from, at))
}

/// The 16-bit number at an offset.
pub fn u16(from: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(from, at))
}

/// The 32-bit number at an offset.
pub fn u32(from: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(from, at))
}

/// The 64-bit number at an offset.
pub fn u64(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(from, at))
}

/// A 64-bit number whose halves lie apart.
fn halves(from: &[u8], low: usize, high: usize) -> u64 {
    u64::from(u32(from, low)) | u64::from(u32(from, high)) << 32
}

/// Writes bytes to an offset, if they fit.
pub fn put(into: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = into.get_mut(at..at.saturating_add(value.len())) {
        place.copy_from_slice(value);
    }
}

/// The initrd that the loader handed in, empty if it handed in none. A kernel
/// ignores the initrd of a loader without a type.
pub fn initrd(params: &[u8]) -> Range {
    Range {
        start: halves(params, RAMDISK_IMAGE, EXT_RAMDISK_IMAGE),
        size: match u8(params, TYPE_OF_LOADER) {
            0 => 0,
            _ => halves(params, RAMDISK_SIZE, EXT_RAMDISK_SIZE),
        },
    }
}

/// The address of the loader's command line, 0 if there is none.
pub fn command_line(params: &[u8]) -> u64 {
    halves(params, CMD_LINE_PTR, EXT_CMD_LINE_PTR)
}

/// The address of the first node of the `setup_data` list, 0 if it is empty.
pub fn setup_data(params: &[u8]) -> u64 {
    u64(params, SETUP_DATA)
}

/// Adds the memory map to `memory`, and keeps the range where the EFI memory map
/// lies.
///
/// # Errors
/// [`Problem::TooManyRanges`].
pub fn memory_map(params: &[u8], memory: &mut Memory) -> Result<(), Problem> {
    let count = usize::from(u8(params, E820_ENTRIES)).min(E820_MAX);
    let table = params.get(E820_TABLE..).unwrap_or_default();
    for entry in table.chunks_exact(E820_ENTRY).take(count) {
        let range = Range {
            start: u64(entry, 0),
            size: u64(entry, 8),
        };
        memory.add(range, u32(entry, 16) == RAM);
    }
    memory.keep(Range {
        start: halves(params, EFI_MEMMAP, EFI_MEMMAP_HI),
        size: u32(params, EFI_MEMMAP_SIZE).into(),
    })
}

/// Keeps the ranges of the nodes of the `setup_data` list, and those that some
/// of them point at. `read` returns the first [`NODE`] bytes at an address.
///
/// # Errors
/// [`Problem::TooManyRanges`], and those of `read`.
pub fn keep_setup_data(
    params: &[u8],
    memory: &mut Memory,
    read: &mut dyn FnMut(u64) -> Result<[u8; NODE], Problem>,
) -> Result<(), Problem> {
    let mut at = setup_data(params);
    for _ in 0..NODES_MAX {
        if at == 0 {
            break;
        }
        let node = read(at)?;
        memory.keep(Range {
            start: at,
            size: NODE_HEADER.saturating_add(u32(&node, 12).into()),
        })?;
        let pointer = match u32(&node, 8) {
            SETUP_IMA => Some((u64(&node, 16), u64(&node, 24))),
            // type, reserved, length, address
            SETUP_INDIRECT => Some((u64(&node, 32), u64(&node, 24))),
            _ => None,
        };
        if let Some((start, size)) = pointer {
            memory.keep(Range { start, size })?;
        }
        at = u64(&node, 0);
    }
    Ok(())
}

/// Fields of the header that the loader writes: offsets and sizes.
const FROM_LOADER: [(usize, usize); 6] = [
    (VID_MODE, 2),
    (REALMODE_SWTCH, 4),
    (HEAP_END_PTR, 2),
    (EXT_LOADER, 2),
    (HARDWARE_SUBARCH, 12),
    (SETUP_DATA, 8),
];

/// Copies the fields that the loader wrote into our header to the header of the
/// inner kernel.
pub fn hand_on(loader: &[u8], header: &mut [u8]) {
    for (at, size) in FROM_LOADER {
        if let Some(value) = loader.get(at..at.saturating_add(size)) {
            put(header, at, value);
        }
    }
    // 0 would make the kernel ignore its initrd.
    let kind = match u8(loader, TYPE_OF_LOADER) {
        0 => 0xff,
        kind => kind,
    };
    put(header, TYPE_OF_LOADER, &[kind]);
    let flags = u8(header, LOADFLAGS) | u8(loader, LOADFLAGS) & (QUIET | CAN_USE_HEAP);
    put(header, LOADFLAGS, &[flags]);
}

/// A header to be filled in for the inner kernel.
pub struct Target<'a> {
    /// A kernel's real-mode part, or `boot_params`.
    pub bytes: &'a mut [u8],
    /// True for `boot_params`: it has fields for addresses above 4 GiB.
    pub wide: bool,
}

impl Target<'_> {
    /// Writes where the kernel lies.
    pub fn set_kernel(&mut self, at: u64) {
        self.put(CODE32_START, None, at);
    }

    /// Writes where the initrd lies, or that there is none if it is empty.
    pub fn set_initrd(&mut self, initrd: Range) {
        let start = if initrd.size == 0 { 0 } else { initrd.start };
        self.put(RAMDISK_IMAGE, Some(EXT_RAMDISK_IMAGE), start);
        self.put(RAMDISK_SIZE, Some(EXT_RAMDISK_SIZE), initrd.size);
    }

    /// Writes where the command line lies.
    pub fn set_command_line(&mut self, at: u64) {
        self.put(CMD_LINE_PTR, Some(EXT_CMD_LINE_PTR), at);
    }

    /// Writes the end of the heap, an offset in the real-mode part.
    pub fn set_heap_end(&mut self, end: u16) {
        put(
            self.bytes,
            HEAP_END_PTR,
            &end.saturating_sub(0x200).to_le_bytes(),
        );
        let flags = u8(self.bytes, LOADFLAGS) | CAN_USE_HEAP;
        put(self.bytes, LOADFLAGS, &[flags]);
    }

    fn put(&mut self, low: usize, high: Option<usize>, value: u64) {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        put(self.bytes, low, &[a, b, c, d]);
        if let (Some(high), true) = (high, self.wide) {
            put(self.bytes, high, &[e, f, g, h]);
        }
    }
}
