//! The file allocation table: which clusters follow each other.

use super::boot_sector::{FAT16, FAT32, FIRST_CLUSTER, SECTOR_SHIFT, Volume};
use super::in_sector;
use crate::machine::{Disk, Lba};
use crate::storage::Storage;
use crate::{Error, Kind};

/// Entries with a meaning of their own. Those of FAT12 and FAT16 are the low
/// bits of those of FAT32.
const FREE: u32 = 0;
const BAD: u32 = 0x0fff_fff7;
const END: u32 = 0x0fff_fff8;

/// The number before that of the first cluster.
const BEFORE_CLUSTERS: u32 = FIRST_CLUSTER - 1;

impl Volume {
    /// The cluster that follows a valid one in its chain, if it is one.
    ///
    /// # Errors
    /// [`Kind::ChainShort`] at the end of the chain;
    /// [`Kind::ClusterFree`], [`Kind::ClusterBad`]; those of
    /// [`Storage::table_sector`].
    fn next<D: Disk>(&self, storage: &mut Storage<D>, cluster: u32) -> Result<u32, Error> {
        let kind = match self.entry(storage, cluster)? {
            FREE => Kind::ClusterFree,
            BAD => Kind::ClusterBad,
            END.. => Kind::ChainShort,
            next => return Ok(next),
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
/// on, as far as it is known. Everything but clusters is counted in sectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The first cluster.
    first: u32,
    /// How much of the chain comes before the run.
    before: u32,
    /// How much of the chain there is up to the end of the run.
    known: u32,
    /// The last cluster of the run; 0 before the first step.
    tail: u32,
    /// A cluster that the chain came by some steps ago, and how many steps may
    /// follow until a later one is taken, twice as many each time. A chain that
    /// runs in a circle comes by it again (Brent's algorithm).
    mark: u32,
    steps: u32,
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
            steps: 1,
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
            let next = match self.tail {
                0 => self.first,
                BEFORE_CLUSTERS => return Err(Error::new(Kind::ChainShort, 0)),
                tail => volume.next(storage, tail)?,
            };
            let adjoins = next == self.tail.wrapping_add(1);
            if !adjoins && number < self.known {
                break;
            }
            self.step(volume, next)?;
            if !adjoins {
                self.before = self.known;
            }
            self.tail = next;
            self.known = self
                .known
                .wrapping_add(1_u32.wrapping_shl(volume.cluster_shift));
        }
        // The run ends where its last cluster does.
        let left = self.known.wrapping_sub(number);
        let at = volume.cluster(self.tail.wrapping_add(1)).wrapping_sub(left);
        Ok((volume.lba(at), left.min(count)))
    }

    /// Follows the chain to its end, behind which sector `last` must not lie.
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

    /// Notes a step to the next cluster.
    fn step(&mut self, volume: &Volume, next: u32) -> Result<(), Error> {
        let kind = if !volume.has_cluster(next) {
            Kind::ClusterInvalid
        } else if next == self.mark {
            Kind::ChainCycle
        } else {
            self.steps = self.steps.wrapping_sub(1);
            if self.steps == 0 {
                self.mark = next;
                self.stride = self.stride.wrapping_mul(2);
                self.steps = self.stride;
            }
            return Ok(());
        };
        Err(Error::new(kind, u64::from(next)))
    }
}
