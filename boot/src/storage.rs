//! The boot disk seen through the loader's caches.
//!
//! A request to the firmware costs far more than the bytes it brings. So what
//! is small and asked for again and again (partition table, directories, small
//! files) is read and kept in blocks of eight sectors, and so is the file
//! allocation table, which is read ahead in long pieces while it is walked
//! from start to end. The contents of files are read once and kept nowhere.

use crate::machine::{Disk, DiskError, Lba, Sector};
use crate::{Error, Kind};
use core::mem::replace;
use core::ops::Range;
use layout::memory::MAX_TRANSFER_SECTORS;

/// What is read and kept together: 4 KiB.
type Block = [Sector; 8];
const BLOCK_SECTORS: u32 = 8;
/// Blocks that one cache can manage; memory beyond that stays unused.
const BLOCKS: usize = 16;
/// The longest read ahead, in whole blocks.
const AHEAD_SECTORS: u32 = MAX_TRANSFER_SECTORS & !(BLOCK_SECTORS - 1);

/// Memory for the caches, in whole blocks of 4 KiB: at least one, and at most
/// 64 KiB, for each.
pub struct Caches<'a> {
    /// For everything but the file allocation table.
    pub blocks: &'a mut [u8],
    /// For the file allocation table; one request fills it.
    pub table: &'a mut [u8],
}

/// The boot disk and what is cached of it.
pub struct Storage<'a, D> {
    disk: &'a mut D,
    blocks: Cache<'a>,
    table: Cache<'a>,
}

impl<'a, D: Disk> Storage<'a, D> {
    /// A disk with empty caches.
    pub fn new(disk: &'a mut D, caches: Caches<'a>) -> Self {
        Self {
            disk,
            blocks: Cache::new(caches.blocks),
            table: Cache::new(caches.table),
        }
    }

    /// One sector, by way of the cache for everything but the contents of
    /// files and the file allocation table. Where the disk is known to have
    /// them, its neighbours are read with it.
    ///
    /// Errors: [`Kind::DiskRead`], [`Kind::BeyondDisk`].
    pub fn sector(&mut self, at: Lba) -> Result<&Sector, Error> {
        let area = match self.disk.sectors() {
            Some(sectors) => 0..sectors,
            None => at.0..at.0.saturating_add(1),
        };
        let ahead = self.blocks.capacity() >> 1;
        self.blocks.sector(self.disk, at.0, area, ahead)
    }

    /// One sector of the file allocation table that begins at `table.0` and is
    /// `table.1` sectors long. Nothing outside of the table is read.
    ///
    /// Errors: [`Kind::DiskRead`], [`Kind::BeyondDisk`].
    pub fn table_sector(&mut self, at: Lba, table: (Lba, u32)) -> Result<&Sector, Error> {
        let Lba(first) = table.0;
        let end = first.saturating_add(u64::from(table.1)).min(self.end());
        let ahead = self.table.capacity();
        self.table.sector(self.disk, at.0, first..end, ahead)
    }

    /// Sectors from `at` on, read with one request and not cached: at least
    /// one, and fewer than `count` where the disk ends or the firmware manages
    /// no more. The bytes are good until the next call.
    ///
    /// Errors: [`Kind::DiskRead`], [`Kind::BeyondDisk`].
    pub fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], Error> {
        let left = self.end().saturating_sub(at.0);
        if left == 0 {
            return Err(Error::new(Kind::BeyondDisk, at.0));
        }
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        match self
            .disk
            .read(at, count.min(left).min(MAX_TRANSFER_SECTORS))
        {
            Ok([]) => Err(read_error(at.0, DiskError(0))),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(read_error(at.0, error)),
        }
    }

    /// Writes one sector. The caches forget what they held of it.
    ///
    /// Errors: [`Kind::DiskWrite`], [`Kind::BeyondDisk`].
    pub fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), Error> {
        if at.0 >= self.end() {
            return Err(Error::new(Kind::BeyondDisk, at.0));
        }
        self.blocks.forget(at.0);
        self.table.forget(at.0);
        let written = self.disk.write(at, sector);
        written.map_err(|DiskError(status)| Error::new(Kind::DiskWrite(status), at.0))
    }

    /// Sectors on the disk, where that is known.
    pub(crate) fn sectors(&self) -> Option<u64> {
        self.disk.sectors()
    }

    /// The first LBA that is known not to be on the disk.
    fn end(&self) -> u64 {
        self.disk.sectors().unwrap_or(u64::MAX)
    }
}

fn read_error(at: u64, DiskError(status): DiskError) -> Error {
    Error::new(Kind::DiskRead(status), at)
}

/// Blocks of sectors; the least recently used one makes room for a new one.
struct Cache<'a> {
    memory: &'a mut [Block],
    /// What the blocks hold, the most recently used one first.
    lines: [Line; BLOCKS],
    /// Where the last read ended.
    end: u64,
}

/// What one block of the memory holds.
#[derive(Clone, Copy)]
struct Line {
    first: u64,
    sectors: u8,
    block: u8,
}

impl Line {
    fn holds(&self, at: u64) -> bool {
        at.wrapping_sub(self.first) < u64::from(self.sectors)
    }
}

impl<'a> Cache<'a> {
    fn new(memory: &'a mut [u8]) -> Self {
        let mut lines = [Line {
            first: 0,
            sectors: 0,
            block: 0,
        }; BLOCKS];
        for (line, block) in lines.iter_mut().zip(0..) {
            line.block = block;
        }
        let blocks = memory.as_chunks_mut().0.as_chunks_mut().0;
        let kept = blocks.len().min(BLOCKS);
        Self {
            memory: blocks.get_mut(..kept).unwrap_or_default(),
            lines,
            end: 0,
        }
    }

    /// The sector at `at`, which must lie in `area`.
    ///
    /// If it is not there it is read, and with it its block, counted from the
    /// start of `area`; or, where the last read ended at this block, `ahead`
    /// sectors if one request brings them. So what is walked from start to end
    /// comes in long pieces, and what is asked for here and there costs a block
    /// each time.
    /// Nothing outside of `area` is read.
    fn sector<D: Disk>(
        &mut self,
        disk: &mut D,
        at: u64,
        area: Range<u64>,
        ahead: u32,
    ) -> Result<&Sector, Error> {
        if !area.contains(&at) {
            return Err(Error::new(Kind::BeyondDisk, at));
        }
        if !self.find(at) {
            let offset = at.wrapping_sub(area.start) & u64::from(BLOCK_SECTORS - 1);
            let first = at.wrapping_sub(offset);
            let count = if first == self.end {
                ahead.clamp(BLOCK_SECTORS, AHEAD_SECTORS)
            } else {
                BLOCK_SECTORS
            };
            let left = u32::try_from(area.end.wrapping_sub(first)).unwrap_or(u32::MAX);
            // A neighbour that cannot be read must not keep the sector away.
            let _ = self.fill(disk, first, count.min(left));
            if !self.find(at) {
                self.fill(disk, at, 1)
                    .map_err(|error| read_error(at, error))?;
            }
        }
        self.front(at).ok_or(read_error(at, DiskError(0)))
    }

    /// Sectors that the memory holds.
    fn capacity(&self) -> u32 {
        let blocks = u32::try_from(self.memory.len()).unwrap_or(u32::MAX);
        blocks.saturating_mul(BLOCK_SECTORS)
    }

    /// Makes the block that holds the sector at `at` the most recently used
    /// one, if there is one.
    fn find(&mut self, at: u64) -> bool {
        let found = self.lines.iter().position(|line| line.holds(at));
        found.is_some_and(|index| self.raise(index))
    }

    /// The sector at `at` in the most recently used block.
    fn front(&self, at: u64) -> Option<&Sector> {
        let line = self.lines.first().filter(|line| line.holds(at))?;
        let index = usize::try_from(at.wrapping_sub(line.first)).ok()?;
        self.memory.get(usize::from(line.block))?.get(index)
    }

    fn raise(&mut self, index: usize) -> bool {
        let Some(&line) = self.lines.get(index) else {
            return false;
        };
        let mut moved = line;
        for place in self.lines.iter_mut().take(index.wrapping_add(1)) {
            moved = replace(place, moved);
        }
        true
    }

    /// Reads sectors, with as many requests as the firmware needs.
    fn fill<D: Disk>(&mut self, disk: &mut D, first: u64, count: u32) -> Result<(), DiskError> {
        self.end = first;
        let mut left = count;
        while left > 0 {
            let (sectors, _) = disk.read(Lba(self.end), left)?.as_chunks();
            for sector in sectors {
                self.put(sector).ok_or(DiskError(0))?;
                left = left.saturating_sub(1);
            }
            if sectors.is_empty() {
                return Err(DiskError(0));
            }
        }
        Ok(())
    }

    /// Keeps the sector that lies where the last one ended.
    fn put(&mut self, sector: &Sector) -> Option<()> {
        let end = |line: &Line| line.first.wrapping_add(u64::from(line.sectors));
        let front = self.lines.first()?;
        if end(front) != self.end || u32::from(front.sectors) == BLOCK_SECTORS {
            self.raise(self.memory.len().checked_sub(1)?);
            let front = self.lines.first_mut()?;
            (front.first, front.sectors) = (self.end, 0);
        }
        let front = self.lines.first_mut()?;
        let place = self.memory.get_mut(usize::from(front.block))?;
        *place.get_mut(usize::from(front.sectors))? = *sector;
        front.sectors = front.sectors.wrapping_add(1);
        self.end = self.end.wrapping_add(1);
        Some(())
    }

    /// Drops the blocks that hold the sector at `at`.
    fn forget(&mut self, at: u64) {
        for line in self.lines.iter_mut().filter(|line| line.holds(at)) {
            line.sectors = 0;
        }
    }
}
