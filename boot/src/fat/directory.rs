//! Directories: slots of 32 bytes, several of which make a name.
//!
//! A file with a long name has a set of slots: the pieces of its name, the last
//! piece first, numbered and with a checksum of the short name, and after them the slot
//! with the short name and everything else. Systems that know nothing of long names
//! leave pieces over when they rename or delete. Such pieces and faulty sets don't
//! count, and the file has its short name.

use super::boot_sector::{FAT32, SECTOR_SHIFT, Volume};
use super::chain::Chain;
use super::in_sector;
use super::name::{MOST_SLOTS, Name};
use crate::disk::storage::Storage;
use crate::machine::{Disk, Lba};
use crate::{Error, Kind};
use bitflags::bitflags;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, transmute_ref};

/// Bytes of a slot.
pub(super) const SLOT: u32 = 32;
/// No directory is longer, in bytes: 65,536 slots.
const MOST_BYTES: u32 = 65_536 * SLOT;

/// First byte of a slot: nothing is here, nor in any later slot.
const END: u8 = 0;
/// First byte of a slot: the file was deleted.
pub(super) const DELETED: u8 = 0xe5;
/// First byte of a long-name slot: the last piece, which comes first.
pub(super) const LAST_PIECE: u8 = 0x40;
/// First byte of the short names of `.` and `..`, and of no others.
const DOT: u8 = b'.';

/// The offset of a walk that is over.
const DONE: u32 = u32::MAX;

bitflags! {
    /// `DIR_Attr`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Attributes: u8 {
        const READ_ONLY = 0x01;
        const HIDDEN = 0x02;
        const SYSTEM = 0x04;
        const VOLUME_ID = 0x08;
        const DIRECTORY = 0x10;
        const ARCHIVE = 0x20;
        const LONG_NAME = 0x0f;
        const LONG_NAME_MASK = 0x3f;
    }
}

/// A slot with a short name.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct ShortSlot {
    name: [u8; 11],
    attr: u8,
    nt_res: u8,
    created_and_accessed: [u8; 7],
    fst_clus_hi: U16,
    written: [u8; 4],
    fst_clus_lo: U16,
    file_size: U32,
}

/// A slot with a piece of a long name.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct LongSlot {
    ord: u8,
    name1: [u8; 10],
    attr: u8,
    kind: u8,
    chksum: u8,
    name2: [u8; 12],
    fst_clus_lo: U16,
    name3: [u8; 4],
}

/// A file or directory: the content of its slots, and where those slots are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirEntry {
    attributes: Attributes,
    /// The first cluster of its contents; 0 where it has none.
    pub(super) cluster: u32,
    pub(super) size: u32,
    /// The directory it is in, by its first cluster; 0 is the root directory.
    pub(super) directory: u32,
    /// Where in the directory its first slot begins, in bytes.
    pub(super) offset: u32,
    /// Slots, that of the short name included.
    slots: u8,
}

impl DirEntry {
    /// The root directory.
    pub const ROOT: DirEntry = DirEntry {
        attributes: Attributes::DIRECTORY,
        cluster: 0,
        size: 0,
        directory: 0,
        offset: 0,
        slots: 0,
    };

    /// True for a directory, false for a file.
    pub fn is_directory(&self) -> bool {
        self.attributes.contains(Attributes::DIRECTORY)
    }

    /// True if the file is marked as read-only.
    pub fn is_read_only(&self) -> bool {
        self.attributes.contains(Attributes::READ_ONLY)
    }

    /// Size of a file in bytes. The size of a directory means nothing.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Slots that the file has in its directory: the pieces of its long name,
    /// and after them the slot with its short name.
    pub fn slots(&self) -> u8 {
        self.slots
    }

    /// The directory it is in.
    pub(super) fn parent(&self) -> DirEntry {
        DirEntry {
            cluster: self.directory,
            ..DirEntry::ROOT
        }
    }
}

impl Volume {
    /// The sector with the content of a file of one sector; None for any other file.
    pub(crate) fn only_sector(&self, node: &DirEntry) -> Option<Lba> {
        let is_it = node.size() == 512 && self.has_cluster(node.cluster) && !node.is_directory();
        is_it.then_some(self.lba(self.cluster(node.cluster)))
    }

    /// The files and directories in a directory.
    pub fn walk(&self, directory: &DirEntry) -> Walk {
        let chain = self.directory(directory.cluster);
        Walk {
            volume: *self,
            chain,
            offset: 0,
            dots: false,
            short: [0; 11],
        }
    }

    /// The chain of the directory that begins with this cluster; 0 is the root.
    #[inline(never)] // registers of its own save 54 bytes
    pub(super) fn directory(&self, first: u32) -> Chain {
        match first {
            0 if self.width != FAT32 => Chain::root(self),
            0 => Chain::new(self.root_cluster),
            _ => Chain::new(first),
        }
    }

    /// Where slot `number` of a node lies, counted from 0: the sector, and the
    /// byte in it. Two slots that follow each other may be sectors apart.
    ///
    /// # Errors
    /// Those of [`Walk::next`]; [`Kind::ChainShort`] for a slot that
    /// the directory does not have.
    pub fn slot<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &DirEntry,
        number: u8,
    ) -> Result<(Lba, usize), Error> {
        let before = u32::from(number).wrapping_mul(SLOT);
        self.place(storage, node, node.offset.wrapping_add(before))
    }

    /// Where a byte of a node's directory lies: the sector, and the byte in it.
    ///
    /// # Errors
    /// Those of [`Volume::slot`].
    pub(super) fn place<D: Disk>(
        &self,
        storage: &mut Storage<D>,
        node: &DirEntry,
        offset: u32,
    ) -> Result<(Lba, usize), Error> {
        let mut chain = self.directory(node.directory);
        let (at, _) = chain.sectors(self, storage, offset >> SECTOR_SHIFT, 1)?;
        Ok((at, in_sector(offset)))
    }

    /// The file or directory of a path from the root, with `/` or `\` between names and,
    /// if you like, in front of them. Names are long or short ones, in UTF-8; the case of
    /// ASCII letters does not matter. `.` and `..` mean what they mean to the FAT drivers
    /// of UEFI firmware: the directory itself and the one above it, which the root
    /// directory does not have.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; those of [`Walk::next`] if the part that can't be read could
    /// have held it.
    pub fn find<D: Disk>(&self, storage: &mut Storage<D>, path: &[u8]) -> Result<DirEntry, Error> {
        let mut node = DirEntry::ROOT;
        let mut name = Name::new();
        'names: for wanted in path.split(separates) {
            if matches!(wanted, b"" | b".") {
                continue;
            }
            let mut reason = Error::new(Kind::NotFound, 0);
            let mut walk = self.walk(&node);
            walk.dots = true;
            while node.is_directory() && walk.offset != DONE {
                match walk.next(storage, &mut name) {
                    Ok(Some(child)) => {
                        let found = name.is(wanted);
                        name.set_short(&walk.short, 0);
                        if found || name.is(wanted) {
                            node = child;
                            continue 'names;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => reason = error,
                }
            }
            return Err(reason);
        }
        Ok(node)
    }
}

/// True for the bytes that separate the names of a path, `\` as in UEFI.
pub(crate) fn separates(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// A walk over a directory, from slot to slot.
pub struct Walk {
    volume: Volume,
    chain: Chain,
    /// Where the next slot begins, in bytes from the start of the directory.
    pub(super) offset: u32,
    /// True if the walk gives `.` and `..` too.
    dots: bool,
    /// The short name of the last node.
    short: [u8; 11],
}

impl Walk {
    /// The next file or directory, and its name; None at the end. Volume labels, `.`
    /// and `..` are passed over, unless `dots` is set.
    ///
    /// After an error the walk goes on after the part that could not be read, so that a
    /// loop that ends only with None does end.
    ///
    /// # Errors
    /// [`Kind::DirectoryTooLong`]; the errors of the chain of clusters, except for its
    /// end; those of [`Storage::sector`].
    pub fn next<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        name: &mut Name,
    ) -> Result<Option<DirEntry>, Error> {
        let mut set = LongNameSlots::default();
        while self.offset != DONE {
            let offset = self.offset;
            // After an error in the chain, and at the end, nothing is left.
            self.offset = DONE;
            if offset >= MOST_BYTES {
                let first = u64::from(self.chain.first());
                return Err(Error::new(Kind::DirectoryTooLong, first));
            }
            let number = offset >> SECTOR_SHIFT;
            let at = match self.chain.sectors(&self.volume, storage, number, 1) {
                Err(error) if error.is(Kind::ChainShort) => break,
                found => found?.0,
            };
            // After an error in the sector: the next sector.
            self.offset = (offset | 511).wrapping_add(1);
            let sector = storage.sector(at)?;
            self.offset = offset.wrapping_add(SLOT);

            let slots = <[ShortSlot]>::ref_from_bytes(sector).unwrap_or_default();
            let Some(slot) = slots.get(in_sector(offset) >> 5) else {
                break;
            };
            let piece: &LongSlot = transmute_ref!(slot);
            let attributes = Attributes::from_bits_retain(slot.attr);
            if piece.ord == END {
                self.offset = DONE;
            } else if piece.ord == DELETED {
                set = LongNameSlots::default();
            } else if attributes & Attributes::LONG_NAME_MASK == Attributes::LONG_NAME {
                set.add(piece, offset, name);
            } else if attributes.contains(Attributes::VOLUME_ID) || piece.ord == DOT && !self.dots {
                set = LongNameSlots::default();
            } else {
                self.short = slot.name;
                let mut node = self.node(slot, offset);
                if set.belongs_to(&slot.name) && name.set_long(set.slots) {
                    node.offset = set.offset;
                    node.slots = set.slots.wrapping_add(1);
                } else {
                    name.set_short(&slot.name, slot.nt_res);
                }
                return Ok(Some(node));
            }
        }
        Ok(None)
    }

    /// The node of a slot with a short name, as if it had no other.
    fn node(&self, slot: &ShortSlot, offset: u32) -> DirEntry {
        let mut cluster = u32::from(slot.fst_clus_lo.get());
        // Systems older than FAT32 kept other things in the field of the high half.
        if self.volume.width == FAT32 {
            cluster |= u32::from(slot.fst_clus_hi.get()) << 16;
        }
        DirEntry {
            attributes: Attributes::from_bits_retain(slot.attr),
            cluster,
            size: slot.file_size.get(),
            directory: self.chain.first(),
            offset,
            slots: 1,
        }
    }
}

/// The part of a set of long-name slots that the walk has passed.
#[derive(Clone, Copy, Default)]
struct LongNameSlots {
    /// Where the first of them begins in the directory, in bytes.
    offset: u32,
    /// The number of them; 0 if there is no set.
    slots: u8,
    /// How many are still to come: the number of the next one.
    missing: u8,
    /// The checksum that all of them have.
    checksum: u8,
}

impl LongNameSlots {
    /// Takes in a slot, and its piece into `name`. Begins a new set if the slot does
    /// not follow the one before.
    #[inline(never)] // registers of its own save 42 bytes
    fn add(&mut self, slot: &LongSlot, offset: u32, name: &mut Name) {
        let number = slot.ord & !LAST_PIECE;
        if slot.ord != number && number <= MOST_SLOTS {
            *self = LongNameSlots {
                offset,
                slots: number,
                missing: number,
                checksum: slot.chksum,
            };
        }
        if number == 0 || number != self.missing || slot.chksum != self.checksum {
            *self = LongNameSlots::default();
            return;
        }
        name.put_piece(number, [&slot.name1, &slot.name2, &slot.name3]);
        self.missing = number.wrapping_sub(1);
    }

    /// True if this is the whole set of the file with this short name.
    fn belongs_to(&self, short: &[u8; 11]) -> bool {
        let sum = short
            .iter()
            .fold(0_u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte));
        self.slots != 0 && self.missing == 0 && self.checksum == sum
    }
}
