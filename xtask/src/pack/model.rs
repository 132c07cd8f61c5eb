//! What both sides know before a decision: how likely it is a 1.
//!
//! A decision has a node, its place in the trees of decisions that
//! [`layout::packed::node`] lists. Four weights speak about it: one for the node
//! alone, one for the node after the last byte, one for the node after the byte
//! before that, one for the node after both. Their sum is the logarithm of the
//! odds of a 1. When the decision is known, all four move by the same step towards it, the further the less it was expected: this
//! is logistic regression by gradient descent, one step a decision. Steps are
//! longer at the start, when nothing is known, than later.

use layout::packed::{BEFORE, HASTE, LAST, PAIR, PATIENCE, RATE, SQUASH, STRIDE, WEIGHTS, mix};

/// The two bytes before the next one.
#[derive(Clone, Copy)]
pub(super) struct Context {
    last: u8,
    before: u8,
}

impl Context {
    /// At the start, as if zeros came before.
    pub(super) const START: Self = Self { last: 0, before: 0 };

    /// The context behind `byte`.
    pub(super) fn then(self, byte: u8) -> Self {
        Self {
            last: byte,
            before: self.last,
        }
    }

    fn weights(self, node: usize) -> [usize; 4] {
        let [last, before] = [self.last, self.before].map(|byte| usize::from(byte) * STRIDE);
        let pair = PAIR + last + mix(LAST + before);
        [0, LAST + last, BEFORE + before, pair].map(|tree| tree + node)
    }
}

/// All weights.
pub(super) struct Model {
    weights: Vec<i16>,
    squash: Vec<u16>,
    haste: u32,
}

/// Sums are in 2048ths (of the natural logarithm), the table has each 32nd.
const SQUASH_SHIFT: u32 = 6;
/// Steps are the error of the probability times the rate, shifted down by this.
const RATE_SHIFT: u32 = 15;

impl Model {
    pub(super) fn new() -> Self {
        Self {
            weights: vec![0; WEIGHTS],
            squash: squash(),
            haste: HASTE,
        }
    }

    /// The probability of a 1, in 65536ths; neither 0 nor 1.
    pub(super) fn probability(&self, context: Context, node: usize) -> u16 {
        let weights = context.weights(node).map(|at| self.weights[at]);
        let sum = weights.into_iter().fold(0, i16::wrapping_add);
        self.squash[usize::from(sum as u16 >> SQUASH_SHIFT)]
    }

    /// The decision at `node` was `bit`; its [`Self::probability`] had been given.
    pub(super) fn learn(&mut self, context: Context, node: usize, probability: u16, bit: bool) {
        let excess = i32::from(probability) - (i32::from(bit) << 16);
        let haste = self.haste >> PATIENCE;
        self.haste -= haste;
        let step = ((excess * (haste + RATE) as i32) >> RATE_SHIFT) as i16;
        for at in context.weights(node) {
            self.weights[at] = self.weights[at].wrapping_sub(step);
        }
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
