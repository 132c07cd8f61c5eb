//! A strict disk in memory. It panics at requests that could hang a real disk or
//! wear it out.

use boot::disk::storage::{Caches, Storage};
use boot::machine::{Disk, DiskError, Lba, Sector};
use layout::disk::SECTOR;
use layout::memory::MAX_TRANSFER_SECTORS;

/// The status of a request that touches an unreadable sector.
const UNREADABLE: DiskError = DiskError(0x0c);

/// A disk whose first bytes are given; the others are zeros.
#[derive(Clone)]
pub struct MemoryDisk {
    bytes: Vec<u8>,
    sectors: u64,
    /// Requests that may still be made.
    pub budget: u32,
    /// A sector that cannot be read; each request that touches it fails.
    pub unreadable: Option<u64>,
    /// Every sector that was written, in order.
    pub writes: Vec<u64>,
    /// From some moment on, the disk answers differently.
    pub change: Option<Change>,
    /// Requests that were made.
    requests: u32,
    buffer: Vec<u8>,
}

/// A change that nobody wrote: a disk that fails, or a trick.
#[derive(Clone)]
pub struct Change {
    /// When it comes.
    pub moment: Moment,
    /// Places on the disk, in bytes, and the bytes that are there from then on.
    pub patches: Vec<(usize, Vec<u8>)>,
}

/// A moment of a boot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After the first write: what was checked is about to be loaded.
    Written,
    /// After this number of requests.
    Requests(u32),
}

impl MemoryDisk {
    /// A disk of `sectors` sectors, fewer than 2^20, that begins with `bytes`. It
    /// panics after `budget` requests, which is taken for an endless loop.
    pub fn new(bytes: &[u8], sectors: u64, budget: u32) -> Self {
        let end = bytes.len().min(sectors as usize * SECTOR);
        let mut bytes = bytes[..end].to_vec();
        bytes.resize(end.next_multiple_of(SECTOR), 0);
        Self {
            bytes,
            sectors,
            budget,
            unreadable: None,
            writes: Vec::new(),
            change: None,
            requests: 0,
            buffer: Vec::new(),
        }
    }

    /// The bytes of the disk; all after them are zero.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Changes the disk if this is the moment.
    fn pass(&mut self, moment: Moment) {
        let change = self.change.take_if(|change| change.moment == moment);
        for (at, bytes) in change.map(|change| change.patches).unwrap_or_default() {
            let end = at + bytes.len();
            if self.bytes.len() < end {
                self.bytes.resize(end.next_multiple_of(SECTOR), 0);
            }
            self.bytes[at..end].copy_from_slice(&bytes);
        }
    }

    fn spend(&mut self, at: u64, count: u32) -> Result<u64, DiskError> {
        assert!(
            (1..=MAX_TRANSFER_SECTORS).contains(&count),
            "{count} sectors in one request"
        );
        let end = at
            .checked_add(count.into())
            .expect("beyond the last LBA there is");
        assert!(
            end <= self.sectors,
            "{at} + {count} of {} sectors",
            self.sectors
        );
        self.budget = self.budget.checked_sub(1).expect("too many requests");
        self.requests += 1;
        self.pass(Moment::Requests(self.requests));
        match self.unreadable {
            Some(bad) if (at..end).contains(&bad) => Err(UNREADABLE),
            _ => Ok(end),
        }
    }
}

impl Disk for MemoryDisk {
    fn sectors(&self) -> Option<u64> {
        Some(self.sectors)
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let end = self.spend(at.0, count)? as usize * SECTOR;
        let start = at.0 as usize * SECTOR;
        if let Some(bytes) = self.bytes.get(start..end) {
            return Ok(bytes);
        }
        self.buffer.clear();
        self.buffer
            .extend(self.bytes.get(start..).unwrap_or_default());
        self.buffer.resize(end - start, 0);
        Ok(&self.buffer)
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        let end = self.spend(at.0, 1)? as usize * SECTOR;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[end - SECTOR..end].copy_from_slice(sector);
        self.writes.push(at.0);
        self.pass(Moment::Written);
        Ok(())
    }
}

/// Memory for the caches, filled with garbage.
pub struct CacheMemory {
    blocks: [u8; 32 << 10],
    table: [u8; 32 << 10],
}

impl CacheMemory {
    /// The least that the caches may have.
    pub fn new() -> Box<Self> {
        Box::new(Self {
            blocks: [0xaa; 32 << 10],
            table: [0xaa; 32 << 10],
        })
    }

    /// The disk with empty caches over it.
    pub fn storage<'a, D: Disk>(&'a mut self, disk: &'a mut D) -> Storage<'a, D> {
        Storage::new(
            disk,
            Caches {
                blocks: &mut self.blocks,
                table: &mut self.table,
            },
        )
    }
}
