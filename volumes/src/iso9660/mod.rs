//! ISO 9660 (ECMA-119) with Rock Ridge (IEEE P1282, SUSP P1281) or Joliet.
//!
//! Rock Ridge's names count where an image has them, else Joliet's, else the plain ones
//! in small letters. As for ISOLINUX and GRUB, the case of plain and of Joliet's names does
//! not matter; Rock Ridge's name is looked for as it stands, and then the plain one.
//!
//! | module | content |
//! |---|---|
//! | `descriptor` | the volume descriptors: where the root directory is, label, date |
//! | `record` | the records of a directory |
//! | `susp` | what Rock Ridge adds to a record |

mod descriptor;
mod place;
mod record;
mod susp;

use std::rc::Rc;

use menus::storage::Failure;

use crate::bytes::{Bytes, Pieces, read, to_u64, to_usize};
use crate::file_system::{FileSystem, Node, not_read_here, unreadable};
pub(crate) use descriptor::{Descriptors, is_there};
pub use descriptor::{PRIMARY, descriptors};
use place::{Place, SECTOR};
use record::{Name, Record};
use susp::Extra;

/// The largest directory that is read, in bytes.
const MOST_BYTES: u32 = 8 << 20;
/// Links that are followed on the way to a file, and names on that way.
const MOST_LINKS: u32 = 40;
const MOST_NAMES: usize = 256;

/// An ISO 9660 file system.
pub struct Iso {
    bytes: Rc<dyn Bytes>,
    /// Bytes of a block, in which places are counted.
    block: u32,
    root: Place,
    names: Names,
}

/// Which names count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Plain,
    Joliet,
    /// With the number of bytes to leave out in front of what it adds to each record.
    RockRidge(usize),
}

/// What a directory says of a file.
struct Entry {
    name: String,
    /// The plain name, where Rock Ridge's counts.
    plain: Option<String>,
    content: Content,
}

enum Content {
    Directory(Place),
    File(Vec<Place>),
    Link(String),
    Compressed,
}

impl Iso {
    /// Opens the file system.
    ///
    /// # Errors
    ///
    /// It has no descriptor that is understood, or cannot be read.
    pub fn open(bytes: &Rc<dyn Bytes>) -> Result<Self, Failure> {
        let found = Descriptors::read(&**bytes).map_err(|error| unreadable(&error))?;
        let damaged = || Failure::Unreadable("its volume descriptor is damaged".to_owned());
        let primary = found.primary.ok_or_else(damaged)?;
        let mut iso = Self {
            bytes: bytes.clone(),
            block: primary.block,
            root: primary.root,
            names: Names::Plain,
        };
        if let Some(skip) = iso.rock_ridge() {
            iso.names = Names::RockRidge(skip);
        } else if let Some(joliet) = found.joliet {
            iso.names = Names::Joliet;
            (iso.block, iso.root) = (joliet.block, joliet.root);
        }
        Ok(iso)
    }

    /// Whether the image has Rock Ridge's names: the record of the root directory itself says so.
    pub(crate) fn has_rock_ridge(&self) -> bool {
        matches!(self.names, Names::RockRidge(_))
    }

    fn rock_ridge(&self) -> Option<usize> {
        let first = read(&*self.bytes, self.at(self.root.block), SECTOR).ok()?;
        susp::announced(Record::parse(&first)?.system_use)
    }

    /// Where a block begins.
    fn at(&self, block: u32) -> u64 {
        u64::from(block).saturating_mul(self.block.into())
    }

    /// All that a directory says, as far as it can be read.
    fn list(&self, directory: Place) -> Result<Vec<Entry>, Failure> {
        if directory.size > MOST_BYTES {
            return Err(Failure::Large);
        }
        let size = to_usize(directory.size.into());
        let bytes = read(&*self.bytes, self.at(directory.block), size);
        let bytes = bytes.map_err(|error| unreadable(&error))?;
        let mut entries: Vec<Entry> = Vec::new();
        // The places of a file so far, of which another follows.
        let mut pieces: Vec<Place> = Vec::new();
        for sector in bytes.chunks(SECTOR) {
            let mut rest = sector;
            while let Some(record) = Record::parse(rest) {
                rest = rest.get(record.length..).unwrap_or_default();
                if record.is_associated() || matches!(record.name, Name::Itself | Name::Parent) {
                    continue;
                }
                pieces.push(record.place);
                if record.is_continued() {
                    continue;
                }
                let places = std::mem::take(&mut pieces);
                entries.extend(self.entry(&record, places));
            }
        }
        Ok(entries)
    }

    fn entry(&self, record: &Record, places: Vec<Place>) -> Option<Entry> {
        let plain = match (record.name, self.names) {
            (Name::Of(name), Names::Joliet) => record::joliet(name),
            (Name::Of(name), _) => record::plain(name),
            _ => return None,
        };
        let by_kind = match record.is_directory() {
            true => Content::Directory(record.place),
            false => Content::File(places),
        };
        let Names::RockRidge(skip) = self.names else {
            return Some(Entry {
                name: plain,
                plain: None,
                content: by_kind,
            });
        };
        let extra = Extra::of(record, skip, &|block, offset, size| {
            let at = self.at(block).saturating_add(offset.into());
            read(&*self.bytes, at, to_usize(size.into())).ok()
        });
        if extra.is_relocated {
            return None;
        }
        let content = match (extra.link, extra.child) {
            (Some(link), _) => Content::Link(link),
            (None, Some(block)) => Content::Directory(self.directory_at(block)?),
            _ if extra.is_compressed => Content::Compressed,
            _ => by_kind,
        };
        Some(Entry {
            name: extra.name.unwrap_or_else(|| plain.clone()),
            plain: Some(plain),
            content,
        })
    }

    /// The directory that begins at a block, by its record of itself.
    fn directory_at(&self, block: u32) -> Option<Place> {
        let first = read(&*self.bytes, self.at(block), SECTOR).ok()?;
        let record = Record::parse(&first)?;
        Some(Place {
            block,
            size: record.place.size,
        })
    }

    /// What has this name in a directory.
    fn look_up(&self, directory: Place, name: &str) -> Result<Content, Failure> {
        let mut entries = self.list(directory)?;
        let exact = entries.iter().position(|entry| entry.name == name);
        let alike = || {
            entries.iter().position(|entry| {
                let known = entry.plain.as_ref().unwrap_or(&entry.name);
                known.to_lowercase() == name.to_lowercase()
            })
        };
        let place = exact.or_else(alike).ok_or(Failure::Missing)?;
        Ok(entries.swap_remove(place).content)
    }

    /// What is at a path. Links are followed; at the root, `..` stays there.
    fn resolve(&self, path: &str) -> Result<Content, Failure> {
        let mut way = vec![self.root];
        let mut names: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut links = 0_u32;
        while let Some(name) = names.pop() {
            let here = way.last().copied().unwrap_or(self.root);
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    way.truncate(way.len().saturating_sub(1).max(1));
                    continue;
                }
                _ => {}
            }
            let is_last = names.iter().all(|name| name.is_empty());
            match self.look_up(here, &name)? {
                Content::Directory(place) => way.push(place),
                Content::Link(target) => {
                    links = links.saturating_add(1);
                    let parts = target.rsplit('/').map(str::to_owned);
                    names.extend(parts);
                    if links > MOST_LINKS || names.len() > MOST_NAMES {
                        return Err(Failure::Missing);
                    }
                    if target.starts_with('/') {
                        way.truncate(1);
                    }
                }
                content if is_last => return Ok(content),
                _ => return Err(Failure::Missing),
            }
            if way.len() > MOST_NAMES {
                return Err(Failure::Missing);
            }
        }
        Ok(Content::Directory(way.last().copied().unwrap_or(self.root)))
    }
}

impl FileSystem for Iso {
    fn node(&self, path: &str) -> Result<Node, Failure> {
        match self.resolve(path)? {
            Content::Directory(_) => Ok(Node::Directory),
            Content::File(places) => {
                let pieces = places
                    .iter()
                    .map(|place| (self.at(place.block), place.size.into()));
                let file = Pieces::new(self.bytes.clone(), pieces.collect());
                Ok(Node::File(Rc::new(file)))
            }
            Content::Compressed => Err(not_read_here("files that zisofs compressed")),
            Content::Link(_) => Err(Failure::Missing),
        }
    }

    fn names(&self, path: &str, limit: usize) -> Result<Vec<String>, Failure> {
        let Content::Directory(place) = self.resolve(path)? else {
            return Err(Failure::Missing);
        };
        let entries = self.list(place)?;
        match to_u64(entries.len()) > to_u64(limit) {
            true => Err(Failure::Large),
            false => Ok(entries.into_iter().map(|entry| entry.name).collect()),
        }
    }
}
