//! A file gets a name that is longer by two units, by the write of one sector.
//!
//! It is done only where one sector holds all slots that change, so that the file has
//! either its old name or its new one, whenever the power fails. If the last slot has
//! room, the units after the counter move up in it. Otherwise a deleted slot directly
//! in front of the set becomes the set's new first slot, in the same write that takes
//! the mark of the last piece from the old first slot. Until that write, the deleted
//! slot belongs to no file, and the set is unchanged.

use super::boot_sector::Volume;
use super::directory::{DELETED, DirEntry, LAST_PIECE, SLOT};
use super::name::{MOST_UNITS, Name};
use super::rename::{LongName, ONE_SECTOR, PIECE, difference};
use super::{in_sector, to_usize};
use crate::Error;
use crate::disk::storage::Storage;
use crate::machine::{Disk, Sector};
use crate::overlay::Overlay;

impl Overlay {
    /// Gives the file of a node the name `new`, which is longer than `old`, its present
    /// name; where the two differ, both are ASCII. `name` is for the names of the other
    /// files. Gives false and writes nothing where there is no room.
    ///
    /// # Errors
    /// Those of [`Volume::rename`].
    #[inline(never)] // a way into the overlay
    pub(crate) fn lengthen<D: Disk>(
        self,
        volume: &Volume,
        storage: &mut Storage<D>,
        node: &DirEntry,
        long: &LongName,
        (old, new): (&[u8], &[u8]),
        name: &mut Name,
    ) -> Result<bool, Error> {
        let first = difference(old, new);
        let last = new.len().wrapping_sub(1);
        let units = new.len().wrapping_sub(long.surplus);
        if units > MOST_UNITS || !long.together(first, last, ONE_SECTOR) {
            return Ok(false);
        }
        let (at, _) = volume.place(storage, node, long.place(first))?;
        let before = *storage.sector(at)?;
        let mut after = before;
        if long.piece(last) >= long.pieces {
            let free = node.offset.wrapping_sub(SLOT);
            if before.get(in_sector(free)) != Some(&DELETED) {
                return Ok(false);
            }
            prepend(&mut after, in_sector(free));
        }
        let pieces = long.piece(last).wrapping_add(1);
        let end = pieces.wrapping_mul(PIECE).wrapping_add(long.surplus);
        for byte in first..end {
            let unit = match new.get(byte) {
                Some(&letter) => letter.into(),
                None if byte == new.len() => 0,
                None => 0xffff,
            };
            long.put(&mut after, byte, unit);
        }
        volume.check_new_name(storage, node, (new, new), name)?;
        storage.replace(at, &before, &after)?;
        Ok(true)
    }
}

/// Makes the deleted slot at byte `start`, in front of the first slot of a set, the
/// first slot.
fn prepend(sector: &mut Sector, start: usize) {
    let (_, slots) = sector.split_at_mut_checked(start).unwrap_or_default();
    if let Some((free, [ord, set @ ..])) = slots.split_at_mut_checked(to_usize(SLOT))
        && let [number, free @ ..] = free
        && let Some(set) = set.get(..free.len())
    {
        *number = ord.wrapping_add(1);
        *ord &= !LAST_PIECE;
        free.copy_from_slice(set);
    }
}
