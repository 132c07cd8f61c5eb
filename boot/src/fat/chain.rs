//! The file allocation table: which clusters follow each other.

use super::boot_sector::{FAT16, FAT32, FIRST_CLUSTER, SECTOR_SHIFT, Volume};
use super::in_sector;
use crate::disk::storage::Storage;
use crate::machine::{Disk, Lba};
use crate::{Error, Kind};

/// Entries with a meaning of their own. Those of FAT12 and FAT16 are the low
/// bits of those of FAT32.
const FREE: u32 = 0;
const BAD: u32 = 0x0fff_fff7;
const END: u32 = 0x0fff_fff8;

/// The number just below that of the first cluster.
const BEFORE_CLUSTERS: u32 = FIRST_CLUSTER - 1;

impl Volume {
    /// Goes on from a valid cluster in its chain. Gives the last of the clusters that
    /// adjoin it, as far as one sector of the table shows them, and the entry that
    /// follows, which counts only if no cluster adjoins.
    ///
    /// # Errors
    /// If no cluster adjoins: [`Kind::ChainShort`] at the end of the chain,
    /// [`Kind::ClusterFree`], [`Kind::ClusterBad`]; those of [`Storage::table_sector`].
    fn next<D: Disk>(&self, storage: &mut Storage<D>, cluster: u32) -> Result<(u32, u32), Error> {
        let (last, next) = self.entry(storage, cluster)?;
        let kind = match next {
            _ if last != cluster => return Ok((last, next)),
            FREE => Kind::ClusterFree,
            BAD => Kind::ClusterBad,
            END.. => Kind::ChainShort,
            _ => return Ok((last, next)),
        };
        Err(Error::new(kind, u64::from(cluster)))
    }

    /// The same with entries in the form of FAT32, whatever they mean.
    fn entry<D: Disk>(&self, storage: &mut Storage<D>, cluster: u32) -> Result<(u32, u32), Error> {
        let offset = cluster.wrapping_mul(self.width) >> 1;
        let number = offset >> SECTOR_SHIFT;
        let sector = self.table_sector(storage, number)?;
        let rest = sector.get(in_sector(offset)..).unwrap_or_default();
        let mut last = cluster;
        let mut next = FREE;
        if self.width == FAT32 {
            for entry in rest.as_chunks().0 {
                next = u32::from_le_bytes(*entry) & 0x0fff_ffff;
                if !self.adjoins(last, next) {
                    break;
                }
                last = next;
            }
            return Ok((last, next));
        }
        let (low, high) = match *rest {
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
        next = if entry < bad {
            entry
        } else {
            entry | (BAD & !bad)
        };
        if self.adjoins(cluster, next) {
            last = next;
        }
        Ok((last, next))
    }

    /// True if `next` is a cluster, the one after `cluster`.
    fn adjoins(&self, cluster: u32, next: u32) -> bool {
        next == cluster.wrapping_add(1) && self.has_cluster(next)
    }
}

/// A cursor on a chain of clusters: the run of adjoining ones that it stands
/// on, as far as it is known. Everything but clusters is counted in sectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The first cluster.
    first: u32,
    /// The length of the chain before the run.
    before: u32,
    /// The length of the chain up to the end of the run.
    known: u32,
    /// The last cluster of the run; 0 before the first one.
    tail: u32,
    /// A cluster that a run some jumps ago began with, and how many jumps may
    /// follow until a later one is taken, twice as many each time. A chain that runs in
    /// a circle comes to this cluster again (Brent's algorithm): the chain has to jump
    /// back, always to the same cluster.
    mark: u32,
    jumps: u32,
    stride: u32,
}

impl Chain {
    /// Before the start of the chain that begins with this cluster.
    pub(super) fn new(first: u32) -> Self {
        Self {
            first,
            before: 0,
            known: 0,
            tail: 0,
            mark: 0,
            jumps: 1,
            stride: 1,
        }
    }

    /// The root directory of FAT12 and FAT16: a run that is not in the table,
    /// but ends where the first cluster begins.
    pub(super) fn root(volume: &Volume) -> Self {
        Self {
            tail: BEFORE_CLUSTERS,
            known: volume.root_sectors,
            ..Self::new(0)
        }
    }

    /// The first cluster of the chain, 0 if it has no clusters.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// Where sector `number` of the chain lies, and how many sectors from there
    /// on adjoin, `count` of them at most.
    ///
    /// # Errors
    /// Those of [`Volume::next`], [`Kind::ClusterInvalid`],
    /// [`Kind::ChainCycle`].
    pub(super) fn sectors<D: Disk>(
        &mut self,
        volume: &Volume,
        storage: &mut Storage<D>,
        number: u32,
        count: u32,
    ) -> Result<(Lba, u32), Error> {
        if number < self.before {
            *self = Self::new(self.first);
        }
        let end = number.wrapping_add(count);
        while self.known < end {
            let (last, next) = match self.tail {
                0 => (0, self.first),
                BEFORE_CLUSTERS => return Err(Error::new(Kind::ChainShort, 0)),
                tail => volume.next(storage, tail)?,
            };
            let mut clusters = last.wrapping_sub(self.tail);
            self.tail = last;
            if clusters == 0 {
                if number < self.known {
                    break;
                }
                self.jump(volume, next)?;
                clusters = 1;
            }
            let sectors = clusters.wrapping_shl(volume.cluster_shift);
            self.known = self.known.wrapping_add(sectors);
        }
        // The run ends where its last cluster does.
        let left = self.known.wrapping_sub(number);
        let at = volume.cluster(self.tail.wrapping_add(1)).wrapping_sub(left);
        Ok((volume.lba(at), left.min(count)))
    }

    /// Follows the chain to its end. Sector `last` must not lie after that end.
    ///
    /// # Errors
    /// Those of [`Chain::sectors`].
    pub(super) fn check<D: Disk>(
        &mut self,
        volume: &Volume,
        storage: &mut Storage<D>,
        last: u32,
    ) -> Result<(), Error> {
        match self.sectors(volume, storage, u32::MAX - 1, 1) {
            Err(error) if !error.is(Kind::ChainShort) || last >= self.known => Err(error),
            _ => Ok(()),
        }
    }

    /// Begins a new run, with cluster `next`.
    fn jump(&mut self, volume: &Volume, next: u32) -> Result<(), Error> {
        let kind = if !volume.has_cluster(next) {
            Kind::ClusterInvalid
        } else if next == self.mark {
            Kind::ChainCycle
        } else {
            self.jumps = self.jumps.wrapping_sub(1);
            if self.jumps == 0 {
                self.mark = next;
                self.stride = self.stride.wrapping_mul(2);
                self.jumps = self.stride;
            }
            self.before = self.known;
            self.tail = next;
            return Ok(());
        };
        Err(Error::new(kind, u64::from(next)))
    }
}
