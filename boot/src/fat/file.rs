//! The bytes of a file.

use super::boot_sector::{SECTOR_SHIFT, Volume};
use super::chain::Chain;
use super::directory::DirEntry;
use super::{to_u32, to_usize};
use crate::Error;
use crate::disk::storage::Storage;
use crate::machine::Disk;
use layout::memory::MAX_TRANSFER_SECTORS;

const SECTOR_BYTES: u32 = 1 << SECTOR_SHIFT;
/// The most bytes that one request can bring.
const MOST_BYTES: u32 = MAX_TRANSFER_SECTORS << SECTOR_SHIFT;

/// A file that is read, and where in it reading goes on. Positions and sizes
/// are in bytes.
pub struct File {
    volume: Volume,
    chain: Chain,
    size: u32,
    position: u32,
}

impl File {
    /// The file of a node, from its start.
    pub fn open(volume: &Volume, node: &DirEntry) -> File {
        File {
            volume: *volume,
            chain: Chain::new(node.cluster),
            size: node.size,
            position: 0,
        }
    }

    /// Size of the file.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Where reading goes on.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// Lets reading go on at `to`; after the end there is nothing to read.
    pub fn seek(&mut self, to: u32) {
        self.position = to;
    }

    /// Lets reading go on at `start`, and end at `end`, which is not after the end of
    /// the file: a piece of the file is read as if it were the whole file.
    pub fn range(&mut self, start: u32, end: u32) {
        self.position = start;
        self.size = end;
    }

    /// The next bytes, at most `limit`, straight from the disk: as many as lie together
    /// there and one request brings. No bytes at the end of the file, or with a limit
    /// of 0.
    ///
    /// Whole sectors are read, so a limit that ends within a sector costs a second read
    /// of that sector.
    ///
    /// # Errors
    /// Those of [`Storage::read`] and [`Storage::table_sector`];
    /// [`ChainShort`](crate::Kind::ChainShort), [`ClusterFree`](crate::Kind::ClusterFree),
    /// [`ClusterBad`](crate::Kind::ClusterBad), [`ClusterInvalid`](crate::Kind::ClusterInvalid),
    /// [`ChainCycle`](crate::Kind::ChainCycle).
    pub fn next<'s, D: Disk>(
        &mut self,
        storage: &'s mut Storage<D>,
        limit: u32,
    ) -> Result<&'s [u8], Error> {
        let bytes = self.bytes(storage, limit, false)?;
        self.position = self.position.wrapping_add(to_u32(bytes.len()));
        Ok(bytes)
    }

    /// Reads bytes through the cache until `into` is full or the file ends, and gives
    /// their number.
    ///
    /// # Errors
    /// Those of [`File::next`].
    pub fn read_small<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        into: &mut [u8],
    ) -> Result<usize, Error> {
        let mut filled = 0;
        while let Some(rest) = into.get_mut(filled..) {
            let bytes = self.bytes(storage, to_u32(rest.len()), true)?;
            if bytes.is_empty() {
                break;
            }
            for (to, from) in rest.iter_mut().zip(bytes) {
                *to = *from;
            }
            self.position = self.position.wrapping_add(to_u32(bytes.len()));
            filled = filled.wrapping_add(bytes.len());
        }
        Ok(filled)
    }

    /// The next line of a text file, without its end, or None at the end of the file.
    /// Both LF and CR end a line, and a NUL ends the file.
    ///
    /// Of a line that is longer than `into`, the part that does not fit is missing, but for
    /// its last byte, which fills `into`: a key with many blanks after it still has a value.
    ///
    /// # Errors
    /// Those of [`File::next`].
    pub fn line<'b, D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        into: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, Error> {
        let start = self.position;
        let most = into.len().wrapping_sub(1);
        let mut length = 0_usize;
        let mut ended = false;
        while !ended {
            let bytes = self.bytes(storage, SECTOR_BYTES, true)?;
            if bytes.is_empty() {
                if self.position == start {
                    return Ok(None);
                }
                break;
            }
            for &byte in bytes {
                if byte == 0 {
                    self.size = self.position;
                    break;
                }
                self.position = self.position.wrapping_add(1);
                if byte == b'\n' || byte == b'\r' {
                    ended = true;
                    break;
                }
                let place = length.min(most);
                length = place.wrapping_add(1);
                if let Some(place) = into.get_mut(place) {
                    *place = byte;
                }
            }
        }
        Ok(into.get(..length))
    }

    /// Checks the clusters of the file before anything relies on them: there are
    /// enough, all exist, none of them is free or bad, and they do not run in a circle.
    ///
    /// Where the file lies in one piece, reading the file after this check no longer
    /// needs the file allocation table.
    ///
    /// # Errors
    /// Those of [`File::next`].
    pub fn check<D: Disk>(&mut self, storage: &mut Storage<D>) -> Result<(), Error> {
        if self.size == 0 {
            return Ok(());
        }
        self.chain.check(
            &self.volume,
            storage,
            self.size.wrapping_sub(1) >> SECTOR_SHIFT,
        )
    }

    /// The bytes from where reading goes on, at most `limit`, as far as they come
    /// together: straight from the disk, or those of one sector through the cache.
    fn bytes<'s, D: Disk>(
        &mut self,
        storage: &'s mut Storage<D>,
        limit: u32,
        cached: bool,
    ) -> Result<&'s [u8], Error> {
        let skip = self.position & (SECTOR_BYTES - 1);
        let limit = limit
            .min(self.size.saturating_sub(self.position))
            .min(MOST_BYTES);
        if limit == 0 {
            return Ok(&[]);
        }
        let number = self.position >> SECTOR_SHIFT;
        let wanted = skip.wrapping_add(limit).wrapping_add(SECTOR_BYTES - 1) >> SECTOR_SHIFT;
        let count = if cached {
            1
        } else {
            wanted.min(MAX_TRANSFER_SECTORS)
        };
        let (at, count) = self.chain.sectors(&self.volume, storage, number, count)?;
        let bytes = if cached {
            storage.sector(at)?
        } else {
            storage.read(at, count)?
        };
        let bytes = bytes.get(to_usize(skip)..).unwrap_or_default();
        Ok(bytes.get(..to_usize(limit)).unwrap_or(bytes))
    }
}
