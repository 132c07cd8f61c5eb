//! Gives a file another name in place: in the slots that it already has.
//!
//! Nothing but the last units of its long name changes. Short name, attributes,
//! times, cluster and size stay, and because the short name stays, so does the checksum
//! that ties the long name's slots to it. No sector of a file allocation table is
//! written, and no directory grows.
//!
//! # Why every state that the disk can be left in is legal
//!
//! Firmware does not flush, so a power cut leaves each of the written sectors old or
//! new, in whatever order they were written.
//!
//! * **A new name of the same length** differs in digits of the counter only.
//!   A sector that is old, new, or new up to some byte and old after it has the old
//!   digit or the new one at each of these places (the upper byte of a digit's unit is
//!   0 in both), and the same holds for several sectors together. Numbers, checksums
//!   and lengths of the slots are the same in all of them. A search finds the file
//!   once, with a counter of as many digits as before. `crate::attempt::count` makes
//!   sure that all changed digits of LEFT are in one sector, so LEFT is the old or the
//!   new one unless that sector is torn.
//! * **A new name that is longer by two units** takes one write, see `grow`.
//! * **No second file of a name**: a new name is refused if another file's name differs
//!   from it only in the case of letters. Where two sectors are written, the same check
//!   covers every name on the way from the old digits to the new ones. Where one write
//!   is enough, no reader ever sees a name on the way: disks write a sector as a whole.

use super::boot_sector::Volume;
use super::directory::{DirEntry, SLOT};
use super::name::Name;
use super::{in_sector, to_u32};
use crate::disk::storage::Storage;
use crate::machine::{Disk, Sector};
use crate::{Error, Kind};
use core::ops::Range;

/// Units in a slot.
pub(super) const PIECE: usize = 13;
/// Slots at places that differ only in this many low bits are in one sector.
pub(crate) const ONE_SECTOR: u32 = 9;
/// The same for one slot.
pub(crate) const ONE_SLOT: u32 = 5;

/// Where the units of a file's long name lie. The end of the name is ASCII. Units are
/// counted as the bytes of the name's UTF-8 form, and pieces from its start.
#[derive(Clone, Copy)]
pub(crate) struct LongName {
    /// Where the slot of the short name begins in the directory, in bytes. The pieces
    /// stand in front of it, the first one last.
    end: u32,
    /// The number of bytes in the UTF-8 form, minus the number of units.
    pub(super) surplus: usize,
    pub(super) pieces: usize,
}

impl LongName {
    /// The places for a node and its name; None if the node does not have the slots
    /// that such a name takes, for example because it has only a short name.
    pub(crate) fn of(node: &DirEntry, name: &Name) -> Option<LongName> {
        let pieces = node.slots().wrapping_sub(1);
        let units = name.units;
        (units.div_ceil(PIECE) == usize::from(pieces)).then_some(LongName {
            end: node
                .offset
                .wrapping_add(u32::from(pieces).wrapping_mul(SLOT)),
            surplus: name.as_bytes().len().wrapping_sub(units),
            pieces: pieces.into(),
        })
    }

    /// True if the units of two bytes are as near to each other as
    /// [`ONE_SECTOR`] or [`ONE_SLOT`] says.
    pub(crate) fn together(&self, first: usize, last: usize, near: u32) -> bool {
        (self.place(first) ^ self.place(last)).wrapping_shr(near) == 0
    }

    /// The piece with the unit of a byte.
    pub(super) fn piece(&self, byte: usize) -> usize {
        byte.wrapping_sub(self.surplus) / PIECE
    }

    /// Where the unit of a byte lies in the directory, in bytes.
    pub(super) fn place(&self, byte: usize) -> u32 {
        let index = byte.wrapping_sub(self.surplus) % PIECE;
        // After the number, the attributes or the empty field for a cluster.
        let before = match index {
            0..5 => 1,
            5..11 => 4,
            _ => 6,
        };
        let slots = to_u32(self.piece(byte)).wrapping_add(1);
        self.end
            .wrapping_sub(slots.wrapping_mul(SLOT))
            .wrapping_add(to_u32(index).wrapping_mul(2))
            .wrapping_add(before)
    }

    /// Writes the unit of a byte to the sector that it lies in.
    pub(super) fn put(&self, sector: &mut Sector, byte: usize, unit: u16) {
        let place = in_sector(self.place(byte));
        if let Some(room) = sector.get_mut(place..)
            && let Some(room) = room.first_chunk_mut()
        {
            *room = unit.to_le_bytes();
        }
    }
}

impl Volume {
    /// Reads the name of a node again.
    ///
    /// # Errors
    /// Those of [`super::Walk::next`]; [`Kind::DiskUnstable`] if something else is
    /// there now.
    pub(crate) fn name<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &DirEntry,
        name: &mut Name,
    ) -> Result<(), Error> {
        let mut walk = self.walk(&node.parent());
        walk.offset = node.offset;
        match walk.next(storage, name)? {
            Some(found) if found.offset == node.offset && found.slots() == node.slots() => Ok(()),
            _ => Err(Error::new(Kind::DiskUnstable, 0)),
        }
    }

    /// Gives the file of a node the name `new` in place of `old`. They are of the same
    /// length and differ in the bytes of `change` only, and both are ASCII there. `name`
    /// is for the names of the other files.
    ///
    /// # Errors
    /// [`Kind::NameExists`]; [`Kind::DiskUnstable`] if a sector reads differently from
    /// before or from what was written; [`Kind::DiskWrite`]; those of
    /// [`super::Walk::next`].
    pub(crate) fn rename<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &DirEntry,
        long: &LongName,
        (old, new, change): (&[u8], &[u8], Range<usize>),
        name: &mut Name,
    ) -> Result<(), Error> {
        // No name on the way, where one write brings the new name.
        let is_one_write = long.together(change.start, change.end.wrapping_sub(1), ONE_SECTOR);
        let before = if is_one_write { new } else { old };
        self.check_new_name(storage, node, (before, new), name)?;
        let mut byte = change.start;
        while byte < change.end {
            let first = byte;
            let (at, _) = self.place(storage, node, long.place(byte))?;
            let before = *storage.sector(at)?;
            let mut after = before;
            while let Some(&letter) = new.get(byte)
                && long.together(first, byte, ONE_SECTOR)
            {
                long.put(&mut after, byte, letter.into());
                byte = byte.wrapping_add(1);
            }
            if after != before {
                storage.replace(at, &before, &after)?;
            }
        }
        Ok(())
    }

    /// Refuses the new name if another file of the directory has it, or has a name with
    /// the old digit in some places and the new one in others.
    pub(super) fn check_new_name<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &DirEntry,
        (old, new): (&[u8], &[u8]),
        name: &mut Name,
    ) -> Result<(), Error> {
        let mut walk = self.walk(&node.parent());
        while let Some(other) = walk.next(storage, name)? {
            let name = name.as_bytes();
            if name.len() == new.len()
                && other.offset != node.offset
                && (0..new.len()).all(|at| {
                    let letter = small(name, at);
                    letter == small(old, at) || letter == small(new, at)
                })
            {
                return Err(Error::new(Kind::NameExists, 0));
            }
        }
        Ok(())
    }
}

/// A letter of a name, in lower case.
fn small(name: &[u8], at: usize) -> u8 {
    name.get(at).map_or(0, u8::to_ascii_lowercase)
}

/// The first byte that differs, or where the shorter name ends.
pub(crate) fn difference(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new);
    same.count()
}
