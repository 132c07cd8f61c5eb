//! A disk that keeps a log, and fails as it is told.

use boot::disk::storage::{Caches, Storage};
use boot::machine::{Disk, DiskError, Lba, Sector};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;

/// The status of the firmware for everything that fails.
pub const STATUS: u8 = 0x0c;

#[derive(Clone)]
pub struct FakeDisk {
    file: Option<Rc<File>>,
    /// Where the file begins on the disk.
    pub first: u64,
    /// Sectors on the disk.
    pub sectors: u64,
    /// Whether the firmware says so.
    pub size_known: bool,
    /// Sectors that differ from the file.
    pub patches: BTreeMap<u64, Sector>,
    /// Sectors that cannot be read.
    pub bad: BTreeSet<u64>,
    /// The most sectors that one call gives.
    pub most: u32,
    /// Every request: where, and how many sectors were asked for.
    pub log: Vec<(u64, u32)>,
    /// Every sector that was written, and what with.
    pub writes: Vec<(u64, Sector)>,
    /// Sectors that stay as they are, though the firmware says they are written.
    pub lost: BTreeSet<u64>,
    /// Whether no sector can be written.
    pub locked: bool,
    /// Sectors that read as zeros after this many reads.
    pub stale: BTreeMap<u64, usize>,
    buffer: Vec<u8>,
}

impl FakeDisk {
    /// A disk of zeros.
    pub fn empty(sectors: u64) -> Self {
        Self {
            file: None,
            first: 0,
            sectors,
            size_known: true,
            patches: BTreeMap::new(),
            bad: BTreeSet::new(),
            most: 127,
            log: Vec::new(),
            writes: Vec::new(),
            lost: BTreeSet::new(),
            locked: false,
            stale: BTreeMap::new(),
            buffer: Vec::new(),
        }
    }

    /// A disk that holds what a file holds.
    pub fn of_file(path: &Path) -> Self {
        Self::of_file_at(path, 0)
    }

    /// A disk that holds what a file holds from LBA `first` on.
    pub fn of_file_at(path: &Path, first: u64) -> Self {
        let file = File::open(path).unwrap();
        let sectors = file.metadata().unwrap().len() / 512;
        Self {
            file: Some(Rc::new(file)),
            first,
            ..Self::empty(first + sectors)
        }
    }

    pub fn sector(&self, at: u64) -> Sector {
        let mut sector = [0; 512];
        if let Some(patch) = self.patches.get(&at) {
            sector = *patch;
        } else if let (Some(file), Some(offset)) = (&self.file, at.checked_sub(self.first)) {
            file.read_exact_at(&mut sector, offset * 512).unwrap();
        }
        sector
    }

    /// Changes bytes, `offset` being counted from the start of sector `at`.
    pub fn patch(&mut self, at: u64, offset: usize, bytes: &[u8]) {
        for (index, &byte) in bytes.iter().enumerate() {
            let at = at + ((offset + index) / 512) as u64;
            let mut sector = self.sector(at);
            sector[(offset + index) % 512] = byte;
            self.patches.insert(at, sector);
        }
    }

    /// How often each sector was asked for.
    pub fn counts(&self) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        for &(at, count) in &self.log {
            for at in at..at + u64::from(count) {
                *counts.entry(at).or_default() += 1;
            }
        }
        counts
    }
}

impl Disk for FakeDisk {
    fn sectors(&self) -> Option<u64> {
        self.size_known.then_some(self.sectors)
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let Lba(at) = at;
        assert!((1..=127).contains(&count), "{count} sectors in one call");
        let end = at + u64::from(count);
        // Some controllers hang when this is tried.
        assert!(
            end <= self.sectors,
            "read beyond the end of the disk: {at} + {count}"
        );
        self.log.push((at, count));
        if self.bad.range(at..end).next().is_some() {
            return Err(DiskError(STATUS));
        }
        self.buffer.clear();
        for at in at..end.min(at + u64::from(self.most)) {
            let mut sector = self.sector(at);
            if let Some(reads) = self.stale.get_mut(&at) {
                match reads.checked_sub(1) {
                    Some(left) => *reads = left,
                    None => sector = [0; 512],
                }
            }
            self.buffer.extend(sector);
        }
        Ok(&self.buffer)
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        let Lba(at) = at;
        assert!(at < self.sectors, "write beyond the end of the disk: {at}");
        if self.locked || self.bad.contains(&at) {
            return Err(DiskError(STATUS));
        }
        self.writes.push((at, *sector));
        if !self.lost.contains(&at) {
            self.patches.insert(at, *sector);
        }
        Ok(())
    }
}

/// Memory for caches, dirty as it comes.
pub struct Memory {
    blocks: Vec<u8>,
    table: Vec<u8>,
}

impl Memory {
    /// As much as stage2 has: 48 and 32 KiB.
    pub fn new() -> Self {
        Self {
            blocks: vec![0xaa; 48 << 10],
            table: vec![0xaa; 32 << 10],
        }
    }

    pub fn storage<'a>(&'a mut self, disk: &'a mut FakeDisk) -> Storage<'a, FakeDisk> {
        Storage::new(
            disk,
            Caches {
                blocks: &mut self.blocks,
                table: &mut self.table,
            },
        )
    }
}
