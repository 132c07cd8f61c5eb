//! The files of a directory in the order of their names, without a list of them:
//! the directory is walked again for each.

use crate::disk::storage::Storage;
use crate::error::{Error, Kind};
use crate::fat::{Name, Node, Volume};
use crate::machine::Disk;
use crate::text::Text;

/// The most files that are taken from a directory.
const MOST: u32 = 256;

/// Which files, by the end of their names.
#[derive(Clone, Copy)]
pub(super) struct Suffix {
    /// What a name ends in.
    pub(super) is: &'static [u8],
    /// What it does not end in; empty for anything.
    pub(super) is_not: &'static [u8],
}

/// The files with names of ASCII that end as wanted, whatever the case of the
/// letters, and begin with no dot. What can't be read of the directory is not
/// there.
pub(super) struct Listing<'a> {
    volume: &'a Volume,
    directory: Option<Node>,
    suffix: Suffix,
    /// From the last name to the first.
    backwards: bool,
    name: Name,
    last: Text,
    best: Text,
    count: u32,
}

impl<'a> Listing<'a> {
    /// The files of a directory; none if there is no such directory.
    pub(super) fn new<D: Disk>(
        storage: &mut Storage<D>,
        volume: &'a Volume,
        path: &[u8],
        suffix: Suffix,
        backwards: bool,
    ) -> Self {
        Self {
            volume,
            directory: volume.find(storage, path).ok(),
            suffix,
            backwards,
            name: Name::new(),
            last: Text::UNSET,
            best: Text::UNSET,
            count: 0,
        }
    }

    /// The name of the last file.
    pub(super) fn name(&self) -> &[u8] {
        self.last.get().unwrap_or_default()
    }

    /// The next file.
    ///
    /// # Errors
    /// [`Kind::CompanionsMany`].
    pub(super) fn next<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
    ) -> Result<Option<Node>, Error> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        let mut found = None;
        let mut walk = self.volume.walk(directory);
        loop {
            let node = match walk.next(storage, &mut self.name) {
                Ok(Some(node)) => node,
                Ok(None) => break,
                Err(_) => continue,
            };
            let name = self.name.as_bytes();
            if !node.is_directory()
                && self.suffix.fits(name)
                && self.is_between(self.last.get(), Some(name))
                && self.is_between(Some(name), self.best.get().filter(|_| found.is_some()))
            {
                self.best.set(&[name]);
                found = Some(node);
            }
        }
        if found.is_some() {
            core::mem::swap(&mut self.last, &mut self.best);
            self.count = self.count.wrapping_add(1);
            if self.count > MOST {
                return Err(Error::new(Kind::CompanionsMany, MOST.into()));
            }
        }
        Ok(found)
    }

    /// True if one name comes before the other, or one of them is not there.
    fn is_between(&self, first: Option<&[u8]>, second: Option<&[u8]>) -> bool {
        match (first, second) {
            (Some(first), Some(second)) if self.backwards => first > second,
            (Some(first), Some(second)) => first < second,
            _ => true,
        }
    }
}

impl Suffix {
    /// True for a name that is wanted. Longer ones than Linux can have are not.
    fn fits(&self, name: &[u8]) -> bool {
        name.is_ascii()
            && name.len() <= 255
            && name.first() != Some(&b'.')
            && ends_in(name, self.is)
            && (self.is_not.is_empty() || !ends_in(name, self.is_not))
    }
}

/// True if a name ends in this, whatever the case of the letters.
pub(super) fn ends_in(name: &[u8], suffix: &[u8]) -> bool {
    let start = name.len().checked_sub(suffix.len());
    let end = start.and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}
