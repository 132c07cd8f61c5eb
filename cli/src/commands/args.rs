//! What the commands' arguments have in common.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg;

use crate::error::Error;
use crate::system::System;

/// The system that a command is about. Tests name another one.
pub(super) fn system(parser: &mut lexopt::Parser) -> Result<System, Error> {
    Ok(System::below(PathBuf::from(parser.value()?)))
}

/// The one DISK that a command is about.
#[derive(Default)]
pub(super) struct DiskArgument(Option<PathBuf>);

impl DiskArgument {
    /// Takes a value as the disk; a second one is wrong usage.
    pub(super) fn set(&mut self, value: OsString) -> Result<(), Error> {
        match self.0.replace(PathBuf::from(&value)) {
            None => Ok(()),
            Some(first) => Err(Error::usage(format!(
                "one DISK is enough, here are two, {} and {}",
                first.display(),
                value.display()
            ))),
        }
    }

    /// The disk, if one was given.
    pub(super) fn optional(self) -> Option<PathBuf> {
        self.0
    }

    /// The disk; wrong usage if none was given.
    pub(super) fn get(self) -> Result<PathBuf, Error> {
        self.0.ok_or_else(|| {
            Error::usage("DISK is missing, an image file or a block device such as /dev/sda")
        })
    }
}

/// What becomes of an argument that a command does not know: `--help` is for
/// every command, all else is wrong usage.
pub(super) fn other(argument: Arg) -> Error {
    match argument {
        Arg::Short('h') | Arg::Long("help") => Error::Help,
        argument => Error::usage(argument.unexpected()),
    }
}

/// An option's value as text.
pub(super) fn text(parser: &mut lexopt::Parser) -> Result<String, Error> {
    let value = parser.value()?;
    value
        .into_string()
        .map_err(|value| Error::usage(format!("{value:?} is no text")))
}
