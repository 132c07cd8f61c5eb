//! Reads configuration files, within the limits.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::limits;
use crate::storage::{Failure, Location, Storage};

/// Bytes of all configuration files of one menu, each time counted. A file may be read
/// many times; this bounds the time that all of it takes.
const BYTES: usize = 8 * limits::FILE;

/// What may still be read.
pub(crate) struct Budget {
    files: u32,
    bytes: usize,
    steps: u32,
}

/// Why a file was not read.
pub(crate) enum Unread {
    /// There is no such file.
    Missing,
    /// A reason, as a sentence without a full stop.
    Reason(String),
}

impl Budget {
    /// For one menu.
    pub(crate) fn new() -> Self {
        Self {
            files: limits::FILES,
            bytes: BYTES,
            steps: limits::STEPS,
        }
    }

    /// Whether one more command may be run.
    pub(crate) fn step(&mut self) -> bool {
        let left = self.steps.checked_sub(1);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// The content of a configuration file.
    ///
    /// # Errors
    ///
    /// The file is missing, unreadable or too large, or nothing more may be read.
    pub(crate) fn read(
        &mut self,
        storage: &dyn Storage,
        file: &Location,
    ) -> Result<Vec<u8>, Unread> {
        let path = &file.path;
        let Some(files) = self.files.checked_sub(1) else {
            let most = limits::FILES;
            return Err(Unread::Reason(format!(
                "{path} is not read: a menu may have {most} files, those of its includes counted"
            )));
        };
        self.files = files;
        let content = storage
            .read(file, limits::FILE.min(self.bytes))
            .map_err(|failure| match failure {
                Failure::Missing => Unread::Missing,
                Failure::Large => Unread::Reason(format!(
                    "{path} is not read: the configuration files are too large"
                )),
                Failure::Unsupported(reason) | Failure::Unreadable(reason) => {
                    Unread::Reason(format!("{path} cannot be read: {reason}"))
                }
            })?;
        self.bytes = self.bytes.saturating_sub(content.len());
        Ok(content)
    }
}
