//! What a command works with besides its arguments.

use std::io::Write;

use crate::error::Error;
use crate::install::Stages;

/// What a command works with besides its arguments.
pub struct Context<'a> {
    /// The loader that this program carries, or the one that a package has installed.
    pub stages: Result<Stages, Error>,
    /// Standard output: results.
    pub out: &'a mut dyn Write,
    /// Standard error: warnings and notes, one line each.
    pub err: &'a mut dyn Write,
}
