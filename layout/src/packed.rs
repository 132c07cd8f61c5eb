//! The packed form of stage2's image: what packer and unpacker agree on.
//! `xtask/src/pack` describes it.

use super::memory::{IO_BUFFER, KERNEL_SETUP, Range, STAGE2_UNPACKED};

/// Numbers of nodes: the decisions that the packed form consists of.
pub mod node {
    /// Literal (0) or match (1)? Behind a literal, and at the start.
    pub const AFTER_LITERAL: usize = 0;
    /// The root of a literal's bits, the highest bit first: behind it, node `n`
    /// is followed by `2 * n` or `2 * n + 1`.
    pub const LITERAL: usize = 1;
    /// Literal or match? Behind a match.
    pub const AFTER_MATCH: usize = 0x100;
    /// Has the match a new offset (0) or the last one (1)?
    pub const OLD_OFFSET: usize = 0x101;
    /// The first node of a new offset.
    pub const OFFSET: usize = 0x102;
    /// The first node of a length.
    pub const LENGTH: usize = 0x180;
    /// The bit that tells nodes of lengths from those of offsets.
    pub const LENGTH_BIT: u32 = 7;
    /// Behind the last: a number of 32 bits has 65 nodes.
    pub const END: usize = LENGTH + 65;
}

/// The memory for weights and probabilities: all that is of no use before there is
/// an image. The image lies in the middle of it.
pub const MEMORY: Range = Range::new(KERNEL_SETUP.start, IO_BUFFER.end);
/// The most bytes that the image may have.
pub const IMAGE: usize = 0x8000;
/// Entries of the table of probabilities, of 16 bits each.
pub const SQUASH: usize = 1024;
/// Weights, of 16 bits each: what memory the table leaves, those included that lie
/// where the image goes and are never used.
pub const WEIGHTS: usize = MEMORY.size() as usize / 2 - SQUASH;
/// Distance of the trees of one byte and the next. They overlap, since there are
/// more nodes than weights.
pub const STRIDE: usize = 118;
/// Where the trees behind each last byte begin; the tree that looks at no byte
/// begins at 0.
pub const LAST: usize = 440;
/// Where the trees behind each byte before the last begin.
pub const BEFORE: usize = 49_186;
/// Where the trees behind each pair of bytes begin: as far behind this as [`LAST`]
/// has the tree of the pair's last byte, and [`mix`] for the byte before.
pub const PAIR: usize = 60_000;
/// What spreads the trees of pairs, and the bits that it leaves.
pub const MIX: u32 = 2_896_868_255;
/// [`mix`] keeps the upper bits, all but so many.
pub const MIX_SHIFT: u32 = 17;

/// Where a pair's tree is, for the byte whose own tree is at the weight `last`.
pub const fn mix(last: usize) -> usize {
    (address(last).wrapping_mul(MIX) >> MIX_SHIFT) as usize
}

/// A weight moves by the error of the probability times this, in the end ...
pub const RATE: u32 = 137;
/// ... and at the start by the error times this more; in units of 1 << PATIENCE.
pub const HASTE: u32 = 475 << PATIENCE;
/// Every decision shortens the haste by its part of 1 << PATIENCE.
pub const PATIENCE: u32 = 14;

/// The physical address of a weight, or of the table behind them.
pub const fn address(weight: usize) -> u32 {
    MEMORY.start + 2 * weight as u32
}

const _: () = {
    let hole = STAGE2_UNPACKED.start - MEMORY.start;
    let hole = (hole as usize / 2, (hole as usize + IMAGE) / 2);
    let trees = 255 * STRIDE + node::END;
    assert!(LAST + trees <= hole.0);
    assert!(BEFORE >= hole.1 && BEFORE + trees <= WEIGHTS);
    assert!(PAIR >= hole.1 && PAIR + (1 << (32 - MIX_SHIFT)) + trees <= WEIGHTS);
    assert!((node::OFFSET + 64) >> node::LENGTH_BIT & 1 == 0);
    assert!(node::LENGTH >> node::LENGTH_BIT & 1 == 1);
    assert!((node::LENGTH + 64) >> node::LENGTH_BIT & 1 == 1);
};
