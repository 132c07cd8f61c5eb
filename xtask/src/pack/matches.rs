//! Which matches there are.

use super::stream::Step;

/// The longest match to look at: code hardly has longer ones, and of runs there
/// are many.
const LONGEST: usize = 64;
/// One byte alone is worth a match only if it is near.
const NEAR: usize = 256;

/// At each place, the nearest match of each length that is possible there.
pub(super) struct Matches(Vec<Vec<Step>>);

impl Matches {
    pub(super) fn of(image: &[u8]) -> Self {
        let mut seen = vec![Vec::new(); 0x1_0000];
        let at = |at| {
            let mut found = nearest_byte(image, at);
            let mut longest = found.len();
            if let Some(pair) = image[at..].first_chunk() {
                let seen: &mut Vec<usize> = &mut seen[usize::from(u16::from_le_bytes(*pair))];
                for earlier in seen.iter().rev() {
                    let offset = at - earlier;
                    let length = common(image, at, offset);
                    found.extend(
                        (longest.max(1) + 1..=length).map(|length| Step::Match { offset, length }),
                    );
                    longest = longest.max(length);
                    if longest == LONGEST {
                        break;
                    }
                }
                seen.push(at);
            }
            found
        };
        Self((0..image.len()).map(at).collect())
    }

    /// The matches at `at`, the longest last.
    pub(super) fn at(&self, at: usize) -> &[Step] {
        &self.0[at]
    }
}

/// The match of one byte at `at`, if there is a near one.
fn nearest_byte(image: &[u8], at: usize) -> Vec<Step> {
    let window = &image[at.saturating_sub(NEAR)..at];
    let offset = window.iter().rev().position(|byte| *byte == image[at]);
    let found = offset.map(|before| Step::Match {
        offset: before + 1,
        length: 1,
    });
    found.into_iter().collect()
}

/// How many bytes at `at` are equal to those `offset` before.
pub(super) fn common(image: &[u8], at: usize, offset: usize) -> usize {
    let pairs = image[at..].iter().zip(&image[at - offset..]);
    pairs.take(LONGEST).take_while(|(a, b)| a == b).count()
}
