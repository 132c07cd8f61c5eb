//! The master boot record: `mbr.s`, fed with the numbers of [`layout`].
//!
//! All code is assembly. This file only passes the constants to it.

#![no_std]
#![no_main]

use layout::{disk, header, memory};

core::arch::global_asm!(
    include_str!("mbr.s"),
    STAGE1 = const memory::STAGE1.start,
    STAGE2 = const memory::STAGE2.start,
    STAGE2_LBA = const disk::STAGE2_LBA,
    STAGE2_SECTORS = const disk::STAGE2_SECTORS,
    STAGE2_BYTES = const disk::STAGE2_BYTES,
    MAGIC_LOW = const magic(0),
    MAGIC_HIGH = const magic(4),
    FORMAT = const header::FORMAT,
    FORMAT_AT = const at(header::FORMAT_OFFSET),
    ENTRY_AT = const at(header::ENTRY_OFFSET),
    LENGTH_AT = const at(header::LENGTH_OFFSET),
    CHECKSUM_AT = const at(header::CHECKSUM_OFFSET),
    CHECKED_FROM = const header::CHECKED_FROM,
    options(att_syntax)
);

/// The address of a header field once stage2 is in memory.
const fn at(offset: usize) -> u32 {
    memory::STAGE2.start + offset as u32
}

/// Four bytes of the magic, as a little-endian number.
const fn magic(from: usize) -> u32 {
    let m = header::MAGIC;
    u32::from_le_bytes([m[from], m[from + 1], m[from + 2], m[from + 3]])
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
