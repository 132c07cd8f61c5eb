//! The file of a counted entry: how its boot is marked, and marking it.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::names::Names;
use crate::error::Error;

/// How a boot went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Good,
    /// It does not.
    Bad,
    /// Nobody knows yet.
    Indeterminate,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Indeterminate => "indeterminate",
        }
    }
}

/// A counted entry within reach.
pub struct EntryFile {
    /// Keeps a mount of our own alive. (An `O_PATH` descriptor is enough for that.)
    _root: OwnedFd,
    directory: OwnedFd,
    names: Names,
}

impl EntryFile {
    /// The file with these names in `directory`, of the file system with this `root`.
    pub(super) fn new(root: OwnedFd, directory: OwnedFd, names: Names) -> Self {
        Self {
            _root: root,
            directory,
            names,
        }
    }

    fn exists(&self, name: &str) -> Result<bool, Error> {
        match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(Error::file("find", self.path(name).as_ref(), &error.into())),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.names.directory)
    }

    /// The word of `gapboot bless status`.
    ///
    /// # Errors
    /// The file is gone, or its directory cannot be read.
    pub fn status(&self) -> Result<&'static str, Error> {
        let Names {
            booted, good, bad, ..
        } = &self.names;
        if self.exists(booted)? {
            // The name for a bad boot may be the one that it has already.
            return Ok(match self.names.exhausted {
                true => "dirty",
                false => "indeterminate",
            });
        }
        for (name, word) in [(good, "good"), (bad, "bad")] {
            if self.exists(name)? {
                return Ok(word);
            }
        }
        Err(self.lost())
    }

    /// Renames the file, and says from what to what.
    ///
    /// # Errors
    /// The file is gone, another one has its new name, or it cannot be renamed.
    pub fn mark(&self, verdict: Verdict, dry_run: bool) -> Result<String, Error> {
        let Names {
            booted, good, bad, ..
        } = &self.names;
        let (target, sources) = match verdict {
            Verdict::Bad => (bad, [booted, good]),
            Verdict::Indeterminate if self.names.exhausted => {
                return Err(Error::failed(format!(
                    "{} had no attempts left when it was booted: it can be marked good, or stay \
                     bad",
                    self.path(booted)
                )));
            }
            Verdict::Indeterminate => (booted, [good, bad]),
            Verdict::Good => (good, [booted, bad]),
        };
        let word = verdict.name();
        let mut source = None;
        for name in sources {
            if source.is_none() && name != target && self.exists(name)? {
                source = Some(name);
            }
        }
        let taken = |source: &str| {
            Error::failed(format!(
                "cannot mark the boot {word}: {} and {target} both exist; remove the one that is \
                 not this system's",
                self.path(source)
            ))
        };
        match (source, self.exists(target)?) {
            (None, false) => Err(self.lost()),
            (None, true) => Ok(format!("marked {word} already: {}", self.path(target))),
            (Some(source), true) => Err(taken(source)),
            (Some(source), false) if dry_run => Ok(format!(
                "would mark the boot {word}: {} would become {target}",
                self.path(source)
            )),
            (Some(source), false) => match self.rename(source, target) {
                Err(Errno::EXIST) => Err(taken(source)),
                Err(error) => Err(Error::file(
                    "rename",
                    self.path(source).as_ref(),
                    &error.into(),
                )),
                Ok(()) => Ok(format!(
                    "marked {word}: {} is now {target}",
                    self.path(source)
                )),
            },
        }
    }

    /// Returns when the new name is on the medium.
    fn rename(&self, from: &str, to: &str) -> rustix::io::Result<()> {
        let directory = &self.directory;
        rustix::fs::renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE)?;
        rustix::fs::fsync(directory)?;
        rustix::fs::syncfs(directory)
    }

    fn lost(&self) -> Error {
        let Names {
            booted, good, bad, ..
        } = &self.names;
        let path = self.path(booted);
        Error::failed(format!(
            "neither {path}, as it was booted, nor {good} nor {bad} is there: has its kernel been \
             removed?"
        ))
    }
}
