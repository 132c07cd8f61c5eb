//! Random choices that a seed repeats.

/// Random bytes, used up one after another.
pub(crate) struct Random(std::vec::IntoIter<u8>);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(tests::data::random(seed, 1 << 16).into_iter())
    }

    /// A number below `end`, which is at most 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.0.next().expect("too many choices for one seed")) % end
    }

    pub(crate) fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
