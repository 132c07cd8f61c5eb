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

use super::boot_sector::{SECTOR_SHIFT, Volume};
use super::directory::{DELETED, LAST_PIECE, Node, SLOT};
use super::in_sector;
use super::name::{MOST_UNITS, Name};
use crate::machine::{Disk, Sector};
use crate::storage::Storage;
use crate::{Error, Kind};

/// Units in a slot.
const PIECE: usize = 13;
/// The same in bytes of a directory.
const SLOT_BYTES: usize = 32;

/// Where the units of a file's long name lie, whose end is ASCII. Places in the
/// name are given as bytes of its UTF-8 form; pieces are counted from its start.
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
    /// Of a node with this name; None if it has not the slots that such a name
    /// takes, as when it has a short name only.
    pub(crate) fn of(node: &Node, name: &[u8]) -> Option<LongName> {
        let mut units = 0_usize;
        for byte in name {
            units = units.wrapping_add(match byte {
                0x80..0xc0 => 0,
                0xf0.. => 2,
                _ => 1,
            });
        }
        let pieces = usize::from(node.slots()).wrapping_sub(1);
        let before = u32::from(node.slots()).wrapping_sub(1).wrapping_mul(SLOT);
        (units.div_ceil(PIECE) == pieces).then_some(LongName {
            end: node.offset.wrapping_add(before),
            surplus: name.len().wrapping_sub(units),
            pieces,
        })
    }

    /// The piece that holds the unit of a byte.
    pub(crate) fn piece(&self, byte: usize) -> usize {
        byte.wrapping_sub(self.surplus) / PIECE
    }

    /// Which sector of its directory holds the unit of a byte.
    pub(crate) fn sector(&self, byte: usize) -> u32 {
        self.slot(self.piece(byte)) >> SECTOR_SHIFT
    }

    /// Where the slot of a piece begins in the directory, in bytes.
    fn slot(&self, piece: usize) -> u32 {
        let back = u32::try_from(piece)
            .unwrap_or_default()
            .wrapping_add(1)
            .wrapping_mul(SLOT);
        self.end.wrapping_sub(back)
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
            Some(found) if found.is_at(node) && found.slots() == node.slots() => Ok(()),
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
        if length.wrapping_sub(long.surplus) > MOST_UNITS || long.sector(first) != long.sector(last)
        {
            return Ok(false);
        }
        let piece = long.piece(last);
        if piece < long.pieces {
            return Ok(true);
        }
        let (at, _) = self.slot(storage, node, 0)?;
        let free = storage.sector(at)?.get(in_sector(long.slot(piece)));
        Ok(free == Some(&DELETED))
    }

    /// Gives the file of a node the name `new` in place of `old`, which must
    /// have room for it. The names differ only where both are ASCII. `name` is
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
        (old, new): (&[u8], &[u8]),
        name: &mut Name,
    ) -> Result<(), Error> {
        self.check_new_name(storage, node, (old, new), name)?;
        let grows = new.len() != old.len();
        let pieces = long.piece(new.len().wrapping_sub(1)).wrapping_add(1);
        let mut piece = long.piece(difference(old, new));
        while piece < pieces {
            let offset = long.slot(piece);
            let number = offset >> SECTOR_SHIFT;
            let (at, _) = self
                .directory(node.directory)
                .sectors(self, storage, number, 1)?;
            let before = *storage.sector(at)?;
            let mut after = before;
            while piece < pieces && long.slot(piece) >> SECTOR_SHIFT == number {
                let start = in_sector(long.slot(piece));
                if piece == long.pieces {
                    let end = start.wrapping_add(SLOT_BYTES);
                    let source = end..end.wrapping_add(SLOT_BYTES);
                    if source.end <= after.len() {
                        after.copy_within(source, start);
                    }
                }
                let number = piece.wrapping_add(1);
                let mark = if number == pieces { LAST_PIECE } else { 0 };
                put(&mut after, start, mark | number.to_le_bytes()[0]);
                for index in 0..PIECE {
                    let byte = piece
                        .wrapping_mul(PIECE)
                        .wrapping_add(index)
                        .wrapping_add(long.surplus);
                    let unit = match new.get(byte) {
                        Some(&unit) => [unit, 0],
                        None if !grows => break,
                        None if byte == new.len() => [0, 0],
                        None => [0xff, 0xff],
                    };
                    if new.get(byte) != old.get(byte) || byte >= old.len() {
                        let at = start.wrapping_add(unit_offset(index));
                        put(&mut after, at, unit[0]);
                        put(&mut after, at.wrapping_add(1), unit[1]);
                    }
                }
                piece = number;
            }
            if after != before {
                let unstable = Error::new(Kind::DiskUnstable, at.0);
                if *storage.read(at, 1)? != before {
                    return Err(unstable);
                }
                storage.write(at, &after)?;
                if *storage.read(at, 1)? != after {
                    return Err(unstable);
                }
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
            if name.len() != new.len() || other.is_at(node) {
                continue;
            }
            let mut on_the_way = name.iter().zip(old.iter().zip(new));
            if on_the_way
                .all(|(byte, (old, new))| [old, new].iter().any(|it| it.eq_ignore_ascii_case(byte)))
            {
                return Err(Error::new(Kind::NameExists, 0));
            }
        }
        Ok(())
    }
}

/// The first byte that differs, or where the shorter name ends.
pub(crate) fn difference(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new);
    same.count()
}

/// Where in its slot a unit lies, in bytes: behind the number, the attributes or
/// the empty field for a cluster.
fn unit_offset(index: usize) -> usize {
    let before = match index {
        0..5 => 1,
        5..11 => 4,
        _ => 6,
    };
    index.wrapping_mul(2).wrapping_add(before)
}

/// Sets a byte.
fn put(sector: &mut Sector, at: usize, byte: u8) {
    if let Some(place) = sector.get_mut(at) {
        *place = byte;
    }
}
