//! What both sides know before a bit: how likely it is a 1.
//!
//! A byte is eight bits, the highest first. The bits of it that are known, after a 1, are
//! the node. For each context (some bits of the last four bytes) there is a tree of slots,
//! one for each node; a hash of the context says where it begins. Trees overlap, since
//! there is not enough memory.
//!
//! A slot has a weight and a rate. The weights of all contexts are added: their sum is the logarithm
//! of the odds of a 1. When the bit is known, each weight moves towards it, the further the less the bit
//! was expected, and the further the less its slot was used before: that is logistic regression by
//! gradient descent, with a rate for each weight.

use layout::packed::{CONTEXTS, FRESH, HASTE, IGNORED, MIX, SLOTS, SLOW, SQUASH, TREES};

/// The numbers of the model that [`super::search`] looks for; `layout::packed` explains them.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) ignored: [u32; CONTEXTS],
    pub(super) mix: u32,
    pub(super) fresh: i8,
    pub(super) slow: i8,
    pub(super) haste: u32,
}

impl Numbers {
    /// Those of the unpacker.
    pub(super) const OURS: Self = Self {
        ignored: IGNORED,
        mix: MIX,
        fresh: FRESH,
        slow: SLOW,
        haste: HASTE,
    };
}

/// All slots, and where in the image we are.
pub(super) struct Model {
    numbers: Numbers,
    /// The weight in the upper 24 bits, the rate below.
    slots: Vec<u32>,
    squash: Vec<u16>,
    /// The last four bytes, the last one on top.
    last: u32,
    /// Where the trees of the next byte begin.
    trees: [usize; CONTEXTS],
    node: usize,
}

/// Sums are 32 bits; their upper ten choose the entry of the table.
const SQUASH_SHIFT: u32 = 22;

impl Model {
    pub(super) fn new(numbers: Numbers) -> Self {
        let fresh = i32::from(numbers.fresh) as u32;
        let mut model = Self {
            numbers,
            slots: vec![fresh; SLOTS],
            squash: squash(),
            last: fresh,
            trees: [0; CONTEXTS],
            node: 1,
        };
        model.plant();
        model
    }

    /// The probability that the next bit is a 1, in 65536ths; neither 0 nor 1.
    pub(super) fn probability(&self) -> u16 {
        let slots = self.trees.map(|tree| self.slots[tree + self.node]);
        let sum = slots.into_iter().fold(0, u32::wrapping_add);
        self.squash[(sum >> SQUASH_SHIFT) as usize]
    }

    /// The next bit is `bit`; `probability` was [`Self::probability`]. If the
    /// byte is complete, gives it.
    pub(super) fn learn(&mut self, probability: u16, bit: bool) -> Option<u8> {
        let excess = i32::from(probability) - (i32::from(bit) << 16);
        let step = (excess << self.numbers.haste) & !0xff;
        for tree in self.trees {
            let slot = &mut self.slots[tree + self.node];
            let rate = *slot as u8 as i8;
            // No carry: the rate stays below 0.
            *slot += u32::from(rate < self.numbers.slow);
            *slot = slot.wrapping_add(step.wrapping_mul(rate.into()) as u32);
        }
        self.node = 2 * self.node + usize::from(bit);
        if self.node < 0x100 {
            return None;
        }
        let byte = self.node as u8;
        self.last = self.last >> 8 | u32::from(byte) << 24;
        self.node = 1;
        self.plant();
        Some(byte)
    }

    /// Finds the trees for the next byte.
    fn plant(&mut self) {
        self.trees = self.numbers.ignored.map(|ignored| {
            let hash = (self.last | ignored).wrapping_mul(self.numbers.mix);
            ((u64::from(hash) * TREES as u64) >> 32) as usize
        });
    }
}

/// The logistic function, by its differential equation p' = p (1 - p), from 1/2
/// in both directions. The second half is that of negative sums.
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
