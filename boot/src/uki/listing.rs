//! The files of a directory in the order of their names.
//!
//! There is no memory for a list of them all. One walk through the directory finds the
//! next [`BATCH`] files, so that one or two walks are enough for most directories, and 33
//! for the most files. A directory of usual size stays in the cache meanwhile: 256 files
//! cost about one request each. A walk through the longest directory that FAT has costs
//! 512 requests.

use crate::disk::storage::Storage;
use crate::error::{Error, Kind};
use crate::fat::{DirEntry, Name, Volume};
use crate::machine::Disk;
use crate::text::concat;

/// The most files that are taken from a directory.
const MOST: u32 = 256;

/// Bytes of the longest name that is listed, which is the longest that Linux allows.
const NAME_SIZE: usize = 255;

/// The files that one walk through the directory finds.
const BATCH: usize = 8;

/// The suffix of the names of the listed files.
#[derive(Clone, Copy)]
pub(super) struct Suffix {
    /// The end of the names.
    pub(super) end: &'static [u8],
    /// Names with this end are left out.
    pub(super) except: Option<&'static [u8]>,
}

/// The order of the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// From the first name to the last.
    Ascending,
    /// From the last name to the first.
    Descending,
}

impl Order {
    fn precedes(self, one: &[u8], other: &[u8]) -> bool {
        match self {
            Self::Ascending => one < other,
            Self::Descending => one > other,
        }
    }
}

/// The files with names of ASCII that end as wanted, whatever the case of the
/// letters, and do not begin with a dot. A part of the directory that can't be read is
/// skipped.
pub(super) struct Listing<'a> {
    volume: &'a Volume,
    directory: Option<DirEntry>,
    suffix: Suffix,
    order: Order,
    /// The files of the last walk, in their order.
    batch: [Option<Item>; BATCH],
    /// How many of them were given out.
    given: usize,
    /// How many files were given out in all.
    count: u32,
    /// For the name of one file.
    name: Name,
}

/// A file.
#[derive(Clone, Copy)]
struct Item {
    node: DirEntry,
    name: [u8; NAME_SIZE],
    length: usize,
}

impl Item {
    /// None if the name is too long.
    fn new(node: DirEntry, name: &[u8]) -> Option<Self> {
        let mut bytes = [0; NAME_SIZE];
        let length = concat(&mut bytes, &[name])?.len();
        Some(Self {
            node,
            name: bytes,
            length,
        })
    }

    fn name(&self) -> &[u8] {
        self.name.get(..self.length).unwrap_or_default()
    }
}

impl<'a> Listing<'a> {
    /// The files of a directory; no files if there is no such directory.
    pub(super) fn new<D: Disk>(
        storage: &mut Storage<D>,
        volume: &'a Volume,
        path: &[u8],
        suffix: Suffix,
        order: Order,
    ) -> Self {
        let mut listing = Self {
            volume,
            directory: volume.find(storage, path).ok(),
            suffix,
            order,
            batch: [None; BATCH],
            given: 0,
            count: 0,
            name: Name::new(),
        };
        listing.walk(storage);
        listing
    }

    /// The next file.
    ///
    /// # Errors
    /// [`Kind::CompanionsMany`].
    pub(super) fn next<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
    ) -> Result<Option<DirEntry>, Error> {
        if self.given == BATCH {
            self.walk(storage);
        }
        let Some(Some(item)) = self.batch.get(self.given) else {
            return Ok(None);
        };
        self.given = self.given.saturating_add(1);
        self.count = self.count.saturating_add(1);
        if self.count > MOST {
            return Err(Error::new(Kind::CompanionsMany, MOST.into()));
        }
        Ok(Some(item.node))
    }

    /// The name of the file that was given last.
    pub(super) fn name(&self) -> &[u8] {
        let item = self.given.checked_sub(1).and_then(|at| self.batch.get(at));
        item.and_then(Option::as_ref).map_or(b"", Item::name)
    }

    /// Finds the files that come after those of the last walk.
    fn walk<D: Disk>(&mut self, storage: &mut Storage<D>) {
        let [.., last] = self.batch;
        self.batch = [None; BATCH];
        self.given = 0;
        let Some(directory) = &self.directory else {
            return;
        };
        let mut walk = self.volume.walk(directory);
        loop {
            let node = match walk.next(storage, &mut self.name) {
                Ok(Some(node)) => node,
                Ok(None) => return,
                // After a sector that can't be read the directory goes on.
                Err(_) => continue,
            };
            let name = self.name.as_bytes();
            if node.is_directory() || !self.suffix.fits(name) {
                continue;
            }
            if let Some(last) = &last
                && !self.order.precedes(last.name(), name)
            {
                continue;
            }
            if let Some(item) = Item::new(node, name) {
                self.insert(item);
            }
        }
    }

    /// Inserts a file at its place. The last one is left for the next walk if there is
    /// no room. Of two files with one name the first counts.
    fn insert(&mut self, mut item: Item) {
        for place in &mut self.batch {
            match place {
                None => {
                    *place = Some(item);
                    return;
                }
                Some(other) if other.name() == item.name() => return,
                Some(other) if self.order.precedes(item.name(), other.name()) => {
                    core::mem::swap(other, &mut item);
                }
                Some(_) => {}
            }
        }
    }
}

impl Suffix {
    /// Names that end in this.
    pub(super) const fn new(end: &'static [u8]) -> Self {
        Self { end, except: None }
    }

    /// True for a name that is wanted.
    fn fits(&self, name: &[u8]) -> bool {
        name.is_ascii()
            && name.first() != Some(&b'.')
            && ends_in(name, self.end)
            && !self.except.is_some_and(|end| ends_in(name, end))
    }
}

/// True if a name ends in this, whatever the case of the letters.
pub(super) fn ends_in(name: &[u8], suffix: &[u8]) -> bool {
    let start = name.len().checked_sub(suffix.len());
    let end = start.and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}
