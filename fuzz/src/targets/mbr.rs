//! MBR partition tables. An input is flags, the size of the disk, and a table for
//! each of its first sectors: first the disk's signature, then the entries.

use crate::disk::{CacheMemory, MemoryDisk};
use crate::input::Input;
use boot::disk::mbr::{BOOT, ESP, EXTENDED, MAX_TABLES, PROTECTIVE};
use boot::disk::partition::{Partition, Partitions};
use boot::fat::Volume;
use boot::machine::Lba;
use boot::overlay::Overlay;
use layout::disk::SECTOR;

/// Sectors that get a table.
const TABLES: usize = 16;
/// Each table is read once, with its neighbours or alone. Then the boot sector of
/// the partition is read.
const BUDGET: u32 = 2 * (MAX_TABLES + 2);

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (flags, sectors) = (input.byte(), u64::from(input.double()));
    // A MemoryDisk has fewer than 2^20 sectors; partitions may lie anywhere.
    let sectors = sectors % (1 << 20);
    let mut image = vec![0; TABLES * SECTOR];
    for (number, sector) in image.chunks_mut(SECTOR).enumerate() {
        let table = input.take(4 + 4 * 16);
        sector[440..444].copy_from_slice(&padded(table, 0));
        for (entry, place) in sector[446..510].chunks_mut(4).enumerate() {
            place.copy_from_slice(&padded(table, 4 + 4 * entry));
        }
        // With a flag, one sector has no signature.
        if flags & 0x0f != number as u8 || flags & 0x10 == 0 {
            sector[510..].copy_from_slice(&[0x55, 0xaa]);
        }
    }
    let mut disk = MemoryDisk::new(&image, sectors, BUDGET);
    let mut memory = CacheMemory::new();
    let mut storage = memory.storage(&mut disk);
    let mut found = Partitions::default();
    boot::disk::mbr::find(&mut storage, Some(Overlay::linked()), &mut found);
    let found = found.esp;
    assert_eq!(found, second_reader(&image, sectors));
    if let Some(partition) = found {
        let _ = Volume::open(&mut storage, &partition);
    }
    assert!(disk.writes.is_empty());
}

fn padded(bytes: &[u8], at: usize) -> [u8; 4] {
    std::array::from_fn(|index| bytes.get(at + index).copied().unwrap_or(0))
}

/// An entry of a table: type, first sector (relative, as it is stored), number of
/// sectors, and whether its boot indicator is a possible one.
type Entry = (u8, u32, u32, bool);

/// The table in a sector of the disk, if this sector has one.
fn table(image: &[u8], sectors: u64, at: u32) -> Option<[Entry; 4]> {
    if u64::from(at) >= sectors {
        return None;
    }
    let sector = image.chunks(SECTOR).nth(at as usize)?;
    let entry = |number: usize| {
        let entry = &sector[446 + 16 * number..];
        (
            entry[4],
            u32::from_le_bytes(padded(entry, 8)),
            u32::from_le_bytes(padded(entry, 12)),
            [0, 0x80].contains(&entry[0]),
        )
    };
    let entries = [0, 1, 2, 3].map(entry);
    let protects = entries.iter().any(|entry| entry.0 == PROTECTIVE);
    (sector[510..] == [0x55, 0xaa] && !protects).then_some(entries)
}

/// Finds the boot partition in another way than the loader: first all tables of the
/// chain, then all partitions in Linux's order, then the first one of the better type.
fn second_reader(image: &[u8], sectors: u64) -> Option<Partition> {
    let mut tables = vec![(0, table(image, sectors, 0)?)];
    let mut start = None;
    while tables.len() < MAX_TABLES as usize {
        let (_, entries) = tables.last()?;
        let link = entries
            .iter()
            .rfind(|entry| EXTENDED.contains(&entry.0))
            .map(|entry| entry.1);
        // A table that is not sound ends the chain.
        let link = link.filter(|_| entries.iter().all(|entry| entry.3));
        let Some(link) = link else { break };
        // An extended partition cannot begin with the first table.
        if start.is_none() && link == 0 {
            break;
        }
        let at = start.unwrap_or(0_u32).wrapping_add(link);
        start = start.or(Some(at));
        match table(image, sectors, at) {
            Some(entries) => tables.push((at, entries)),
            None => break,
        }
    }
    let mut number = 0_u8;
    let mut partitions = Vec::new();
    'tables: for (index, (at, entries)) in tables.into_iter().enumerate() {
        for (kind, first, sectors, sound) in entries {
            if !sound {
                break 'tables;
            }
            // Linux counts every slot of the first table, and only used ones of later tables.
            if index > 0 && (sectors == 0 || EXTENDED.contains(&kind)) {
                continue;
            }
            number = number.wrapping_add(1);
            let mut guid = [0; 16];
            guid[..4].copy_from_slice(&image[440..444]);
            guid[5] = number;
            let partition = Partition {
                first: Lba(at.wrapping_add(first).into()),
                sectors: sectors.into(),
                guid,
            };
            partitions.push((kind, partition));
        }
    }
    let first = |wanted| partitions.iter().find(|(kind, _)| *kind == wanted);
    Some(first(BOOT).or(first(ESP))?.1)
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let entry = |kind: u8, first: u32, sectors: u32| {
        [
            &[0, 0, 0, 0, kind, 0, 0, 0][..],
            &first.to_le_bytes(),
            &sectors.to_le_bytes(),
        ]
        .concat()
    };
    let none = || entry(0, 0, 0);
    let table = |entries: [Vec<u8>; 4]| [b"disk".to_vec(), entries.concat()].concat();
    let disk = |flags: u8, sectors: u32, tables: &[Vec<u8>]| {
        [&[flags][..], &sectors.to_le_bytes(), &tables.concat()].concat()
    };
    let data = || entry(0x83, 20, 10);
    let primary = table([data(), entry(BOOT, 30, 40), none(), none()]);
    let extended = table([data(), entry(0x0f, 1, 50), none(), none()]);
    // The first logical partition, with a link to the second.
    let first = table([data(), entry(5, 1, 9), none(), none()]);
    let second = table([entry(BOOT, 4, 30), none(), none(), none()]);
    let circle = table([entry(0x83, 1, 1), entry(5, 0, 9), none(), none()]);
    let protective = table([entry(PROTECTIVE, 1, 99), none(), none(), none()]);
    let esp = table([entry(ESP, 20, 10), entry(0x0f, 1, 50), none(), none()]);
    vec![
        disk(0, 100, std::slice::from_ref(&primary)),
        disk(0, 20, &[primary]),
        disk(0, 100, &[extended.clone(), first.clone(), second.clone()]),
        disk(
            0x12,
            100,
            &[extended.clone(), first.clone(), second.clone()],
        ),
        disk(0, 100, &[extended, circle]),
        disk(0, 100, &[protective]),
        disk(0, 100, &[esp.clone(), first.clone(), second.clone()]),
        disk(0, 100, &[esp, first.clone()]),
    ]
}
