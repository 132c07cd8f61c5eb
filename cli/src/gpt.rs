//! The partition table as the installer sees it: is it sound, and who lies
//! where? UEFI specification, section 5.3.
//!
//! The loader's own reader finds two partitions and falls back to the backup
//! table without a word. Here every fault is named, because a person can mend
//! it now, and every place that belongs to someone is known. What the loader
//! refuses (revision, entry size, array size) is refused here too.

use boot::gpt::{self, ESP, Header, MAX_ARRAY, SIGNATURE, XBOOTLDR};
use layout::disk::SECTOR;
use zerocopy::little_endian::{U16, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::disk::{self, Sectors};
use crate::error::Error;

/// Offset of the four MBR entries in sector 0, and their size.
const MBR_ENTRIES: std::ops::Range<usize> = 446..510;
const MBR_ENTRY: usize = 16;
/// Type of the MBR entry that protects a GPT.
const PROTECTIVE: u8 = 0xee;

const BIOS_BOOT: [u8; 16] = *b"Hah!IdontNeedEFI";

/// An entry with the fields that the loader has no use for.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Entry {
    known: gpt::Entry,
    attributes: U64,
    partition_name: [U16; 36],
}

/// A place on the disk that belongs to someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its first sector.
    pub first: u64,
    /// Its last sector.
    pub last: u64,
    /// Whose it is.
    pub owner: String,
}

/// A sound partition table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The first sector that partitions may use.
    pub first_usable: u64,
    /// There is a partition that entries can lie on: an ESP or XBOOTLDR.
    pub has_boot_partition: bool,
    /// What is wrong with the backup table, if it is not sound.
    pub backup_fault: Option<String>,
    places: Vec<Place>,
}

impl Table {
    /// Who owns any of `count` sectors from `at` on.
    pub fn occupant(&self, at: u64, count: u64) -> Option<&Place> {
        self.places
            .iter()
            .find(|place| place.first < at + count && place.last >= at)
    }
}

/// Reads the primary table and checks it, the protective MBR and the backup;
/// an error for each reason why gapboot can't be installed beside it.
pub fn read(disk: &dyn Sectors) -> Result<Table, Error> {
    let mbr = disk::read(disk, 0, 1)?;
    let (header, array) = match table(disk, 1) {
        Ok(table) => table,
        Err(fault) => return Err(no_table(disk, &mbr, &fault)),
    };
    check_protective(&mbr)?;
    let backup = backup(disk, &header);
    let mut places = vec![
        place(1, 1, "the partition table's header"),
        array_place(&header, "the partition table's entries"),
    ];
    if let Ok((backup, _)) = &backup {
        let at = backup.my_lba.get();
        places.push(place(at, at, "the backup partition table's header"));
        places.push(array_place(backup, "the backup partition table's entries"));
    }
    let size = header.size_of_partition_entry.get() as usize;
    let mut has_boot_partition = false;
    for (index, bytes) in array.chunks_exact(size).enumerate() {
        let Ok((entry, _)) = Entry::ref_from_prefix(bytes) else {
            continue;
        };
        if entry.known.partition_type_guid == [0; 16] {
            continue;
        }
        let (first, last) = (entry.known.starting_lba.get(), entry.known.ending_lba.get());
        let sound = first <= last && last < disk.sectors();
        has_boot_partition |= sound && [ESP, XBOOTLDR].contains(&entry.known.partition_type_guid);
        places.push(place(first, last.max(first), &owner(index + 1, entry)));
    }
    Ok(Table {
        first_usable: header.first_usable_lba.get(),
        has_boot_partition,
        backup_fault: backup.err().map(|fault| fault.to_string()),
        places,
    })
}

fn place(first: u64, last: u64, owner: &str) -> Place {
    Place {
        first,
        last,
        owner: owner.to_owned(),
    }
}

fn array_place(header: &Header, owner: &str) -> Place {
    let first = header.partition_entry_lba.get();
    place(first, first + array_sectors(header) - 1, owner)
}

/// `partition 3`, with its name if it has a printable one.
fn owner(number: usize, entry: &Entry) -> String {
    let name = entry
        .partition_name
        .iter()
        .map(|unit| unit.get())
        .take_while(|&unit| unit != 0);
    let name: String = char::decode_utf16(name)
        .map(|character| character.unwrap_or('?'))
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .collect();
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
    let array = &array[..array_bytes(&header) as usize];
    if crc32fast::hash(array) != header.partition_entry_array_crc32.get() {
        return Err(Fault::Damaged("the checksum of its entries is wrong"));
    }
    Ok((header, array.to_vec()))
}

fn check_header(header: &Header, sector: &[u8], at: u64) -> Result<(), Fault> {
    if header.signature != SIGNATURE {
        return Err(Fault::Missing);
    }
    let size = header.header_size.get() as usize;
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
    u64::from(header.number_of_partition_entries.get())
        * u64::from(header.size_of_partition_entry.get())
}

fn array_sectors(header: &Header) -> u64 {
    array_bytes(header).div_ceil(SECTOR as u64)
}

/// What is wrong with a table.
enum Fault {
    /// There is none.
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
fn no_table(disk: &dyn Sectors, mbr: &[u8], fault: &Fault) -> Error {
    let last = disk.sectors() - 1;
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
    let types = || {
        mbr[MBR_ENTRIES]
            .chunks_exact(MBR_ENTRY)
            .map(|entry| entry[4])
    };
    if mbr.ends_with(&[0x55, 0xaa]) && types().any(|kind| kind != 0 && kind != PROTECTIVE) {
        return Error::failed(
            "has an MBR partition table and no GPT: \
             gapboot installs on GPT disks; `sgdisk --mbrtogpt` converts one",
        );
    }
    Error::failed(
        "has no GPT: partition it first, with an EFI system partition from sector 2048 on \
         (for example `sgdisk --new=1:2048:+512M --typecode=1:ef00`)",
    )
}

/// Firmware that looks at the MBR boots only a disk that seems to be in use,
/// and tools that look at it would take the disk for empty.
fn check_protective(mbr: &[u8]) -> Result<(), Error> {
    let mut types = mbr[MBR_ENTRIES]
        .chunks_exact(MBR_ENTRY)
        .map(|entry| entry[4]);
    let fault = if !mbr.ends_with(&[0x55, 0xaa]) {
        "sector 0 lacks the signature 55AA"
    } else if !types.any(|kind| kind == PROTECTIVE) {
        "sector 0 lacks the protective entry (type 0xEE)"
    } else {
        return Ok(());
    };
    Err(Error::failed(format!(
        "{fault}: open it with `gdisk`, choose GPT if asked, and write (w), which makes a new one"
    )))
}
