//! The table in sector 0: the partitions of a disk without a GPT, and what
//! firmware expects there on a disk with a GPT.
//!
//! The loader's rules hold for what is a table, which slots are in use, how they are
//! numbered, and where a chain of logical partitions leads ([`boot::disk::mbr`]).

use std::collections::BTreeSet;

use boot::disk::mbr::{
    ACTIVE, BOOT, ESP, EXTENDED, MAX_TABLES, Mbr, PROTECTIVE, Record, SIGNATURE,
};
use layout::disk::{SECTOR, STAGE1_CODE};
use zerocopy::FromBytes;

use super::place::{Kind, OwnedRange, Places};
use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::number::to_usize;

/// Offset of the records in sector 0, and the size of one.
const RECORDS: usize = 446;
const RECORD: usize = 16;

/// The table of a disk without a GPT: at least one partition, and nothing that
/// tells of a GPT.
pub fn read(disk: &dyn Sectors, sector: &[u8]) -> Option<Places> {
    let mbr = parse(sector).filter(is_sound)?;
    let records = mbr.partition_record;
    if !records.iter().any(Record::is_used) {
        return None;
    }
    let mut places = Places {
        own: vec![OwnedRange::new(Kind::Table, 0, 0, "the partition table")],
        ..Places::default()
    };
    for (record, number) in records.iter().zip(1..) {
        add(&mut places, record, 0, number);
    }
    let extended = records.iter().rfind(|record| record.is_extended());
    if let Some(extended) = extended {
        logical(disk, extended.starting_lba.get().into(), &mut places);
    }
    Some(places)
}

/// True if sector 0 has partitions of its own, sound or not, and does not protect a GPT.
pub fn has_partitions(sector: &[u8]) -> bool {
    parse(sector).is_some_and(|mbr| {
        let mut records = mbr.partition_record.iter();
        records.any(Record::is_used) && unprotected(sector).is_some()
    })
}

/// Adds the logical partitions, whose tables lie one in front of each and lead
/// one to the next. A damaged chain ends where it is damaged, as for the loader.
fn logical(disk: &dyn Sectors, extended: u64, places: &mut Places) {
    let mut at = extended;
    let mut number = 5;
    let mut seen = BTreeSet::new();
    while seen.len() < to_usize(MAX_TABLES) && seen.insert(at) {
        let Ok(sector) = disk::read(disk, at, 1) else {
            return;
        };
        let Some(mbr) = parse(&sector).filter(is_sound) else {
            return;
        };
        let owner = "the table of a logical partition";
        places.own.push(OwnedRange::new(Kind::Table, at, at, owner));
        let records = mbr.partition_record.iter();
        for record in records.clone().filter(|record| !record.is_extended()) {
            if record.is_used() {
                add(places, record, at, number);
                number = number.saturating_add(1);
            }
        }
        let Some(next) = records.clone().rfind(|record| record.is_extended()) else {
            return;
        };
        at = extended.saturating_add(next.starting_lba.get().into());
    }
}

fn add(places: &mut Places, record: &Record, base: u64, number: u32) {
    if !record.is_used() {
        return;
    }
    let first = base.saturating_add(record.starting_lba.get().into());
    let size = u64::from(record.size_in_lba.get());
    let last = first.saturating_add(size.saturating_sub(1));
    let owner = format!("partition {number}");
    let place = OwnedRange::new(Kind::Partition, first, last, &owner);
    places.partitions.push(place);
}

/// True for a table of partitions without a fault.
fn is_sound(mbr: &Mbr) -> bool {
    mbr.is_table() && mbr.partition_record.iter().all(Record::is_sound)
}

fn parse(sector: &[u8]) -> Option<Mbr> {
    let (mbr, _) = Mbr::read_from_prefix(sector).ok()?;
    (mbr.signature == SIGNATURE).then_some(mbr)
}

/// Why the table in sector 0 does not protect a GPT, if it doesn't. Firmware that
/// looks at it boots only a disk that seems to be in use, and tools that look
/// at it would take the disk for empty.
pub fn unprotected(sector: &[u8]) -> Option<&'static str> {
    match parse(sector) {
        None => Some("sector 0 lacks the signature 55AA"),
        Some(mbr) => {
            let mut records = mbr.partition_record.iter();
            let protects = records.any(|record| record.os_type == PROTECTIVE);
            (!protects).then_some("sector 0 lacks the protective entry (type 0xEE)")
        }
    }
}

/// The last sector that the protective entry covers: the end of the disk when its GPT
/// was made, if that is below 2 TiB.
pub fn protected_end(disk: &dyn Sectors) -> Option<u64> {
    let mbr = parse(&disk::read(disk, 0, 1).ok()?)?;
    let mut records = mbr.partition_record.iter();
    let record = records.find(|record| record.os_type == PROTECTIVE)?;
    let (first, size) = (record.starting_lba.get(), record.size_in_lba.get());
    u64::from(first).checked_add(size.into())?.checked_sub(1)
}

/// The last 72 bytes of sector 0 with a partition active, so that firmware boots
/// the disk: that with the entries, or the protective entry of a GPT. Where one
/// is active already nothing changes.
///
/// # Errors
/// There is no entry to make active.
pub fn activate(tail: &mut [u8]) -> Result<(), Error> {
    let records = records(tail);
    if records
        .chunks_exact(RECORD)
        .any(|record| record[0] == ACTIVE)
    {
        return Ok(());
    }
    let kinds: [&[u8]; 4] = [&[PROTECTIVE], &[BOOT], &[ESP], &EXTENDED];
    for kinds in kinds {
        let mut records = records.chunks_exact_mut(RECORD);
        if let Some(record) = records.find(|record| kinds.contains(&record[4])) {
            record[0] = ACTIVE;
            return Ok(());
        }
    }
    Err(Error::failed(
        "--active finds no partition to set the flag of: give one the type EF first \
         (`sfdisk --part-type DISK NUMBER ef`)",
    ))
}

/// The same with the protective entry in slot `to`, from 1 on, and the slot
/// where it was empty.
///
/// # Errors
/// There is no protective entry, there are others beside it, or no such slot.
pub fn move_protective(tail: &mut [u8], to: usize) -> Result<(), Error> {
    let records = records(tail);
    let mut used = records.chunks_exact(RECORD).filter(|record| record[4] != 0);
    let (first, others) = (used.next(), used.count());
    let mut moved = [0; 4 * RECORD];
    let mut places = moved.chunks_exact_mut(RECORD);
    match first {
        Some(record) if others == 0 && record[4] == PROTECTIVE => {
            let place = to.checked_sub(1).and_then(|to| places.nth(to));
            place
                .ok_or(Error::usage("--protective-slot is 1, 2, 3 or 4"))?
                .copy_from_slice(record);
            records.copy_from_slice(&moved);
            Ok(())
        }
        _ if records
            .chunks_exact(RECORD)
            .all(|record| record[4] != PROTECTIVE) =>
        {
            Err(Error::failed(
                "--protective-slot is for disks with a GPT, and this disk has an MBR alone",
            ))
        }
        _ => Err(Error::failed(
            "this is a hybrid MBR, with partitions beside the protective entry: \
             gapboot does not move entries of one, `gdisk` does",
        )),
    }
}

/// The four records in the part of sector 0 after the boot code.
fn records(tail: &mut [u8]) -> &mut [u8] {
    const { assert!(RECORDS + 4 * RECORD + SIGNATURE.len() == SECTOR) };
    &mut tail[RECORDS - STAGE1_CODE..][..4 * RECORD]
}
