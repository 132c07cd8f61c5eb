//! The GPT as the installer sees it. UEFI specification, section 5.3.
//!
//! What the loader refuses (revision, entry size, array size) is refused here
//! too.

use boot::disk::gpt::{self, ESP, Header, MAX_ARRAY, SIGNATURE, XBOOTLDR};
use boot::machine::Lba;
use layout::disk::SECTOR;
use zerocopy::little_endian::{U16, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::mbr;
use super::place::{Place, Places};
use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::number::{to_u64, to_usize};

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
                "--reserve changes both headers of the GPT, and the backup is not sound ({fault}): \
                 `sgdisk -e` makes a new one"
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
    let size = to_usize(header.header_size.get());
    let mut raised = sector.to_vec();
    raised[FIRST_USABLE].copy_from_slice(&first.to_le_bytes());
    raised[CHECKSUM].fill(0);
    let checksum = crc32fast::hash(&raised[..size]);
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
    let (header, array) = table(disk, 1).map_err(|fault| no_table(disk, &fault))?;
    if let Some(fault) = mbr::unprotected(mbr) {
        return Err(Error::failed(format!(
            "{fault}: open it with `gdisk`, choose GPT if asked, and write (w), which makes a new one"
        )));
    }
    let mut own = vec![
        Place::new(1, 1, "the partition table's header"),
        array_place(&header, "the partition table's entries"),
    ];
    let backup = backup(disk, &header);
    if let Ok((backup, _)) = &backup {
        let at = backup.my_lba.get();
        own.push(Place::new(at, at, "the backup partition table's header"));
        own.push(array_place(backup, "the backup partition table's entries"));
    }
    let backup = backup
        .and_then(|(backup, _)| {
            let at = backup.my_lba.get();
            Ok((at, disk::read(disk, at, 1).map_err(Fault::Unreadable)?))
        })
        .map_err(|fault| fault.to_string());
    let (partitions, boot) = partitions(&header, &array, disk.sectors());
    let gpt = Gpt {
        first_usable: header.first_usable_lba.get(),
        last_usable: header.last_usable_lba.get(),
        primary: disk::read(disk, 1, 1)?,
        backup,
    };
    let places = Places {
        boot,
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
    let (header, array) = any_table(disk).map_err(|fault| no_table(disk, &fault))?;
    let size = to_usize(header.size_of_partition_entry.get());
    let entries = array
        .chunks_exact(size)
        .filter_map(|bytes| Some(FullEntry::ref_from_prefix(bytes).ok()?.0))
        .filter(|entry| entry.known.partition_type_guid != [0; 16]);
    let describe = |entry: &FullEntry| Description {
        kind: entry.known.partition_type_guid,
        uuid: uuid(entry.known.unique_partition_guid),
        attributes: entry.attributes.get(),
        name: name(entry),
    };
    Ok(entries.map(describe).collect())
}

/// The places of the partitions by the same table; empty without a sound table.
pub fn known_partitions(disk: &dyn Sectors) -> Vec<Place> {
    any_table(disk).map_or(Vec::new(), |(header, array)| {
        partitions(&header, &array, disk.sectors()).0
    })
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

/// All partitions, and those of them that entries can lie on.
fn partitions(header: &Header, array: &[u8], sectors: u64) -> (Vec<Place>, Vec<Place>) {
    let (mut all, mut boot) = (Vec::new(), Vec::new());
    let size = to_usize(header.size_of_partition_entry.get());
    for (number, bytes) in (1_usize..).zip(array.chunks_exact(size)) {
        let Ok((entry, _)) = FullEntry::ref_from_prefix(bytes) else {
            continue;
        };
        if entry.known.partition_type_guid == [0; 16] {
            continue;
        }
        let (first, last) = (entry.known.starting_lba.get(), entry.known.ending_lba.get());
        let place = Place::new(first, last.max(first), &owner(number, entry));
        let sound = first <= last && last < sectors;
        if sound && [ESP, XBOOTLDR].contains(&entry.known.partition_type_guid) {
            boot.push(place.clone());
        }
        all.push(place);
    }
    (all, boot)
}

fn array_place(header: &Header, owner: &str) -> Place {
    let first = header.partition_entry_lba.get();
    let last = first
        .saturating_add(array_sectors(header))
        .saturating_sub(1);
    Place::new(first, last, owner)
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

/// The table whose header is in sector `at`, with its entry array. The error
/// is a clause that says what is wrong with it.
fn table(disk: &dyn Sectors, at: u64) -> Result<(Header, Vec<u8>), Fault> {
    let sector = disk::read(disk, at, 1).map_err(Fault::Unreadable)?;
    let header = Header::read_from_prefix(&sector)
        .map_err(|_| Fault::Missing)?
        .0;
    check_header(&header, &sector, at)?;
    let first = header.partition_entry_lba.get();
    let array = disk::read(disk, first, array_sectors(&header)).map_err(Fault::Unreadable)?;
    let array = &array[..to_usize(array_bytes(&header))];
    if crc32fast::hash(array) != header.partition_entry_array_crc32.get() {
        return Err(Fault::Damaged("the checksum of its entries is wrong"));
    }
    Ok((header, array.to_vec()))
}

fn check_header(header: &Header, sector: &[u8], at: u64) -> Result<(), Fault> {
    if header.signature != SIGNATURE {
        return Err(Fault::Missing);
    }
    let size = to_usize(header.header_size.get());
    if !(size_of::<Header>()..=SECTOR).contains(&size) {
        return Err(Fault::Damaged("the size of its header is impossible"));
    }
    let mut summed = sector[..size].to_vec();
    summed[16..20].fill(0);
    if crc32fast::hash(&summed) != header.header_crc32.get() {
        return Err(Fault::Damaged("the checksum of its header is wrong"));
    }
    if header.revision.get() != 0x1_0000 {
        return Err(Fault::Damaged("its revision is not 1.0"));
    }
    if header.my_lba.get() != at {
        return Err(Fault::Damaged("its header belongs to another sector"));
    }
    let entry = header.size_of_partition_entry.get();
    if !entry.is_power_of_two() || !(128..=4096).contains(&entry) {
        return Err(Fault::Damaged("the size of its entries is impossible"));
    }
    if !(1..=u64::from(MAX_ARRAY)).contains(&array_bytes(header)) {
        return Err(Fault::Damaged(
            "it has no entries or more than gapboot reads (128 KiB)",
        ));
    }
    if header.partition_entry_lba.get() < 2 {
        return Err(Fault::Damaged("its entries lie in its header"));
    }
    Ok(())
}

fn array_bytes(header: &Header) -> u64 {
    let size = u64::from(header.size_of_partition_entry.get());
    size.saturating_mul(header.number_of_partition_entries.get().into())
}

fn array_sectors(header: &Header) -> u64 {
    array_bytes(header).div_ceil(to_u64(SECTOR))
}

/// What is wrong with a table.
enum Fault {
    /// There is no table.
    Missing,
    /// It can't be read.
    Unreadable(Error),
    /// There is one, but not a sound one.
    Damaged(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Missing => to.write_str("it is not there"),
            Self::Unreadable(error) => error.fmt(to),
            Self::Damaged(what) => to.write_str(what),
        }
    }
}

/// Why there is no primary table to work with, and what helps.
fn no_table(disk: &dyn Sectors, fault: &Fault) -> Error {
    let last = disk.sectors().saturating_sub(1);
    if table(disk, last).is_ok() {
        return Error::failed(format!(
            "the primary GPT is damaged ({fault}), the backup is whole: \
             restore it first (`sgdisk -e`, or `gdisk` and its command w)"
        ));
    }
    if matches!(fault, Fault::Damaged(_) | Fault::Unreadable(_)) && disk.sectors() > 1 {
        return Error::failed(format!(
            "the GPT is damaged ({fault}) and there is no backup at the disk's end: \
             mend or restore it first (`gdisk`, `sgdisk --load-backup`)"
        ));
    }
    if disk::read(disk, 8, 1).is_ok_and(|sector| sector.starts_with(&SIGNATURE)) {
        return Error::failed(
            "its GPT is for sectors of 4096 bytes: \
             gapboot boots from disks with 512-byte sectors only",
        );
    }
    Error::failed(
        "it has no partition table: gapboot needs a GPT, or an MBR, with an EFI system partition \
         that begins at sector 2048 or after it",
    )
}
