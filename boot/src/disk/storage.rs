//! The boot disk seen through the loader's caches.
//!
//! A request to the firmware costs far more than the bytes it brings. Therefore small
//! things that are needed again and again (partition table, directories, small files)
//! are read and kept in blocks of eight sectors. So is the file allocation table, which
//! is read ahead in long pieces while it is walked from start to end. The contents of
//! files are read once and kept nowhere.

use crate::machine::{Disk, DiskError, Lba, Sector};
use crate::{Error, Kind};
use core::mem::swap;
use layout::memory::MAX_TRANSFER_SECTORS;

/// Sectors that are kept together, 4 KiB: eight of them, and the LBA of the first one
/// is a multiple of eight.
type Block = [Sector; 8];
const BLOCK_SECTORS: u32 = 8;
const BLOCK_SHIFT: u32 = 3;
/// Blocks that one cache can manage; memory beyond that stays unused.
const BLOCKS: usize = 16;
/// Sectors that are read at once where something is read from start to end. With one
/// block before them, they fill the smallest cache.
const AHEAD_SECTORS: u32 = 7 * BLOCK_SECTORS;
/// No file system begins before this sector, but partition tables of the usual size end
/// before it. A power of two.
const TABLE_END: u64 = 64;
/// No sector from here on is read: 16 TiB. Blocks have numbers of 32 bits.
const LIMIT: u64 = 1 << (32 + BLOCK_SHIFT);

/// Memory for the caches, in whole blocks of 4 KiB: at least 32 KiB, and at
/// most 64 KiB, for each.
pub struct Caches<'a> {
    /// For everything but the file allocation table.
    pub blocks: &'a mut [u8],
    /// For the file allocation table.
    pub table: &'a mut [u8],
}

/// The boot disk and its caches.
pub struct Storage<'a, D> {
    disk: &'a mut D,
    /// The first sector that is not read, and whether the disk ends there.
    end: u64,
    end_known: bool,
    blocks: Cache<'a>,
    table: Cache<'a>,
}

impl<'a, D: Disk> Storage<'a, D> {
    /// A disk with empty caches.
    pub fn new(disk: &'a mut D, caches: Caches<'a>) -> Self {
        let sectors = disk.sectors();
        Self {
            disk,
            end: sectors.unwrap_or(LIMIT).min(LIMIT),
            end_known: sectors.is_some(),
            blocks: Cache::new(caches.blocks),
            table: Cache::new(caches.table),
        }
    }

    /// Sectors on the disk, where that is known.
    pub fn sectors(&self) -> Option<u64> {
        self.end_known.then_some(self.end)
    }

    /// One sector, through the cache for everything but the contents of files and the
    /// file allocation table. The other sectors of its block are read with it, as far
    /// as they are known to exist.
    ///
    /// # Errors
    /// [`Kind::DiskRead`], [`Kind::BeyondDisk`].
    pub fn sector(&mut self, at: Lba) -> Result<&Sector, Error> {
        // Not beyond the block: a kernel may lie after a directory, and would be read
        // twice. The partition table comes in one piece.
        let neighbours = match at.0 {
            _ if !self.end_known => 0,
            ..TABLE_END => TABLE_END - 1,
            _ => 7,
        };
        let end = self.end.min((at.0 | neighbours).wrapping_add(1));
        self.blocks.sector(self.disk, at.0, end)
    }

    /// One sector of the file allocation table that begins at `table.0` and is
    /// `table.1` sectors long. Nothing after the table is read.
    ///
    /// # Errors
    /// [`Kind::DiskRead`], [`Kind::BeyondDisk`].
    pub fn table_sector(&mut self, at: Lba, table: (Lba, u32)) -> Result<&Sector, Error> {
        let end = table.0.0.wrapping_add(u64::from(table.1));
        self.table.sector(self.disk, at.0, end.min(self.end))
    }

    /// Sectors from `at` on, read with one request and not cached: at least
    /// one, and fewer than `count` where the disk ends or the firmware cannot transfer
    /// more. The bytes are valid until the next call.
    ///
    /// # Errors
    /// [`Kind::DiskRead`], [`Kind::BeyondDisk`].
    pub fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], Error> {
        let count = before(at.0, self.end, count.min(MAX_TRANSFER_SECTORS));
        if count == 0 {
            return Err(Error::new(Kind::BeyondDisk, at.0));
        }
        let status = match self.disk.read(at, count) {
            Ok([]) => 0,
            Ok(bytes) => return Ok(bytes),
            Err(DiskError(status)) => status,
        };
        Err(Error::with_status(Kind::DiskRead, at.0, status))
    }

    /// Writes one sector. The caches forget it.
    ///
    /// # Errors
    /// [`Kind::DiskWrite`], [`Kind::BeyondDisk`].
    pub fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), Error> {
        if at.0 >= self.end {
            return Err(Error::new(Kind::BeyondDisk, at.0));
        }
        self.blocks.forget(at.0);
        self.table.forget(at.0);
        let written = self.disk.write(at, sector);
        written.map_err(|DiskError(status)| Error::with_status(Kind::DiskWrite, at.0, status))
    }

    /// Writes one sector in place of the content `before`. The sector is read again
    /// first, past the caches, to see that it still has that content, and once more to
    /// check the write.
    ///
    /// # Errors
    /// [`Kind::DiskUnstable`] if either read gives something else; those of
    /// [`Storage::read`] and [`Storage::write`].
    pub fn replace(&mut self, at: Lba, before: &Sector, after: &Sector) -> Result<(), Error> {
        if self.holds(at, before)? {
            self.write(at, after)?;
            if self.holds(at, after)? {
                return Ok(());
            }
        }
        Err(Error::new(Kind::DiskUnstable, at.0))
    }

    /// True if a sector has this content on the disk.
    fn holds(&mut self, at: Lba, sector: &Sector) -> Result<bool, Error> {
        Ok(self.read(at, 1)? == sector)
    }
}

/// As many of `count` sectors from `at` on as lie before `end`.
fn before(at: u64, end: u64, count: u32) -> u32 {
    u32::try_from(end.saturating_sub(at))
        .unwrap_or(count)
        .min(count)
}

/// Blocks of sectors; the least recently used one makes room for a new one.
struct Cache<'a> {
    memory: &'a mut [Block],
    /// The contents of the blocks, the most recently used one first.
    lines: [CacheLine; BLOCKS],
    /// Where the last read ended.
    end: u64,
}

/// The content of one block of the memory.
#[derive(Clone, Copy, Default)]
struct CacheLine {
    /// The LBA of its first sector, divided by eight.
    number: u32,
    /// A bit for each of its sectors that is there, the lowest for the first.
    valid: u8,
    /// Where it lies in the memory.
    place: u8,
}

/// Which sector of its block this is.
fn in_block(at: u64) -> usize {
    usize::try_from(at & 7).unwrap_or_default()
}

/// The bit of this sector in [`CacheLine::valid`].
fn bit(at: u64) -> u8 {
    1_u8.wrapping_shl(u32::try_from(at & 7).unwrap_or_default())
}

impl<'a> Cache<'a> {
    fn new(memory: &'a mut [u8]) -> Self {
        let mut lines = [CacheLine::default(); BLOCKS];
        for (line, place) in lines.iter_mut().zip(0..) {
            line.place = place;
        }
        Self {
            memory: memory.as_chunks_mut().0.as_chunks_mut().0,
            lines,
            end: 0,
        }
    }

    /// The sector at `at`, which must lie before `end`.
    ///
    /// A sector that is not in the cache is read together with the rest of its block,
    /// or with several blocks if the last read ended where the block begins. So a walk
    /// from start to end reads long pieces, and every other request costs one block.
    /// Nothing from `end` on is read.
    fn sector<D: Disk>(&mut self, disk: &mut D, at: u64, end: u64) -> Result<&Sector, Error> {
        let mut error = Error::new(Kind::BeyondDisk, at);
        if at >= end {
            return Err(error);
        }
        let mut block = self.find(at);
        if block.is_none() {
            let first = at & !7;
            let count = if first == self.end {
                AHEAD_SECTORS
            } else {
                BLOCK_SECTORS
            };
            let _ = self.fill(disk, first, before(first, end, count));
            block = self.find(at);
        }
        // The sector must be readable even if a neighbour is not.
        if block.is_none() {
            if let Err(DiskError(status)) = self.fill(disk, at, 1) {
                error = Error::with_status(Kind::DiskRead, at, status);
            }
            block = self.find(at);
        }
        let block = block.and_then(|place| self.memory.get(place));
        block.and_then(|block| block.get(in_block(at))).ok_or(error)
    }

    /// Where in the memory the block lies that holds the sector at `at`.
    fn find(&mut self, at: u64) -> Option<usize> {
        let line = self.line(at);
        (line.valid & bit(at) != 0).then_some(usize::from(line.place))
    }

    /// The line for the block of the sector at `at`, which becomes the most
    /// recently used one. If the block has no line yet, the least recently used line
    /// becomes its line.
    fn line(&mut self, at: u64) -> &mut CacheLine {
        let number = u32::try_from(at >> BLOCK_SHIFT).unwrap_or(u32::MAX);
        let [first, others @ ..] = &mut self.lines;
        for line in others {
            if first.number == number || usize::from(line.place) >= self.memory.len() {
                break;
            }
            swap(first, line);
        }
        if first.number != number {
            (first.number, first.valid) = (number, 0);
        }
        first
    }

    /// Reads sectors, with as many requests as the firmware needs.
    fn fill<D: Disk>(&mut self, disk: &mut D, first: u64, count: u32) -> Result<(), DiskError> {
        self.end = first;
        let end = first.wrapping_add(u64::from(count));
        while self.end < end {
            let left = before(self.end, end, count);
            let (sectors, _) = disk.read(Lba(self.end), left)?.as_chunks();
            if sectors.is_empty() {
                return Err(DiskError(0));
            }
            for sector in sectors {
                self.put(sector);
            }
        }
        Ok(())
    }

    /// Keeps the sector that lies where the last one ended.
    fn put(&mut self, sector: &Sector) {
        let at = self.end;
        let line = self.line(at);
        line.valid |= bit(at);
        let place = usize::from(line.place);
        if let Some(kept) = self
            .memory
            .get_mut(place)
            .and_then(|block| block.get_mut(in_block(at)))
        {
            *kept = *sector;
        }
        self.end = at.wrapping_add(1);
    }

    /// Forgets the block that holds the sector at `at`.
    fn forget(&mut self, at: u64) {
        self.line(at).valid = 0;
    }
}
