//! The entropy coder: rANS with a state of 32 bits and words of 16 bits.
//!
//! The packed data are the state before the first decision, then the words that refill
//! the state, all little-endian. A decision takes the state's upper
//! half as the quotient and its lower half as the remainder of a division by
//! 65536; a remainder below the probability of a 1 means a 1.

use anyhow::{Context, Result};

/// A decision, and its probability of a 1.
pub(super) struct Decision {
    pub(super) bit: bool,
    pub(super) probability: u16,
}

/// The packed form of `decisions`.
pub(super) fn encode(decisions: &[Decision]) -> Vec<u8> {
    let mut state = 0x1_0000_u32;
    let mut words: Vec<u16> = Vec::new();
    for decision in decisions.iter().rev() {
        let one = u32::from(decision.probability);
        let (share, start) = match decision.bit {
            true => (one, 0),
            false => (0x1_0000 - one, one),
        };
        if u64::from(state) >= u64::from(share) << 16 {
            words.push(state as u16);
            state >>= 16;
        }
        state = (state / share) << 16 | (state % share + start);
    }
    let words = words.iter().rev().flat_map(|word| word.to_le_bytes());
    state.to_le_bytes().into_iter().chain(words).collect()
}

/// Reads decisions back.
pub(super) struct Decoder<'a> {
    state: u32,
    words: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(super) fn new(packed: &'a [u8]) -> Result<Self> {
        let (state, words) = packed.split_first_chunk().context("no state")?;
        let state = u32::from_le_bytes(*state);
        Ok(Self { state, words })
    }

    /// The next decision, whose probability of a 1 is `probability`.
    pub(super) fn bit(&mut self, probability: u16) -> Result<bool> {
        if self.state < 0x1_0000 {
            let (word, rest) = self.words.split_first_chunk().context("cut off")?;
            self.state = self.state << 16 | u32::from(u16::from_le_bytes(*word));
            self.words = rest;
        }
        let one = u32::from(probability);
        let (quotient, remainder) = (self.state >> 16, self.state & 0xffff);
        let bit = remainder < one;
        self.state = match bit {
            true => quotient * one + remainder,
            false => self.state - (quotient + 1) * one,
        };
        Ok(bit)
    }
}
