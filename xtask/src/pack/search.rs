//! `./x pack-search`: looks for better numbers of the model.
//!
//! The numbers in `layout::packed` (the ignored bits of each context, the hash, the
//! rates) come from here. The search changes them a little at random, and keeps changes
//! that make the samples smaller. The samples are stage2's image and the overlay. The
//! overlay is never packed, but numbers that suit both will suit the next build too.
//! When the search finds no better numbers for a while, put them into
//! `layout/src/packed.rs` by hand.

use anyhow::{Result, ensure};
use layout::memory;
use layout::packed::{CONTEXTS, IMAGE};

use super::model::Numbers;
use super::{decisions, filter, rans};
use crate::freestanding::Image;

/// Prints better and better numbers for `elf`, stage2 as it is linked. `words` may tell
/// the number of attempts.
///
/// # Errors
///
/// `words` is not a number, or a sample cannot be read.
pub(crate) fn run(elf: &Image, words: &[&str]) -> Result<()> {
    let attempts = match words {
        [] => 5000,
        [attempts, ..] => attempts.parse()?,
    };
    let samples = [
        sample(elf, memory::STAGE2_UNPACKED)?,
        sample(elf, memory::OVERLAY)?,
    ];
    search(&samples, attempts);
    Ok(())
}

/// The bytes that are linked to lie in `range`, filtered.
fn sample(elf: &Image, range: memory::Range) -> Result<Vec<u8>> {
    let mut image = elf.flat(range.start, range.end)?;
    image.truncate(IMAGE);
    ensure!(!image.is_empty(), "nothing lies at {:#x}", range.start);
    Ok(filter(&image, range.start)?.0)
}

fn search(samples: &[Vec<u8>], attempts: usize) {
    let mut random = Random(0x9e37_79b9);
    let mut best = Numbers::OURS;
    let mut size = sizes(samples, &best);
    println!("{size:?} bytes: {best:x?}");
    for _ in 0..attempts {
        let other = changed(&best, &mut random);
        let other_size = sizes(samples, &other);
        if other_size.iter().sum::<usize>() < size.iter().sum::<usize>() {
            (best, size) = (other, other_size);
            println!("{size:?} bytes: {best:x?}");
        }
    }
}

/// The samples' packed sizes.
fn sizes(samples: &[Vec<u8>], numbers: &Numbers) -> Vec<usize> {
    let size = |sample: &Vec<u8>| rans::encode(&decisions(sample, numbers.clone())).len();
    samples.iter().map(size).collect()
}

/// Numbers that differ a little.
fn changed(numbers: &Numbers, random: &mut Random) -> Numbers {
    let mut numbers = numbers.clone();
    match random.below(6) {
        0 => numbers.rate = random.near(numbers.rate),
        1 => numbers.haste = random.near(numbers.haste),
        // Odd, so that no two contexts are alike.
        2 => numbers.mix = random.next() | 1,
        _ => {
            let context = &mut numbers.ignored[random.below(CONTEXTS as u32) as usize];
            for _ in 0..=random.below(3) {
                *context ^= 1 << random.below(32);
            }
        }
    }
    numbers
}

/// Numbers without a pattern, the same in every search (xorshift).
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    /// A number up to an eighth away from `number`.
    fn near(&mut self, number: u32) -> u32 {
        number - number / 8 + self.below(number / 4)
    }
}
