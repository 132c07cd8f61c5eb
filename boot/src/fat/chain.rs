//! The file allocation table: which clusters follow each other.

use super::boot_sector::{FAT16, FAT32, SECTOR_SHIFT, Volume};
use super::in_sector;
use crate::machine::{Disk, Lba};
use crate::storage::Storage;
use crate::{Error, Kind};

/// Entries with a meaning of their own. Those of FAT12 and FAT16 are the low
/// bits of those of FAT32.
const FREE: u32 = 0;
const BAD: u32 = 0x0fff_fff7;
const END: u32 = 0x0fff_fff8;

impl Volume {
    /// The cluster that follows a valid one in its chain.
    ///
    /// Errors: [`Kind::ChainShort`] at the end of the chain;
    /// [`Kind::ClusterFree`], [`Kind::ClusterBad`], [`Kind::ClusterInvalid`];
    /// those of [`Storage::table_sector`].
    fn next<D: Disk>(&self, storage: &mut Storage<D>, cluster: u32) -> Result<u32, Error> {
        let kind = match self.entry(storage, cluster)? {
            FREE => Kind::ClusterFree,
            BAD => Kind::ClusterBad,
            END.. => Kind::ChainShort,
            next => return self.cluster(next).map(|_| next),
        };
        Err(Error::new(kind, u64::from(cluster)))
    }

    /// The entry of a valid cluster, as FAT32 would have it.
    fn entry<D: Disk>(&self, storage: &mut Storage<D>, cluster: u32) -> Result<u32, Error> {
        let offset = cluster.wrapping_mul(self.width) >> 1;
        let number = offset >> SECTOR_SHIFT;
        let sector = self.table_sector(storage, number)?;
        let (low, high) = match *sector.get(in_sector(offset)..).unwrap_or_default() {
            [a, b, c, d, ..] if self.width == FAT32 => {
                return Ok(u32::from_le_bytes([a, b, c, d]) & 0x0fff_ffff);
            }
            [low, high, ..] => (low, high),
            // Entries of FAT12 may begin in one sector and end in the next.
            [low] => (low, self.table_sector(storage, number.wrapping_add(1))?[0]),
            [] => (0, 0),
        };
        let pair = u32::from(u16::from_le_bytes([low, high]));
        let (entry, bad) = match self.width {
            FAT16 => (pair, 0xfff7),
            _ if cluster & 1 == 0 => (pair & 0xfff, 0xff7),
            _ => (pair >> 4, 0xff7),
        };
        Ok(if entry < bad {
            entry
        } else {
            entry | (BAD & !bad)
        })
    }
}

/// A cursor on a chain of clusters: the run of adjoining ones that it stands
/// on, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The first cluster of the chain.
    first: u32,
    /// The first cluster of the run, and how many clusters come before it.
    start: u32,
    index: u32,
    /// Clusters in the run; 0 only before the first step.
    length: u32,
    /// A cluster that the chain was at some steps ago, and how many steps may
    /// follow until a later one is taken, twice as many each time. A chain that
    /// runs in a circle comes by it (Brent's algorithm).
    mark: u32,
    steps: u32,
    stride: u32,
}

impl Chain {
    /// At the start of the chain that begins with this cluster.
    pub(super) fn new(first: u32) -> Self {
        Self {
            first,
            start: first,
            index: 0,
            length: 0,
            mark: first,
            steps: 1,
            stride: 1,
        }
    }

    /// The first cluster of the chain.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// Follows the chain to its end, which must not come before its sector
    /// `last`.
    ///
    /// Errors: those of [`Volume::next`], [`Kind::ChainCycle`].
    pub(super) fn check<D: Disk>(
        &mut self,
        volume: &Volume,
        storage: &mut Storage<D>,
        last: u32,
    ) -> Result<(), Error> {
        match self.reach(volume, storage, u32::MAX, u32::MAX) {
            Err(Error {
                kind: Kind::ChainShort,
                ..
            }) if last.wrapping_shr(volume.cluster_shift) < self.known() => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// Clusters that are known to be in the chain.
    fn known(&self) -> u32 {
        self.index.wrapping_add(self.length)
    }

    /// Where sector `number` of the chain lies, and how many sectors from there
    /// on adjoin, `count` of them at most.
    ///
    /// Errors: those of [`Volume::next`], [`Kind::ChainCycle`].
    pub(super) fn sectors<D: Disk>(
        &mut self,
        volume: &Volume,
        storage: &mut Storage<D>,
        number: u32,
        count: u32,
    ) -> Result<(Lba, u32), Error> {
        let shift = volume.cluster_shift;
        let last = number.saturating_add(count).saturating_sub(1);
        let index = number.wrapping_shr(shift);
        let (Lba(first), clusters) =
            self.reach(volume, storage, index, last.wrapping_shr(shift))?;
        let before = number.wrapping_sub(index.wrapping_shl(shift));
        let adjoining = clusters.wrapping_shl(shift).wrapping_sub(before);
        Ok((
            Lba(first.saturating_add(u64::from(before))),
            adjoining.min(count),
        ))
    }

    /// Goes to cluster number `index` of the chain and as far on, towards
    /// number `last`, as clusters adjoin. Gives the first sector of that
    /// cluster, and how many clusters from it to `last` adjoin.
    fn reach<D: Disk>(
        &mut self,
        volume: &Volume,
        storage: &mut Storage<D>,
        index: u32,
        last: u32,
    ) -> Result<(Lba, u32), Error> {
        if index < self.index {
            *self = Self::new(self.first);
        }
        if self.length == 0 {
            volume.cluster(self.first)?;
            self.length = 1;
        }
        while self.known() <= last {
            let tail = self.start.wrapping_add(self.length.wrapping_sub(1));
            let next = volume.next(storage, tail)?;
            let adjoins = next == tail.wrapping_add(1);
            if !adjoins && index < self.known() {
                break;
            }
            self.step(next)?;
            if adjoins {
                self.length = self.length.wrapping_add(1);
            } else {
                (self.start, self.index, self.length) = (next, self.known(), 1);
            }
        }
        let before = index.wrapping_sub(self.index);
        let lba = volume.cluster(self.start.wrapping_add(before))?;
        let to = self.known().min(last.saturating_add(1));
        Ok((lba, to.wrapping_sub(index)))
    }

    /// Notes a step to the next cluster.
    fn step(&mut self, next: u32) -> Result<(), Error> {
        if next == self.mark {
            return Err(Error::new(Kind::ChainCycle, u64::from(next)));
        }
        self.steps = self.steps.wrapping_sub(1);
        if self.steps == 0 {
            self.mark = next;
            self.stride = self.stride.saturating_mul(2);
            self.steps = self.stride;
        }
        Ok(())
    }
}
