//! The packed form of stage2's image: what packer and unpacker agree on.
//! `xtask/src/pack` describes it, and `./x pack-search` finds the numbers.

use super::memory::{IO_BUFFER, KERNEL_SETUP, Range, STACK_SIZE, STAGE2_UNPACKED};

/// The memory that the unpacker works in: everything that is free until the image
/// runs. From its start: the table of probabilities, the slots, the image with the
/// filter of calls still on. The final place of the image lies in this memory too:
/// the image is copied there when the slots are not needed any more.
pub const MEMORY: Range = Range::new(KERNEL_SETUP.start, IO_BUFFER.end);
/// The most bytes that the image may have.
pub const IMAGE: usize = 0x8000;
/// Where the image is with the filter on.
pub const FILTERED: u32 = MEMORY.end - IMAGE as u32;

/// Entries of the table of probabilities, of 16 bits each.
pub const SQUASH: usize = 1024;
/// Where the slots begin.
pub const SLOTS_START: u32 = MEMORY.start + 2 * SQUASH as u32;
/// Slots, of 16 bits each: they fill the memory that is left.
pub const SLOTS: usize = (FILTERED - SLOTS_START) as usize / 2;
/// Slots where a tree may begin. A tree has 256 slots; trees overlap. No tree
/// has the last two slots, so these stay 0: the unpacker reads them as the bytes
/// in front of the image.
pub const TREES: usize = SLOTS - 0x101;

/// Contexts: the number of trees that predict each bit.
pub const CONTEXTS: usize = 7;
/// The bits of the last four bytes that each context ignores; the upper byte is
/// the last one.
pub const IGNORED: [u32; CONTEXTS] = [
    0x7fff_ffff,
    0x00ff_ffff,
    0x3f01_ffff,
    0x3838_ffff,
    0x7f7f_00ff,
    0xfe1e_7e43,
    0x013f_ffff,
];
/// The factor that spreads the trees over the slots.
pub const MIX: u32 = 0xb6c3_4795;

/// A weight moves by the error of the probability times this, in the end ...
pub const RATE: u32 = 157;
/// ... and at the start by the error times this more; in units of 1 << [`PATIENCE`].
pub const HASTE: u32 = 1_017_420;
/// Every byte lowers the haste by one part in 1 << `PATIENCE`.
pub const PATIENCE: u32 = 13;

const _: () = {
    assert!(IMAGE as u32 + STACK_SIZE <= STAGE2_UNPACKED.size());
    assert!(MEMORY.start <= STAGE2_UNPACKED.start);
    assert!(STAGE2_UNPACKED.start + IMAGE as u32 <= FILTERED);
    assert!(SLOTS_START.is_multiple_of(4) && SLOTS.is_multiple_of(2));
    // Errors have 17 bits with their sign, and the product of error and rate has 32.
    assert!(RATE + (HASTE >> PATIENCE) < 1 << 15);
};
