//! A disk as the loader sees it, so that the loader's own code reads it.

use boot::Kind;
use boot::disk::partition::{Partition, Partitions};
use boot::disk::storage::{Caches, Storage};
use boot::disk::table::find_partitions;
use boot::fat::{File, Volume};
use boot::machine::{self, DiskError, Lba, Sector};
use boot::overlay::Overlay;
use layout::memory::MAX_TRANSFER_SECTORS;

use super::sectors::Sectors;
use crate::error::{Error, loader_text};
use crate::number::{sector_bytes, to_usize};

/// INT 13h status 03h: the disk is write-protected.
const PROTECTED: DiskError = DiskError(0x03);
/// INT 13h status 04h: sector not found.
const NOT_FOUND: DiskError = DiskError(0x04);

/// The disk, for reading only, with a buffer like the one that the firmware fills.
pub struct Reader<S> {
    disk: S,
    buffer: Vec<u8>,
}

impl<S: Sectors> Reader<S> {
    /// Lets the loader read `disk`.
    pub fn new(disk: S) -> Self {
        Self {
            disk,
            buffer: vec![0; to_usize(sector_bytes(MAX_TRANSFER_SECTORS.into()))],
        }
    }
}

impl<S: Sectors> machine::Disk for Reader<S> {
    fn sectors(&self) -> Option<u64> {
        Some(self.disk.sectors())
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let size = to_usize(sector_bytes(count.into()));
        let buffer = self.buffer.get_mut(..size).ok_or(NOT_FOUND)?;
        let end = at.0.checked_add(count.into());
        if end.is_none_or(|end| end > self.disk.sectors()) {
            return Err(NOT_FOUND);
        }
        self.disk.read(at.0, buffer).map_err(|_| NOT_FOUND)?;
        Ok(buffer)
    }

    fn write(&mut self, _: Lba, _: &Sector) -> Result<(), DiskError> {
        Err(PROTECTED)
    }
}

/// Bytes that [`file()`] reads at most.
pub const MAX_FILE: usize = 4096;
/// Bytes of each of the loader's caches.
const CACHE: usize = 64 << 10;

/// The boot partitions of `disk`, as the loader finds them.
///
/// # Errors
/// The disk has no partition for entries, or cannot be read.
pub fn partitions(disk: impl Sectors) -> Result<Partitions, Error> {
    let overlay = Some(Overlay::linked());
    let mut found = Partitions::default();
    with_storage(disk, |storage| {
        find_partitions(storage, overlay, &mut found)
    })
    .map_err(Error::of_loader)?;
    Ok(found)
}

/// The bytes of a small file on a partition of `disk`, if it is there.
///
/// # Errors
/// The file system or the file cannot be read.
pub fn file(disk: impl Sectors, on: &Partition, path: &str) -> Result<Option<Vec<u8>>, Error> {
    let read = with_storage(disk, |storage| {
        let volume = Volume::open(storage, on)?;
        let node = volume.find(storage, path.as_bytes())?;
        if node.is_directory() {
            return Err(boot::Error::new(Kind::IsDirectory, 0));
        }
        let mut bytes = vec![0; to_usize(node.size()).min(MAX_FILE)];
        let count = File::open(&volume, &node).read_small(storage, &mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    });
    match read {
        Err(error) if error.is(Kind::NotFound) => Ok(None),
        Err(error) if error.is(Kind::FatMissing) => Err(Error::failed(format!(
            "the partition at sector {} holds no FAT file system, and so no {path}: is this the \
             right disk?",
            error.at()
        ))),
        read => read
            .map(Some)
            .map_err(|error| Error::failed(format!("{path}: {}", loader_text(error)))),
    }
}

/// Whether the partition holds a FAT file system, be it damaged or not. One that cannot
/// be read may hold one.
pub fn holds_fat(disk: impl Sectors, on: &Partition) -> bool {
    let opened = with_storage(disk, |storage| Volume::open(storage, on));
    !opened.is_err_and(|error| error.is(Kind::FatMissing))
}

fn with_storage<S: Sectors, T>(
    disk: S,
    then: impl FnOnce(&mut Storage<Reader<S>>) -> Result<T, boot::Error>,
) -> Result<T, boot::Error> {
    let mut disk = Reader::new(disk);
    let (mut blocks, mut table) = (vec![0; CACHE], vec![0; CACHE]);
    let caches = Caches {
        blocks: &mut blocks,
        table: &mut table,
    };
    then(&mut Storage::new(&mut disk, caches))
}
