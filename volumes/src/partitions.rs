//! Partition tables: GPT (UEFI specification, section 5.3), MBR (section 5.2), and both
//! on one disk.
//!
//! Which of them counts is decided as GRUB and Linux do: a GPT counts where the MBR has
//! an entry of type EEh that protects it, also if it has others beside it (a hybrid
//! table). Else the MBR counts, and partitions of an isohybrid image may begin at sector
//! 0 or 1.

use std::collections::BTreeSet;

use boot::disk::gpt::{self, Header, MAX_ARRAY, PartitionEntry};
use boot::disk::mbr::{MAX_TABLES, Mbr, PROTECTIVE, Record, SIGNATURE};
use boot::disk::partition;
use boot::machine::Lba;
use menus::storage::{Partition, Table};
use zerocopy::FromBytes;

use crate::bytes::{Bytes, read, to_usize};

/// Sizes of sectors for which a table is looked for, where a disk does not say its own.
const SECTORS: [u32; 2] = [512, 4096];
/// Where an entry of a GPT keeps its name: UTF-16, up to a 0.
const NAME: std::ops::Range<usize> = 56..128;

/// A partition, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the table says of it.
    pub partition: Partition,
    /// Where it begins, in bytes.
    pub start: u64,
    /// Its size in bytes. It ends where the disk ends, or before.
    pub size: u64,
}

/// The partitions of a disk, in the order of their numbers; none without a table.
/// `sector` is the size of the disk's sectors, where it is known.
#[must_use]
pub fn partitions(disk: &dyn Bytes, sector: Option<u32>) -> Vec<Place> {
    let Some(mbr) = mbr(disk, 0) else {
        return Vec::new();
    };
    let sizes = match sector {
        Some(size) if size.is_power_of_two() && size >= 512 => vec![size],
        _ => SECTORS.to_vec(),
    };
    let gpt = || {
        let mut tables = sizes.iter().map(|&size| (size, gpt_of(disk, size)));
        tables.find_map(|(size, table)| Some((size, table?)))
    };
    let used = mbr.partition_record.iter().any(Record::is_used);
    if (!mbr.is_table() || !used)
        && let Some((sector, (header, array))) = gpt()
    {
        return gpt_places(disk, sector, &header, &array);
    }
    mbr_places(disk, sizes.first().copied().unwrap_or(512).into(), &mbr)
}

/// The table in a sector, if there is one.
fn mbr(disk: &dyn Bytes, at: u64) -> Option<Mbr> {
    let sector = read(disk, at, 512).ok()?;
    let mbr = Mbr::read_from_bytes(&sector).ok()?;
    let is_sound = mbr.partition_record.iter().all(Record::is_sound);
    (mbr.signature == SIGNATURE && is_sound).then_some(mbr)
}

/// The primary GPT or, if that is damaged, the backup at the end of the disk.
fn gpt_of(disk: &dyn Bytes, sector: u32) -> Option<(Header, Vec<u8>)> {
    let last = disk.size().checked_div(sector.into())?.checked_sub(1)?;
    gpt_at(disk, sector, 1).or_else(|| gpt_at(disk, sector, last))
}

/// The table whose header is in this sector, with its entries.
fn gpt_at(disk: &dyn Bytes, sector: u32, at: u64) -> Option<(Header, Vec<u8>)> {
    let bytes = |lba: u64| lba.checked_mul(sector.into());
    let start = read(disk, bytes(at)?, 512).ok()?;
    let (header, _) = Header::read_from_prefix(&start).ok()?;
    let sum = gpt::checksum(start.first_chunk()?, header.header_size.get())?;
    let size = header.size_of_partition_entry.get();
    let array = size.checked_mul(header.number_of_partition_entries.get())?;
    let is_sound = header.signature == gpt::SIGNATURE
        && header.header_crc32.get() == sum
        && header.my_lba.get() == at
        && size.is_power_of_two()
        && (128..=4096).contains(&size)
        && (1..=MAX_ARRAY).contains(&array);
    if !is_sound {
        return None;
    }
    let first = bytes(header.partition_entry_lba.get())?;
    let array = read(disk, first, to_usize(array.into())).ok()?;
    let is_sound = crc32fast::hash(&array) == header.partition_entry_array_crc32.get();
    is_sound.then_some((header, array))
}

fn gpt_places(disk: &dyn Bytes, sector: u32, header: &Header, array: &[u8]) -> Vec<Place> {
    let size = to_usize(header.size_of_partition_entry.get().into()).max(1);
    let entries = (1..).zip(array.chunks_exact(size));
    let place = |(number, bytes): (u32, &[u8])| {
        let (entry, _) = PartitionEntry::read_from_prefix(bytes).ok()?;
        if entry.partition_type_guid == [0; 16] {
            return None;
        }
        let (first, last) = (entry.starting_lba.get(), entry.ending_lba.get());
        let sectors = last.checked_sub(first)?.checked_add(1)?;
        let partition = Partition {
            table: Table::Gpt,
            number,
            uuid: uuid(entry.unique_partition_guid),
            label: name(bytes.get(NAME)?),
        };
        place(disk, (first, sectors), sector.into(), partition)
    };
    entries.filter_map(place).collect()
}

/// The partitions of an MBR, the logical ones after the others.
fn mbr_places(disk: &dyn Bytes, sector: u64, mbr: &Mbr) -> Vec<Place> {
    let signature = mbr.unique_mbr_disk_signature;
    let add = |record: &Record, base: u64, number: u8| {
        if !is_partition(record) {
            return None;
        }
        let first = base.checked_add(record.starting_lba.get().into())?;
        let mut guid = [0; 16];
        guid.first_chunk_mut::<4>()?.clone_from(&signature);
        *guid.get_mut(5)? = number;
        let partition = Partition {
            table: Table::Mbr,
            number: number.into(),
            uuid: match signature {
                [0, 0, 0, 0] => String::new(),
                _ => uuid(guid),
            },
            label: String::new(),
        };
        place(
            disk,
            (first, record.size_in_lba.get().into()),
            sector,
            partition,
        )
    };
    let records = mbr.partition_record.iter();
    let primary = records.clone().zip(1..);
    let mut places: Vec<_> = primary
        .filter_map(|(record, n)| add(record, 0, n))
        .collect();
    let Some(extended) = records.clone().find(|record| record.is_extended()) else {
        return places;
    };
    // The tables of logical partitions lie one in front of each, and lead to the next.
    let extended = u64::from(extended.starting_lba.get());
    let (mut at, mut number, mut seen) = (extended, 5_u8, BTreeSet::new());
    while seen.len() < to_usize(MAX_TABLES.into()) && seen.insert(at) {
        let table = at.checked_mul(sector).and_then(|at| self::mbr(disk, at));
        let Some(table) = table else {
            break;
        };
        let records = table.partition_record.iter();
        for record in records.clone().filter(|record| is_partition(record)) {
            places.extend(add(record, at, number));
            number = number.saturating_add(1);
        }
        let Some(next) = records.clone().find(|record| record.is_extended()) else {
            break;
        };
        at = extended.saturating_add(next.starting_lba.get().into());
    }
    places
}

/// True for a record of a partition that may hold a file system.
fn is_partition(record: &Record) -> bool {
    let is_other = record.os_type == 0 || record.os_type == PROTECTIVE;
    record.is_used() && !is_other && !record.is_extended()
}

/// The place of a partition, if it begins on the disk.
fn place(
    disk: &dyn Bytes,
    (first, sectors): (u64, u64),
    sector: u64,
    partition: Partition,
) -> Option<Place> {
    let start = first.checked_mul(sector)?;
    let left = disk.size().checked_sub(start).filter(|left| *left > 0)?;
    Some(Place {
        partition,
        start,
        size: sectors.saturating_mul(sector).min(left),
    })
}

/// As `PARTUUID=` names it.
fn uuid(guid: [u8; 16]) -> String {
    let named = partition::Partition {
        first: Lba(0),
        sectors: 0,
        guid,
    };
    String::from_utf8_lossy(named.uuid(&mut [0; 36])).into_owned()
}

/// A name in UTF-16, up to its 0.
fn name(bytes: &[u8]) -> String {
    let units = bytes
        .as_chunks()
        .0
        .iter()
        .map(|unit| u16::from_le_bytes(*unit));
    let units = units.take_while(|unit| *unit != 0);
    let characters = char::decode_utf16(units);
    characters
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
