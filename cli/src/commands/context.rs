//! What a command works with besides its arguments.

use std::io::Write;

use crate::error::Error;
use crate::install::Stages;

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
    ///
    /// # Errors
    /// This program was built without a loader.
    pub fn stages(&self) -> Result<&Stages, Error> {
        self.stages.as_ref().map_err(Error::clone)
    }
}
