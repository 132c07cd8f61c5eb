//! The GPT as the installer sees it. UEFI specification, section 5.3.

use boot::disk::gpt::{self, ESP, Header, SIGNATURE};
use boot::machine::Lba;
use layout::disk::SECTOR;
use zerocopy::little_endian::{U16, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::gpt_table::{Fault, array_sectors, table};
use super::place::{Kind, OwnedRange, Places};
use super::{mbr, missing};
use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::number::to_usize;

const UNUSED: [u8; 16] = [0; 16];
const BIOS_BOOT: [u8; 16] = *b"Hah!IdontNeedEFI";

/// Offsets in a header, of fields that are written.
const CHECKSUM: std::ops::Range<usize> = 16..20;
const FIRST_USABLE: std::ops::Range<usize> = 40..48;

/// An entry with the fields that the loader has no use for.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct FullEntry {
    known: gpt::PartitionEntry,
    attributes: U64,
    partition_name: [U16; 36],
}

/// A sound GPT.
#[derive(Clone, Debug)]
pub struct Gpt {
    /// The first sector that partitions may use.
    pub first_usable: u64,
    /// The last one.
    last_usable: u64,
    /// The sector of the primary header.
    primary: Vec<u8>,
    /// The backup header's place and sector, or what is wrong with it.
    pub backup: Result<(u64, Vec<u8>), String>,
    /// A new backup at the disk's end would overwrite nothing but a former one.
    has_room_for_backup: bool,
}

/// A sector of a header that is to be replaced.
#[derive(Clone, Debug)]
pub struct NewHeader {
    /// Which header it is, for a person.
    pub what: &'static str,
    /// Where it lies.
    pub at: u64,
    /// The whole sector.
    pub bytes: Vec<u8>,
}

impl Gpt {
    /// What helps when the backup is not sound.
    pub fn backup_advice(&self) -> &'static str {
        match self.has_room_for_backup {
            true => "`sgdisk -e DISK` makes a new one",
            false => {
                "the disk's end, where a new one would lie, holds something else, or the image is \
                 not complete"
            }
        }
    }

    /// The headers after which no partition can be made below sector `first`, in
    /// the order in which they are to be written: the backup first. Each is a
    /// sector with a checksum of its own, so that either is whole after a cut,
    /// and the array of entries stays as it is.
    ///
    /// # Errors
    /// The backup is not sound, or the disk is too small.
    pub fn reserve(&self, first: u64) -> Result<Vec<NewHeader>, Error> {
        let (at, backup) = self.backup.as_ref().map_err(|fault| {
            Error::failed(format!(
                "--reserve changes both headers of the GPT, and the backup is not sound ({fault}): {}",
                self.backup_advice()
            ))
        })?;
        if first > self.last_usable {
            return Err(Error::failed(
                "the disk is too small for --reserve: leave the option out",
            ));
        }
        let places = [
            ("the backup GPT's header", *at, backup),
            ("the GPT's header", 1, &self.primary),
        ];
        let headers = places.into_iter().filter_map(|(what, at, sector)| {
            let bytes = raised(sector, first)?;
            Some(NewHeader { what, at, bytes })
        });
        Ok(headers.collect())
    }
}

/// A header with another first usable sector and the checksum made right; none
/// if it has that one, or a later one, already.
fn raised(sector: &[u8], first: u64) -> Option<Vec<u8>> {
    let (header, _) = Header::ref_from_prefix(sector).ok()?;
    if header.first_usable_lba.get() >= first {
        return None;
    }
    let mut raised = sector.to_vec();
    raised[FIRST_USABLE].copy_from_slice(&first.to_le_bytes());
    let checksum = gpt::checksum(raised.first_chunk()?, header.header_size.get())?;
    raised[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    Some(raised)
}

/// True if there is something that calls itself a GPT, sound or not.
pub fn is_there(disk: &dyn Sectors) -> bool {
    disk::read(disk, 1, 1).is_ok_and(|sector| sector.starts_with(&SIGNATURE))
}

/// Reads the primary table and checks it, the protective MBR in `mbr` and the
/// backup.
///
/// # Errors
/// The primary table or the protective MBR is not sound.
pub fn read(disk: &dyn Sectors, mbr: &[u8]) -> Result<(Gpt, Places), Error> {
    let (header, array) = table(disk, 1).map_err(|fault| missing::explain(disk, &fault))?;
    if let Some(fault) = mbr::unprotected(mbr) {
        return Err(Error::failed(format!(
            "{fault}: open the disk with `gdisk DISK`, choose the GPT (2) if it asks, and write (w), \
             which makes a new one and keeps the partitions"
        )));
    }
    let mut own = vec![
        OwnedRange::new(Kind::Table, 1, 1, "the partition table's header"),
        array_place(&header, "the partition table's entries"),
    ];
    let backup = backup(disk, &header);
    if let Ok((backup, _)) = &backup {
        let at = backup.my_lba.get();
        let owner = "the backup partition table's header";
        own.push(OwnedRange::new(Kind::Table, at, at, owner));
        own.push(array_place(backup, "the backup partition table's entries"));
    }
    let backup = backup
        .and_then(|(backup, _)| {
            let at = backup.my_lba.get();
            Ok((at, disk::read(disk, at, 1).map_err(Fault::Unreadable)?))
        })
        .map_err(|fault| fault.to_string());
    let partitions = partitions(&header, &array);
    let gpt = Gpt {
        has_room_for_backup: has_room_for_backup(disk, (&header, &array), &partitions),
        first_usable: header.first_usable_lba.get(),
        last_usable: header.last_usable_lba.get(),
        primary: disk::read(disk, 1, 1)?,
        backup,
    };
    let places = Places {
        boot: Vec::new(),
        partitions,
        own,
    };
    Ok((gpt, places))
}

/// What a GPT says of a partition besides its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The GUID of its type.
    pub kind: [u8; 16],
    /// Its own GUID, as `PARTUUID=` names it.
    pub uuid: String,
    /// The attributes, whose upper 16 bits depend on the type.
    pub attributes: u64,
    /// Its name.
    pub name: String,
}

/// The partitions that the primary table describes or, if that is damaged, the
/// backup at the disk's end.
///
/// # Errors
/// Neither table is sound.
pub fn descriptions(disk: &dyn Sectors) -> Result<Vec<Description>, Error> {
    let (header, array) = any_table(disk).map_err(|fault| missing::explain(disk, &fault))?;
    let size = to_usize(header.size_of_partition_entry.get());
    let entries = array
        .chunks_exact(size)
        .filter_map(|bytes| Some(FullEntry::ref_from_prefix(bytes).ok()?.0))
        .filter(|entry| entry.known.partition_type_guid != UNUSED);
    let describe = |entry: &FullEntry| Description {
        kind: entry.known.partition_type_guid,
        uuid: uuid(entry.known.unique_partition_guid),
        attributes: entry.attributes.get(),
        name: name(entry),
    };
    Ok(entries.map(describe).collect())
}

/// The places of the partitions by the same table; empty without a sound table.
pub fn known_partitions(disk: &dyn Sectors) -> Vec<OwnedRange> {
    any_table(disk).map_or(Vec::new(), |(header, array)| partitions(&header, &array))
}

/// The primary table or, if that is damaged, the backup at the disk's end.
fn any_table(disk: &dyn Sectors) -> Result<(Header, Vec<u8>), Fault> {
    let last = disk.sectors().saturating_sub(1);
    table(disk, 1).or_else(|fault| table(disk, last).map_err(|_| fault))
}

fn uuid(guid: [u8; 16]) -> String {
    let partition = boot::disk::partition::Partition {
        first: Lba(0),
        sectors: 0,
        guid,
    };
    String::from_utf8_lossy(partition.uuid(&mut [0; 36])).into_owned()
}

/// All partitions.
fn partitions(header: &Header, array: &[u8]) -> Vec<OwnedRange> {
    let size = to_usize(header.size_of_partition_entry.get());
    let entries = (1_usize..).zip(array.chunks_exact(size));
    let place = |(number, bytes)| {
        let (entry, _) = FullEntry::ref_from_prefix(bytes).ok()?;
        let kind = match entry.known.partition_type_guid {
            UNUSED => return None,
            ESP => Kind::Esp,
            BIOS_BOOT => Kind::BiosBoot(number),
            _ => Kind::Partition,
        };
        let (first, last) = (entry.known.starting_lba.get(), entry.known.ending_lba.get());
        Some(OwnedRange::new(
            kind,
            first,
            last.max(first),
            &owner(number, entry),
        ))
    };
    entries.filter_map(place).collect()
}

/// True if a backup at the disk's end would overwrite neither a partition nor other
/// data: only zeros, or parts of a former backup. A RAID controller, for one, may keep
/// its own description there.
fn has_room_for_backup(
    disk: &dyn Sectors,
    (header, array): (&Header, &[u8]),
    partitions: &[OwnedRange],
) -> bool {
    let count = array_sectors(header).saturating_add(1);
    let first = disk.sectors().saturating_sub(count);
    let Ok(mut entries) = disk::read(disk, first, count) else {
        return false;
    };
    let header = entries.split_off(entries.len().saturating_sub(SECTOR));
    let is_zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
    let is_free = header.starts_with(&SIGNATURE)
        || (is_zero(&header) && (is_zero(&entries) || entries.starts_with(array)));
    is_free && !partitions.iter().any(|place| place.last >= first)
}

fn array_place(header: &Header, owner: &str) -> OwnedRange {
    let first = header.partition_entry_lba.get();
    let last = first
        .saturating_add(array_sectors(header))
        .saturating_sub(1);
    OwnedRange::new(Kind::Table, first, last, owner)
}

/// A partition's name, with question marks for what is not printable.
fn name(entry: &FullEntry) -> String {
    let units = entry.partition_name.iter().map(|unit| unit.get());
    char::decode_utf16(units.take_while(|&unit| unit != 0))
        .map(|character| character.unwrap_or('?'))
        .map(|character| match character.is_control() {
            true => '?',
            false => character,
        })
        .collect()
}

/// `partition 3`, with its name if it has one.
fn owner(number: usize, entry: &FullEntry) -> String {
    let name = name(entry);
    if entry.known.partition_type_guid == BIOS_BOOT {
        format!("partition {number} (BIOS boot partition)")
    } else if name.is_empty() {
        format!("partition {number}")
    } else {
        format!("partition {number} ({name})")
    }
}

/// The table that the primary `header` names as its backup.
fn backup(disk: &dyn Sectors, header: &Header) -> Result<(Header, Vec<u8>), Fault> {
    let backup = match header.alternate_lba.get() {
        0 | 1 => return Err(Fault::Missing),
        at => table(disk, at)?,
    };
    match backup.0.partition_entry_array_crc32 == header.partition_entry_array_crc32 {
        true => Ok(backup),
        false => Err(Fault::Damaged(
            "its entries differ from the primary table's",
        )),
    }
}
