//! The model, which tells packer and unpacker how likely the next bit is a 1.
//!
//! A byte is eight bits, the highest first. The bits of it that are known, after
//! a 1, are the node. For each context (some bits of the last four bytes) there
//! is a tree of weights, one for each node; a hash of the context gives the
//! place where the tree begins. Trees overlap, since there is not enough memory.
//!
//! The weights of all contexts are added: their sum is the logarithm of the odds
//! of a 1. When the bit is known, all weights move towards it by the same step, which is
//! longer if the bit was less expected: this is logistic regression by gradient descent.
//! Steps are longer at the start, when the weights are still zero, than later.

use layout::packed::{CONTEXTS, HASTE, IGNORED, MIX, PATIENCE, RATE, SLOTS, SQUASH, TREES};

/// The numbers of the model that [`super::search`] looks for; `layout::packed`
/// explains them.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) ignored: [u32; CONTEXTS],
    pub(super) mix: u32,
    pub(super) rate: u32,
    pub(super) haste: u32,
    pub(super) patience: u32,
}

impl Numbers {
    /// The numbers of the unpacker.
    pub(super) const OURS: Self = Self {
        ignored: IGNORED,
        mix: MIX,
        rate: RATE,
        haste: HASTE,
        patience: PATIENCE,
    };
}

/// All weights, and the position in the image.
pub(super) struct Model {
    numbers: Numbers,
    slots: Vec<u16>,
    squash: Vec<u16>,
    haste: u32,
    /// The rate of this byte's steps.
    rate: u32,
    /// The last four bytes, the last one on top.
    last: u32,
    /// The starts of this byte's trees.
    trees: [usize; CONTEXTS],
    node: usize,
}

/// Sums are in 2048ths (of the natural logarithm); the table has an entry for every 32nd
/// sum.
const SQUASH_SHIFT: u32 = 6;
/// Steps are the error of the probability times the rate, shifted down by this.
const RATE_SHIFT: u32 = 15;

impl Model {
    pub(super) fn new(numbers: Numbers) -> Self {
        let mut model = Self {
            haste: numbers.haste,
            numbers,
            slots: vec![0; SLOTS],
            squash: squash(),
            rate: 0,
            last: 0,
            trees: [0; CONTEXTS],
            node: 1,
        };
        model.begin();
        model
    }

    /// The probability that the next bit is a 1, in 65536ths; neither 0 nor 1.
    pub(super) fn probability(&self) -> u16 {
        let weights = self.trees.map(|tree| self.slots[tree + self.node]);
        let sum = weights.into_iter().fold(0, u16::wrapping_add);
        self.squash[usize::from(sum >> SQUASH_SHIFT)]
    }

    /// Learns that the next bit is `bit`; `probability` was [`Self::probability`]. Returns
    /// the byte if it is complete.
    pub(super) fn learn(&mut self, probability: u16, bit: bool) -> Option<u8> {
        let excess = i32::from(probability) - (i32::from(bit) << 16);
        let step = ((excess * self.rate as i32) >> RATE_SHIFT) as u16;
        for tree in self.trees {
            let weight = &mut self.slots[tree + self.node];
            *weight = weight.wrapping_sub(step);
        }
        self.node = 2 * self.node + usize::from(bit);
        if self.node < 0x100 {
            return None;
        }
        let byte = self.node as u8;
        self.last = self.last >> 8 | u32::from(byte) << 24;
        self.node = 1;
        self.begin();
        Some(byte)
    }

    /// The rate and the trees of a new byte.
    fn begin(&mut self) {
        let haste = self.haste >> self.numbers.patience;
        self.haste -= haste;
        self.rate = haste + self.numbers.rate;
        self.trees = self.numbers.ignored.map(|ignored| {
            let hash = (self.last | ignored).wrapping_mul(self.numbers.mix);
            ((u64::from(hash) * TREES as u64) >> 32) as usize
        });
    }
}

/// The logistic function, by its differential equation p' = p (1 - p), from 1/2
/// in both directions. The second half is for negative sums.
fn squash() -> Vec<u16> {
    let mut table = vec![0; SQUASH];
    let mut rest = 0x8000_u32;
    for at in 0..SQUASH / 2 {
        table[at] = (0x1_0000 - rest) as u16;
        table[SQUASH - 1 - at] = rest as u16;
        rest -= (rest * (0x1_0000 - rest)) >> (16 + 5);
    }
    table
}
