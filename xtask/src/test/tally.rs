//! Counts the tests and checks that passed.

use anyhow::{Result, bail};
use std::time::Instant;

/// Counts tests and checks, and goes on after a failure: one run shows as much as
/// it can.
pub(super) struct Tally {
    passed: u32,
    failed: u32,
    start: Instant,
}

impl Tally {
    /// An empty tally; starts the clock.
    pub(super) fn new() -> Self {
        Self {
            passed: 0,
            failed: 0,
            start: Instant::now(),
        }
    }

    /// Prints the name of the next test or check, and the time.
    pub(super) fn step(&self, name: &str) {
        eprintln!("x: {:4} s: {name}", self.start.elapsed().as_secs());
    }

    /// Counts a check, and prints its error.
    pub(super) fn check(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => {
                eprintln!("x: {name}: {error:#}");
                self.failed += 1;
            }
        }
    }

    /// Counts one of cargo's lines `test result: ok. 5 passed; 0 failed; ...`.
    pub(super) fn add(&mut self, line: &str) {
        let Some(line) = line.strip_prefix("test result: ") else {
            return;
        };
        let words: Vec<&str> = line.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else {
                continue;
            };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => {}
            }
        }
    }

    /// The number of tests and checks that have run.
    pub(super) fn all(&self) -> u32 {
        self.passed + self.failed
    }

    /// The number that have failed.
    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    /// Prints the numbers.
    ///
    /// # Errors
    ///
    /// Not all passed.
    pub(super) fn end(self) -> Result<()> {
        self.step("done");
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed > 0 {
            bail!("{} tests or checks failed, see above", self.failed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn results_add_up() {
        let mut tally = Tally::new();
        tally.add("test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 1 filtered out");
        tally.add("test result: FAILED. 10 passed; 3 failed; 0 ignored; finished in 0.01s");
        tally.add("running 5 tests");
        assert_eq!((tally.all(), tally.failed()), (18, 3));
        assert!(tally.end().is_err());
    }
}
