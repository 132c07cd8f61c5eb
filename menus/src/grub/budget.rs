//! What a script may still use: see [`crate::limits`].

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::limits;

/// What is left of each limit, for one menu.
#[derive(Debug)]
pub(super) struct Budget {
    steps: u32,
    /// Bytes for which no step was taken yet.
    bytes: usize,
    files: u32,
    output: usize,
    entries: usize,
    /// Which limits were reached, as sentences.
    reached: Vec<String>,
    /// Nothing more is run.
    stopped: bool,
}

/// What a part of the script may not use.
#[derive(Debug)]
pub(super) struct Kept {
    steps: u32,
    reached: usize,
    stopped: bool,
}

/// Bytes that are copied at the price of a step.
const BYTES_PER_STEP: usize = 256;

impl Budget {
    /// All of it.
    pub(super) fn new() -> Self {
        Self {
            steps: limits::STEPS,
            bytes: 0,
            files: limits::FILES,
            output: limits::OUTPUT,
            entries: limits::ENTRIES,
            reached: Vec::new(),
            stopped: false,
        }
    }

    /// Takes a step. It says whether there was one left.
    pub(super) fn step(&mut self) -> bool {
        self.steps(1)
    }

    /// Takes steps for this many bytes that are copied or looked at.
    pub(super) fn bytes(&mut self, count: usize) -> bool {
        self.bytes = self.bytes.saturating_add(count);
        let steps = self.bytes.checked_div(BYTES_PER_STEP).unwrap_or_default();
        self.bytes = self.bytes.checked_rem(BYTES_PER_STEP).unwrap_or_default();
        self.steps(u32::try_from(steps).unwrap_or(u32::MAX))
    }

    fn steps(&mut self, count: u32) -> bool {
        if self.stopped {
            return false;
        }
        match self.steps.checked_sub(count) {
            Some(left) => self.steps = left,
            None => self.stop("it takes too many steps: what comes after is left out"),
        }
        !self.stopped
    }

    /// Takes a configuration file.
    pub(super) fn file(&mut self) -> bool {
        match self.files.checked_sub(1) {
            Some(left) => self.files = left,
            None => self.stop("it reads too many files: what comes after is left out"),
        }
        !self.stopped
    }

    /// Takes an entry of the menu.
    pub(super) fn entry(&mut self) -> bool {
        match self.entries.checked_sub(1) {
            Some(left) => self.entries = left,
            None => self.stop("it has too many entries: the others are left out"),
        }
        !self.stopped
    }

    /// Takes bytes of output.
    pub(super) fn print(&mut self, count: usize) -> bool {
        match self.output.checked_sub(count) {
            Some(left) => self.output = left,
            None => self.stop("it prints too much: what comes after is left out"),
        }
        !self.stopped
    }

    /// Blocks, functions or files are nested too deeply.
    pub(super) fn deep(&mut self) {
        self.stop("it is nested too deeply: what comes after is left out");
    }

    /// A word is too long.
    pub(super) fn long(&mut self) {
        self.stop("it makes a word that is too long: what comes after is left out");
    }

    fn stop(&mut self, reason: &str) {
        self.stopped = true;
        if !self.reached.iter().any(|known| known == reason) {
            self.reached.push(reason.to_string());
        }
    }

    /// Whether nothing more is run.
    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    /// Gives the entries steps of their own, whatever the top level took.
    pub(super) fn renew(&mut self) {
        self.steps = limits::STEPS;
        self.stopped = false;
    }

    /// Lets what follows take at most this many steps. What it gives is for [`Self::end`].
    pub(super) fn begin(&mut self, steps: u32) -> Kept {
        let taken = self.steps.min(steps);
        let kept = Kept {
            steps: self.steps.saturating_sub(taken),
            reached: self.reached.len(),
            stopped: self.stopped,
        };
        self.steps = taken;
        kept
    }

    /// Ends that. The reason if a limit was reached; it is the others' limit only if
    /// nothing of it is left.
    pub(super) fn end(&mut self, kept: Kept) -> Option<String> {
        self.steps = self.steps.saturating_add(kept.steps);
        if kept.stopped || !self.stopped {
            return None;
        }
        let reason = self.reached.last().cloned().unwrap_or_default();
        if self.steps > 0 && self.files > 0 && self.output > 0 && self.entries > 0 {
            self.stopped = false;
            self.reached.truncate(kept.reached);
        }
        Some(reason)
    }

    /// Which limits were reached.
    pub(super) fn reached(&self) -> &[String] {
        &self.reached
    }
}
