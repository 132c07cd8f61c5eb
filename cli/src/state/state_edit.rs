//! A file system as it will be: what a library writes to it, until all of it
//! goes to the disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use layout::disk::SECTOR;

use crate::number::{sector_bytes, to_u64, to_usize};

/// What the FAT library would write, kept back until it has succeeded: it writes
/// a directory byte by byte and marks the file system as dirty meanwhile, and
/// where there is no room it leaves half a file.
pub(crate) struct StateEdit<'f> {
    file: &'f File,
    /// Where the partition begins, in bytes.
    start: u64,
    /// Sectors of the partition. The file system may be larger.
    length: u64,
    /// By their numbers in the file system.
    sectors: BTreeMap<u64, [u8; SECTOR]>,
}

impl<'f> StateEdit<'f> {
    /// Of the file system in the partition that begins with sector `first` of `file` and
    /// has `length` sectors.
    pub(crate) fn new(file: &'f File, first: u64, length: u64) -> Self {
        Self {
            file,
            start: sector_bytes(first),
            length,
            sectors: BTreeMap::new(),
        }
    }

    /// Where a sector lies in the file.
    fn place(&self, number: u64) -> u64 {
        self.start.saturating_add(sector_bytes(number))
    }

    /// The content of a sector. No sector is written without having been read, so that
    /// none outside the partition is.
    fn on_disk(&self, number: u64) -> io::Result<[u8; SECTOR]> {
        if number >= self.length {
            return Err(io::Error::other(
                "the file system is larger than its partition: make the partition as large, \
                 or the file system smaller",
            ));
        }
        let mut sector = [0; SECTOR];
        self.file.read_exact_at(&mut sector, self.place(number))?;
        Ok(sector)
    }

    fn sector(&self, number: u64) -> io::Result<[u8; SECTOR]> {
        let edited = self.sectors.get(&number).copied();
        edited.map_or_else(|| self.on_disk(number), Ok)
    }

    /// Writes what has changed, each sector on the medium before the next one: the
    /// table of clusters, which lies in front, before a directory that needs it.
    pub(crate) fn commit(&self) -> io::Result<()> {
        for (&number, sector) in &self.sectors {
            if *sector != self.on_disk(number)? {
                self.file.write_all_at(sector, self.place(number))?;
                self.file.sync_all()?;
            }
        }
        Ok(())
    }
}

/// The edit as the FAT library reads and writes it.
pub(crate) struct EditedVolume<'d, 'f> {
    edit: &'d RefCell<StateEdit<'f>>,
    position: u64,
}

impl<'d, 'f> EditedVolume<'d, 'f> {
    /// At its start.
    pub(crate) fn of(edit: &'d RefCell<StateEdit<'f>>) -> Self {
        Self { edit, position: 0 }
    }

    /// The sector at the position, and which of its bytes `size` bytes are.
    fn here(&self, size: usize) -> (u64, Range<usize>) {
        let sector = to_u64(SECTOR);
        let at = to_usize(self.position.rem_euclid(sector));
        let end = at.saturating_add(size).min(SECTOR);
        (self.position.div_euclid(sector), at..end)
    }
}

impl Read for EditedVolume<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (number, range) = self.here(into.len());
        let sector = self.edit.borrow().sector(number)?;
        into[..range.len()].copy_from_slice(&sector[range.clone()]);
        self.position = self.position.saturating_add(to_u64(range.len()));
        Ok(range.len())
    }
}

impl Write for EditedVolume<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (number, range) = self.here(bytes.len());
        let mut edit = self.edit.borrow_mut();
        let mut sector = edit.sector(number)?;
        sector[range.clone()].copy_from_slice(&bytes[..range.len()]);
        edit.sectors.insert(number, sector);
        self.position = self.position.saturating_add(to_u64(range.len()));
        Ok(range.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for EditedVolume<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        self.position = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
