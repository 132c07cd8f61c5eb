//! A file gets another name in place: in the slots that it has.
//!
//! Nothing but the last units of its long name changes. Short name, attributes,
//! times, cluster and size stay, and with the short name the checksum that ties
//! the long name's slots to it. No sector of a file allocation table is
//! written, and no directory grows.
//!
//! # Why every state that the disk can be left in is legal
//!
//! Firmware does not flush, so a power cut leaves any of the written sectors
//! old or new, whatever their order was.
//!
//! * **A new name of the same length** differs in digits of the counter only.
//!   A sector that is old, new, or new up to some byte and old behind it has at
//!   each of these places the old digit or the new one (the upper byte of a
//!   digit's unit is 0 in both), and so have several sectors together. Numbers,
//!   checksums and lengths of the slots are the same in all of them. What
//!   can be found is the file, once, with a counter of as many digits as before.
//!   `crate::count` sees to it that all changed digits of LEFT are in one
//!   sector, whence LEFT is the old or the new one unless that sector is torn.
//! * **A new name of two units more** is written only where one sector holds
//!   all slots that change: the file has its old name or its new one. If the
//!   last slot has room, the units behind the counter move up in it. Otherwise
//!   a deleted slot directly before the set becomes its new first one, in the
//!   same write that takes the mark of the last piece from the old first one.
//!   Before the write the deleted slot belongs to nothing; behind it everything
//!   is as it was.
//! * **No second file of a name**: names that differ from those of other files
//!   in nothing but letters' case are refused, those on the way from the old
//!   digits to the new ones included.

use super::boot_sector::Volume;
use super::directory::{DELETED, LAST_PIECE, Node, SLOT};
use super::name::{MOST_UNITS, Name};
use super::{in_sector, to_u32};
use crate::machine::Disk;
use crate::storage::Storage;
use crate::{Error, Kind};

/// Units in a slot.
const PIECE: usize = 13;
/// Bytes of a slot.
const SLOT_BYTES: usize = 32;
/// Slots at places that differ only in this many low bits are in one sector.
pub(crate) const ONE_SECTOR: u32 = 9;
/// The same for one slot.
pub(crate) const ONE_SLOT: u32 = 5;

/// Where the units of a file's long name lie, whose end is ASCII. Units are
/// counted as the bytes of its UTF-8 form, and pieces from its start.
#[derive(Clone, Copy)]
pub(crate) struct LongName {
    /// Where the slot of the short name begins in the directory, in bytes. The
    /// pieces stand before it, the first one last.
    end: u32,
    /// Bytes that the UTF-8 form has more than there are units.
    surplus: usize,
    pieces: usize,
}

impl LongName {
    /// Of a node and its name; None if it has not the slots that such a name
    /// takes, as when it has a short name only.
    pub(crate) fn of(node: &Node, name: &Name) -> Option<LongName> {
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
    fn piece(&self, byte: usize) -> usize {
        byte.wrapping_sub(self.surplus) / PIECE
    }

    /// Where the unit of a byte lies in the directory, in bytes.
    #[inline(never)]
    fn place(&self, byte: usize) -> u32 {
        let index = byte.wrapping_sub(self.surplus) % PIECE;
        // Behind the number, the attributes or the empty field for a cluster.
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
}

impl Volume {
    /// Reads the name of a node again.
    ///
    /// # Errors
    /// Those of [`super::Walk::next`]; [`Kind::DiskUnstable`] if there is
    /// something else now.
    pub(crate) fn name<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &Node,
        name: &mut Name,
    ) -> Result<(), Error> {
        let mut walk = self.walk(&node.parent());
        walk.offset = node.offset;
        match walk.next(storage, name)? {
            Some(found) if found.offset == node.offset && found.slots() == node.slots() => Ok(()),
            _ => Err(Error::new(Kind::DiskUnstable, 0)),
        }
    }

    /// True if a name can become `length` bytes long, its bytes changing from
    /// `first` on, by the write of one sector.
    ///
    /// # Errors
    /// Those of [`Volume::slot`] and [`Storage::sector`].
    pub(crate) fn has_room<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &Node,
        long: &LongName,
        first: usize,
        length: usize,
    ) -> Result<bool, Error> {
        let last = length.wrapping_sub(1);
        if length.wrapping_sub(long.surplus) > MOST_UNITS || !long.together(first, last, ONE_SECTOR)
        {
            return Ok(false);
        }
        if long.piece(last) < long.pieces {
            return Ok(true);
        }
        let before = node.offset.wrapping_sub(SLOT);
        let (at, place) = self.place(storage, node, before)?;
        Ok(storage.sector(at)?.get(place) == Some(&DELETED))
    }

    /// Gives the file of a node the name `new` in place of `old`, which must
    /// have room for it. They differ from byte `first` on, and both are ASCII there. `name` is
    /// for the names of the other files.
    ///
    /// # Errors
    /// [`Kind::NameExists`]; [`Kind::DiskUnstable`] if a sector does not read
    /// as it was or was written; [`Kind::DiskWrite`]; those of
    /// [`super::Walk::next`].
    pub(crate) fn rename<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &Node,
        long: &LongName,
        (old, new, first): (&[u8], &[u8], usize),
        name: &mut Name,
    ) -> Result<(), Error> {
        self.check_new_name(storage, node, (old, new), name)?;
        let pieces = long.piece(new.len().wrapping_sub(1)).wrapping_add(1);
        let mut end = new.len();
        if end != old.len() {
            end = pieces.wrapping_mul(PIECE).wrapping_add(long.surplus);
        }
        let mut byte = first;
        while byte < end {
            let first = byte;
            let (at, _) = self.place(storage, node, long.place(byte))?;
            let before = *storage.sector(at)?;
            let mut after = before;
            if pieces > long.pieces {
                let start = in_sector(node.offset).wrapping_sub(SLOT_BYTES);
                let (_, set) = after.split_at_mut_checked(start).unwrap_or_default();
                if let Some((free, [ord, set @ ..])) = set.split_at_mut_checked(SLOT_BYTES)
                    && let [number, free @ ..] = free
                    && let Some(set) = set.get(..free.len())
                {
                    *number = ord.wrapping_add(1);
                    *ord &= !LAST_PIECE;
                    free.copy_from_slice(set);
                }
            }
            while byte < end && long.together(first, byte, ONE_SECTOR) {
                let place = in_sector(long.place(byte));
                if let Some([low, high, ..]) = after.get_mut(place..) {
                    (*low, *high) = match new.get(byte) {
                        Some(&letter) => (letter, 0),
                        None if byte == new.len() => (0, 0),
                        None => (0xff, 0xff),
                    };
                }
                byte = byte.wrapping_add(1);
            }
            if after != before {
                storage.replace(at, &before, &after)?;
            }
        }
        Ok(())
    }

    /// Refuses a name that another file of the directory has, and every name
    /// that has the old digit in some places and the new one in others.
    fn check_new_name<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &Node,
        (old, new): (&[u8], &[u8]),
        name: &mut Name,
    ) -> Result<(), Error> {
        let old = if old.len() == new.len() { old } else { new };
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

/// A letter of a name, as a small one.
#[inline(never)] // smaller with registers of its own
fn small(name: &[u8], at: usize) -> u8 {
    name.get(at).map_or(0, u8::to_ascii_lowercase)
}

/// The first byte that differs, or where the shorter name ends.
#[inline(never)]
pub(crate) fn difference(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new);
    same.count()
}
