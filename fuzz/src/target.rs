//! What a target is.

/// A target: its name, what it does with an input, and inputs to begin with.
pub struct Target {
    /// The name of its module, of its program and of its directories.
    pub name: &'static str,
    /// The most bytes of an input that are of use.
    pub longest: usize,
    /// Runs one input, and panics if something is wrong.
    pub run: fn(&[u8]),
    /// Inputs that get far.
    pub seeds: fn() -> Vec<Vec<u8>>,
}
