//! Where everything lies in memory while gapboot runs: physical addresses and
//! sizes in bytes. `docs/memory-map.md` draws the same picture.
//!
//! Data that is written never shares a 4 KiB page with code: a store near code is
//! slow on processors, and much slower in emulators.

/// A range of physical memory.
#[derive(Clone, Copy)]
pub struct Range {
    /// First byte.
    pub start: u32,
    /// First byte after the range.
    pub end: u32,
}

impl Range {
    /// The range `start..end`.
    pub const fn new(start: u32, end: u32) -> Self {
        assert!(start < end);
        Self { start, end }
    }

    /// Size in bytes.
    pub const fn size(self) -> u32 {
        self.end - self.start
    }

    const fn is_below(self, other: Range) -> bool {
        self.end <= other.start
    }
}

/// The real-mode stack of stage2. At the end lie the registers of a BIOS call; the
/// stack grows down below them.
pub const REAL_STACK: Range = Range::new(0x600, 0x7000);
/// The boot sector as the BIOS loads it, stage1.
pub const STAGE1: Range = Range::new(0x7c00, 0x7e00);
/// stage2 as it is loaded from the disk. Its real-mode part stays here.
pub const STAGE2: Range = Range::new(0x8000, 0xc000);
/// Small data that real mode must reach: disk address packets, the E820 buffer,
/// the thunk's variables.
pub const STAGE2_DATA: Range = Range::new(0xc000, 0x1_0000);
/// The kernel's real-mode code ("setup"), at most 32 KiB of file.
pub const KERNEL_SETUP: Range = Range::new(0x1_0000, 0x1_8000);
/// The kernel's heap and stack.
pub const KERNEL_HEAP: Range = Range::new(0x1_8000, 0x1_f000);
/// The kernel's command line with its NUL.
pub const COMMAND_LINE: Range = Range::new(0x1_f000, 0x1_f800);
/// The loader's `setup_data` node.
pub const SETUP_DATA: Range = Range::new(0x1_f800, 0x2_0000);
/// stage2 unpacked: code, from the next page on BSS, and at the end the
/// protected-mode stack, which grows down from the end.
pub const STAGE2_UNPACKED: Range = Range::new(0x2_0000, 0x3_0000);
/// Bytes that code and BSS leave to the protected-mode stack, at least.
pub const STACK_SIZE: u32 = 0x4000;
/// The overlay with its header, where it is loaded.
pub const OVERLAY: Range = Range::new(0x3_0000, 0x3_fc00);
/// The I/O buffer, which one BIOS call may fill. It is aligned to its size, so
/// that no transfer crosses a 64 KiB boundary.
pub const IO_BUFFER: Range = Range::new(0x4_0000, 0x5_0000);
/// The loader's workspace: caches and the list of entries. stage2 refuses machines
/// whose low memory ends below the end of the workspace: 480 KiB are enough.
pub const WORKSPACE: Range = Range::new(0x5_0000, 0x7_8000);

/// Segment of the kernel's real-mode code, and the value of its data segments at entry.
pub const KERNEL_SEGMENT: u16 = 0x1000;
/// Code segment at the kernel's real-mode entry, offset 0.
pub const KERNEL_ENTRY_SEGMENT: u16 = KERNEL_SEGMENT + 0x20;
/// Stack pointer at the kernel's real-mode entry; the heap ends here too.
pub const KERNEL_STACK: u16 = 0xf000;

/// Where the protected-mode part of a bzImage is loaded.
pub const KERNEL: u32 = 0x10_0000;
/// Where an initrd goes if the memory there is usable and the kernel allows it.
pub const INITRD: u32 = 0x400_0000;

/// Sectors of the largest single read: the EDD limit of many BIOSes.
pub const MAX_TRANSFER_SECTORS: u32 = 127;

const _: () = {
    assert!(REAL_STACK.is_below(STAGE1));
    assert!(STAGE1.is_below(STAGE2));
    assert!(STAGE2.is_below(STAGE2_DATA));
    assert!(STAGE2.size() as usize == super::disk::STAGE2_BYTES);
    assert!(STAGE2_DATA.is_below(KERNEL_SETUP));
    assert!(KERNEL_SETUP.is_below(KERNEL_HEAP));
    assert!(KERNEL_HEAP.is_below(COMMAND_LINE));
    assert!(COMMAND_LINE.is_below(SETUP_DATA));
    assert!(SETUP_DATA.is_below(STAGE2_UNPACKED));
    assert!(STAGE2_UNPACKED.is_below(OVERLAY));
    assert!(OVERLAY.size() as usize == super::disk::OVERLAY_BYTES);
    assert!(OVERLAY.is_below(IO_BUFFER));
    assert!(super::disk::OVERLAY_SECTORS <= MAX_TRANSFER_SECTORS as u64);
    assert!(IO_BUFFER.is_below(WORKSPACE));
    assert!(IO_BUFFER.start.is_multiple_of(IO_BUFFER.size()));
    assert!(MAX_TRANSFER_SECTORS * 512 <= IO_BUFFER.size());
    assert!(KERNEL_SEGMENT as u32 * 16 == KERNEL_SETUP.start);
    assert!(KERNEL_SETUP.start + KERNEL_STACK as u32 == KERNEL_HEAP.end);
};
