//! Segment descriptors of the tables in `entry.s` and `real_mode.s`.
//!
//! The accessed bit is set already, so that loading a segment never writes to a
//! table. Source: Intel SDM volume 3, section 3.4.5.

use x86_64::structures::gdt::DescriptorFlags as Flags;

const COMMON: Flags = Flags::USER_SEGMENT
    .union(Flags::PRESENT)
    .union(Flags::WRITABLE)
    .union(Flags::ACCESSED);
/// A limit of 64 KiB, as real mode has it. It stays in the processor after the
/// switch to real mode.
const REAL: Flags = COMMON.union(Flags::LIMIT_0_15);

/// All memory as 32-bit code.
pub(crate) const CODE_32: u64 = Flags::KERNEL_CODE32.bits();
/// All memory as 64-bit code.
pub(crate) const CODE_64: u64 = Flags::KERNEL_CODE64.bits();
/// All memory as data.
pub(crate) const DATA: u64 = Flags::KERNEL_DATA.bits();

/// 64 KiB from `base` on as 16-bit code.
pub(super) fn code_16(base: u32) -> u64 {
    REAL.union(Flags::EXECUTABLE).bits() | base_bits(base)
}

/// 64 KiB from `base` on as data.
pub(super) fn data_16(base: u32) -> u64 {
    REAL.bits() | base_bits(base)
}

/// The base of a descriptor: bits 16 to 39, and the highest byte in bits 56 to
/// 63.
fn base_bits(base: u32) -> u64 {
    let base = u64::from(base);
    (base & 0xff_ffff) << 16 | (base >> 24) << 56
}
