//! FAT by the loader's own code ([`boot::fat`]).

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use boot::Kind;
use boot::disk::partition::Partition;
use boot::disk::storage::{Caches, Storage};
use boot::fat::{DirEntry, File, Name, Volume};
use boot::machine::{self, DiskError, Lba, Sector};
use layout::memory::MAX_TRANSFER_SECTORS;
use menus::storage::Failure;

use crate::bytes::{Bytes, beyond, to_usize};
use crate::file_system::{FileSystem, Node};

const SECTOR: u64 = 512;
/// Bytes of each of the loader's caches.
const CACHE: usize = 64 << 10;
/// A slot of a directory: its attributes, and that of the label of the file system.
const ATTRIBUTES: usize = 11;
const VOLUME_ID: u8 = 0x08;
/// The attributes of a part of a long name.
const LONG_NAME: u8 = 0x0f;
const DELETED: u8 = 0xe5;

/// A FAT file system.
#[derive(Clone)]
pub(crate) struct Fat {
    bytes: Rc<dyn Bytes>,
    volume: Volume,
}

impl Fat {
    /// `None` if there is no such file system.
    pub(crate) fn open(bytes: &Rc<dyn Bytes>) -> Option<Result<Self, Failure>> {
        let partition = Partition {
            first: Lba(0),
            sectors: bytes.size().div_euclid(SECTOR),
            guid: [0; 16],
        };
        let opened = with_storage(bytes, |storage| Volume::open(storage, &partition));
        match opened {
            Ok(volume) => Some(Ok(Self {
                bytes: bytes.clone(),
                volume,
            })),
            Err(error) if error.is(Kind::FatMissing) => None,
            Err(error) => Some(Err(failure(error))),
        }
    }

    /// The label in the root directory, `""` without one. It is one of the first 255
    /// slots.
    pub(crate) fn label(&self) -> String {
        let find = |storage: &mut Storage<Disk>| -> Result<String, boot::Error> {
            for number in 0..u8::MAX {
                // A slot of the directory in which the root directory is: itself.
                let (at, offset) = self.volume.slot(storage, &DirEntry::ROOT, number)?;
                let sector = storage.sector(at)?;
                let slot = sector.get(offset..).unwrap_or_default();
                let attributes = slot.get(ATTRIBUTES).copied().unwrap_or_default();
                match slot.first() {
                    None | Some(0) => break,
                    Some(&DELETED) => continue,
                    _ if attributes & LONG_NAME == LONG_NAME => continue,
                    _ if attributes & VOLUME_ID == 0 => continue,
                    _ => {}
                }
                let label = slot.get(..ATTRIBUTES).unwrap_or_default();
                return Ok(String::from_utf8_lossy(label).trim_end().to_owned());
            }
            Ok(String::new())
        };
        with_storage(&self.bytes, find).unwrap_or_default()
    }
}

impl FileSystem for Fat {
    fn node(&self, path: &str) -> Result<Node, Failure> {
        let find = |storage: &mut Storage<_>| self.volume.find(storage, path.as_bytes());
        let node = with_storage(&self.bytes, find).map_err(failure)?;
        if node.is_directory() {
            return Ok(Node::Directory);
        }
        Ok(Node::File(Rc::new(FatFile {
            bytes: self.bytes.clone(),
            file: RefCell::new(File::open(&self.volume, &node)),
        })))
    }

    fn names(&self, path: &str, limit: usize) -> Result<Vec<String>, Failure> {
        with_storage(&self.bytes, |storage| {
            let directory = self
                .volume
                .find(storage, path.as_bytes())
                .map_err(failure)?;
            if !directory.is_directory() {
                return Err(Failure::Missing);
            }
            let mut walk = self.volume.walk(&directory);
            let mut name = Name::new();
            let mut names = Vec::new();
            while walk.next(storage, &mut name).map_err(failure)?.is_some() {
                if names.len() >= limit {
                    return Err(Failure::Large);
                }
                names.extend(String::from_utf8(name.as_bytes().to_vec()));
            }
            Ok(names)
        })
    }
}

/// A file, which remembers where in it reading goes on.
struct FatFile {
    bytes: Rc<dyn Bytes>,
    file: RefCell<File>,
}

impl Bytes for FatFile {
    fn size(&self) -> u64 {
        self.file.borrow().size().into()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let at = u32::try_from(at).map_err(|_| beyond())?;
        let mut file = self.file.borrow_mut();
        file.seek(at);
        let mut left = into;
        with_storage(&self.bytes, |storage| {
            while !left.is_empty() {
                let limit = u32::try_from(left.len()).unwrap_or(u32::MAX);
                let read = file
                    .next(storage, limit)
                    .map_err(|error| io::Error::other(text(error)))?;
                let (now, later) = match read.len() {
                    0 => return Err(beyond()),
                    count => std::mem::take(&mut left)
                        .split_at_mut_checked(count)
                        .ok_or_else(beyond)?,
                };
                now.copy_from_slice(read);
                left = later;
            }
            Ok(())
        })
    }
}

/// The device as the loader reads it.
struct Disk {
    bytes: Rc<dyn Bytes>,
    buffer: Vec<u8>,
}

impl machine::Disk for Disk {
    fn sectors(&self) -> Option<u64> {
        Some(self.bytes.size().div_euclid(SECTOR))
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        // INT 13h status 04h: sector not found.
        let missing = DiskError(0x04);
        let size = to_usize(SECTOR.saturating_mul(count.into()));
        let buffer = self.buffer.get_mut(..size).ok_or(missing)?;
        let at = at.0.checked_mul(SECTOR).ok_or(missing)?;
        self.bytes.read_at(at, buffer).map_err(|_| missing)?;
        Ok(buffer)
    }

    fn write(&mut self, _: Lba, _: &Sector) -> Result<(), DiskError> {
        // INT 13h status 03h: the disk is write-protected.
        Err(DiskError(0x03))
    }
}

fn with_storage<T>(bytes: &Rc<dyn Bytes>, then: impl FnOnce(&mut Storage<Disk>) -> T) -> T {
    let mut disk = Disk {
        bytes: bytes.clone(),
        buffer: vec![0; to_usize(SECTOR.saturating_mul(MAX_TRANSFER_SECTORS.into()))],
    };
    let (mut blocks, mut table) = (vec![0; CACHE], vec![0; CACHE]);
    let caches = Caches {
        blocks: &mut blocks,
        table: &mut table,
    };
    then(&mut Storage::new(&mut disk, caches))
}

fn failure(error: boot::Error) -> Failure {
    match error.is(Kind::NotFound) {
        true => Failure::Missing,
        false => Failure::Unreadable(text(error)),
    }
}

/// What the loader says of it.
fn text(error: boot::Error) -> String {
    let mut text = Vec::new();
    boot::report::describe(error, &mut |piece| text.extend_from_slice(piece));
    let text = String::from_utf8_lossy(&text);
    text.trim_end_matches('.').to_owned()
}
