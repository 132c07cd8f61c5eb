//! What a command is, and what it works with.

use std::io::Write;

use crate::error::Error;
use crate::install::Stages;

/// A command of `gapboot`.
pub struct Command {
    /// The word that starts it.
    pub name: &'static str,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// What `--help` prints.
    pub help: &'static str,
    /// Does it.
    pub run: fn(lexopt::Parser, &mut Context) -> Result<(), Error>,
}

/// What a command works with besides its arguments.
pub struct Context<'a> {
    /// The loader, if this program carries it.
    pub stages: Result<Stages, Error>,
    /// Standard output: results.
    pub out: &'a mut dyn Write,
    /// Standard error: warnings and notes, one line each.
    pub err: &'a mut dyn Write,
}

impl Context<'_> {
    /// The loader, or an error that says why this program has none.
    pub fn stages(&self) -> Result<&Stages, Error> {
        self.stages.as_ref().map_err(Error::clone)
    }
}
