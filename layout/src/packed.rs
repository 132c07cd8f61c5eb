//! The packed form of stage2's image: what packer and unpacker agree on.
//! `xtask/src/pack` describes it, and `./x pack-search` finds the numbers.

use super::memory::{IO_BUFFER, KERNEL_SETUP, Range, STACK_SIZE, STAGE2_UNPACKED};

/// The memory that the unpacker works in: all that is of no use before there is
/// an image. From its start: the table of probabilities, the slots, the image
/// with the filter of calls still on. The image's own place is inside, too: it
/// is written when the slots are of no more use.
pub const MEMORY: Range = Range::new(KERNEL_SETUP.start, IO_BUFFER.end);
/// The most bytes that the image may have.
pub const IMAGE: usize = 0x8000;
/// Where the image is with the filter on.
pub const FILTERED: u32 = MEMORY.end - IMAGE as u32;

/// Entries of the table of probabilities, of 16 bits each.
pub const SQUASH: usize = 1024;
/// Where the slots begin.
pub const SLOTS_START: u32 = MEMORY.start + 2 * SQUASH as u32;
/// Slots, of 32 bits each: what memory is left.
pub const SLOTS: usize = (FILTERED - SLOTS_START) as usize / 4;
/// Slots where a tree may begin. A tree has 256 slots; trees overlap. No tree
/// has the very last slot, so that it stays [`FRESH`]: the unpacker reads it as
/// the bytes before the image.
pub const TREES: usize = SLOTS - 0x100;

/// Contexts: how many trees tell about each bit.
pub const CONTEXTS: usize = 5;
/// The bits of the last four bytes that each context ignores; the upper byte is
/// the last one.
pub const IGNORED: [u32; CONTEXTS] = [
    0x3fff_ffff,
    0x00ff_ffff,
    0x3f01_ffff,
    0x183a_ffff,
    0x7f7f_00ff,
];
/// What spreads the trees over the slots.
pub const MIX: u32 = 0x0513_f8d7;

/// The rate of a slot that was never used, as a negative number. Each use brings it
/// one nearer to [`SLOW`].
pub const FRESH: i8 = -29;
/// The rate of a slot that was used often.
pub const SLOW: i8 = -10;
/// A weight moves by the error of the probability times the rate, times 2 to this.
pub const HASTE: u32 = 5;

const _: () = {
    assert!(MEMORY.start <= STAGE2_UNPACKED.start);
    assert!(STAGE2_UNPACKED.start + IMAGE as u32 <= FILTERED);
    assert!(IMAGE as u32 + STACK_SIZE <= STAGE2_UNPACKED.size());
    assert!(SLOTS_START.is_multiple_of(4));
    // `unpack.s` keeps the number of slots in 16 bits, and steps in 31.
    assert!(SLOTS < 0x1_0000);
    assert!(FRESH <= SLOW && SLOW < 0);
    assert!(((-(FRESH as i32) as u32) << (16 + HASTE)) < 1 << 31);
};
