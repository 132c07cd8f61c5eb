//! The assembly of the low part, with the numbers that it shares with Rust code.

use crate::bios::{self, Registers};
use core::mem::offset_of;
use layout::{memory as at, packed};

core::arch::global_asm!(
    include_str!("entry.s"),
    include_str!("unpack.s"),
    include_str!("thunk.s"),
    FORMAT = const layout::header::FORMAT,
    OUTPUTS_OFFSET = const layout::header::OUTPUTS_OFFSET,
    HEADER_SIZE = const layout::header::SIZE,
    STAGE2 = const at::STAGE2.start,
    REAL_STACK_TOP = const at::REAL_STACK.end,
    UNPACKED = const at::STAGE2_UNPACKED.start,
    SQUASH = const packed::MEMORY.start,
    SLOTS_START = const packed::SLOTS_START,
    SLOTS = const packed::SLOTS,
    TREES = const packed::TREES,
    CONTEXTS = const packed::CONTEXTS,
    IGNORED_0 = const packed::IGNORED[0],
    IGNORED_1 = const packed::IGNORED[1],
    IGNORED_2 = const packed::IGNORED[2],
    IGNORED_3 = const packed::IGNORED[3],
    IGNORED_4 = const packed::IGNORED[4],
    IGNORED_5 = const packed::IGNORED[5],
    IGNORED_6 = const packed::IGNORED[6],
    MIX = const packed::MIX,
    RATE = const packed::RATE,
    HASTE = const packed::HASTE,
    PATIENCE = const packed::PATIENCE,
    FILTERED = const packed::FILTERED,
    CODE32 = const selector::CODE32,
    DATA32 = const selector::DATA32,
    CODE16 = const selector::CODE16,
    DATA16 = const selector::DATA16,
    GDT_CODE32 = const descriptor::CODE32,
    GDT_DATA32 = const descriptor::DATA32,
    GDT_CODE16 = const descriptor::CODE16,
    GDT_DATA16 = const descriptor::DATA16,
    REGISTERS = const bios::REGISTERS,
    HANDLER = const offset_of!(Registers, handler),
    FLAGS = const offset_of!(Registers, flags),
    KERNEL_STACK = const at::KERNEL_STACK,
    KERNEL_ENTRY_SEGMENT = const at::KERNEL_ENTRY_SEGMENT,
    options(att_syntax)
);

/// Offsets of the [`descriptor`]s in the table of segments, in bytes.
mod selector {
    pub(super) const CODE32: u16 = 0x08;
    pub(super) const DATA32: u16 = 0x10;
    pub(super) const CODE16: u16 = 0x18;
    pub(super) const DATA16: u16 = 0x20;
}

/// The segments of both modes, all of base 0. The accessed bit is set already,
/// so that loading a segment never writes to the table, which lies next to code.
mod descriptor {
    use x86_64::structures::gdt::DescriptorFlags as Flags;

    const COMMON: Flags = Flags::USER_SEGMENT
        .union(Flags::PRESENT)
        .union(Flags::WRITABLE)
        .union(Flags::ACCESSED);
    const FLAT: Flags = COMMON
        .union(Flags::LIMIT_0_15)
        .union(Flags::LIMIT_16_19)
        .union(Flags::GRANULARITY)
        .union(Flags::DEFAULT_SIZE);
    /// The limit of real mode, 64 KiB: it stays in the processor's hidden registers
    /// after the switch to real mode.
    const REAL: Flags = COMMON.union(Flags::LIMIT_0_15);

    pub(super) const CODE32: u64 = FLAT.union(Flags::EXECUTABLE).bits();
    pub(super) const DATA32: u64 = FLAT.bits();
    pub(super) const CODE16: u64 = REAL.union(Flags::EXECUTABLE).bits();
    pub(super) const DATA16: u64 = REAL.bits();
}
