//! Counting an attempt on any file system. An input is the number of the
//! partition's sectors in two bytes, and the file system from its boot sector on. The
//! disk goes on after the partition, where nothing may be written.

use crate::disk::{CacheMemory, MemoryDisk};
use crate::fat::{fat12, fat16, fat32, without_zeros};
use crate::input::Input;
use boot::attempt::count::{Names, attempt};
use boot::disk::partition::Partition;
use boot::disk::storage::Storage;
use boot::fat::{DirEntry, Name, Volume};
use boot::machine::Lba;
use boot::overlay::Overlay;
use std::collections::BTreeSet;

const DIRECTORY: &[u8] = b"/loader/entries";
/// Enough for some walks over 65,536 slots.
const BUDGET: u32 = 200_000;
/// Sectors of the disk after the partition.
const AFTER: u64 = 64;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let sectors = u64::from(input.word());
    let mut disk = MemoryDisk::new(input.0, sectors + AFTER, BUDGET);
    let partition = Partition {
        first: Lba(0),
        sectors,
        guid: [0; 16],
    };
    let Some((directory, places)) = counted(&mut disk, &partition) else {
        return;
    };
    let before = disk.bytes().to_vec();
    let names = names(&mut disk, &partition, &directory);
    let mut memory = CacheMemory::new();
    let mut storage = memory.storage(&mut disk);
    let volume = Volume::open(&mut storage, &partition).expect("it opened before");
    let Some((old, node)) = first(&mut storage, &volume, &directory) else {
        return;
    };
    let mut counting = Names::EMPTY;
    let new = attempt(
        Some(Overlay::linked()),
        &mut storage,
        &partition,
        &volume,
        &node,
        b".conf",
        &mut counting,
    );
    let new = new.map(|new| new.map(|new| String::from_utf8(new.to_vec()).expect("UTF-8")));

    for at in &disk.writes {
        assert!(places.contains(at), "sector {at} is not the directory's");
        assert!(*at < sectors, "sector {at} is after the partition");
    }
    let changed = before
        .iter()
        .zip(disk.bytes())
        .filter(|(old, new)| old != new)
        .count();
    match new {
        Ok(Some(new)) => {
            // A counter at its end (`+0-9`) keeps its name.
            assert!(changed <= 64, "{changed} bytes changed");
            assert_eq!(changed == 0, new == old, "{old} became {new}");
            let mut expected = names;
            let place = expected
                .iter()
                .position(|name| *name == old)
                .expect("it was there");
            expected[place] = new;
            assert_eq!(self::names(&mut disk, &partition, &directory), expected);
        }
        Ok(None) => assert!(changed == 0 && disk.writes.is_empty()),
        Err(_) => assert_eq!(changed, 0),
    }
}

/// The directory of entries, and the sectors that may be written.
fn counted(disk: &mut MemoryDisk, partition: &Partition) -> Option<(DirEntry, BTreeSet<u64>)> {
    let mut memory = CacheMemory::new();
    let mut storage = memory.storage(disk);
    let volume = Volume::open(&mut storage, partition).ok()?;
    let directory = volume.find(&mut storage, DIRECTORY).ok()?;
    if !directory.is_directory() {
        return None;
    }
    let mut places = BTreeSet::new();
    let (mut name, mut walk) = (Name::new(), volume.walk(&directory));
    while let Some(node) = walk.next(&mut storage, &mut name).ok()? {
        // A longer name may take the slot before the name's slots. This slot is in
        // the same sector.
        for slot in 0..node.slots() {
            places.insert(volume.slot(&mut storage, &node, slot).ok()?.0.0);
        }
    }
    Some((directory, places))
}

fn names(disk: &mut MemoryDisk, partition: &Partition, directory: &DirEntry) -> Vec<String> {
    let mut memory = CacheMemory::new();
    let mut storage = memory.storage(disk);
    let volume = Volume::open(&mut storage, partition).expect("it opened before");
    let (mut name, mut walk) = (Name::new(), volume.walk(directory));
    let mut names = Vec::new();
    while let Ok(Some(_)) = walk.next(&mut storage, &mut name) {
        names.push(String::from_utf8(name.as_bytes().to_vec()).expect("names are UTF-8"));
    }
    names
}

/// The first file whose name has a counter.
fn first(
    storage: &mut Storage<MemoryDisk>,
    volume: &Volume,
    directory: &DirEntry,
) -> Option<(String, DirEntry)> {
    let (mut name, mut walk) = (Name::new(), volume.walk(directory));
    while let Some(node) = walk.next(storage, &mut name).ok()? {
        let parsed = boot::entries::counter::EntryName::parse(name.as_bytes(), b".conf");
        if parsed.is_some_and(|parsed| parsed.tries.is_counted()) {
            return Some((String::from_utf8(name.as_bytes().to_vec()).ok()?, node));
        }
    }
    None
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let names: [&[&str]; 6] = [
        &["a+3-0.conf"],
        &["a+3.conf", "b.conf"],
        &["a+0-9.conf"],
        &["debian 6.1.0+10-09.conf", "debian 6.1.0+1.conf"],
        &[
            "twelve let+3.conf",
            "another name of more than two slots of a directory+100.conf",
        ],
        &["A+2-1.conf", "a+3-0.conf", "\u{e9}+2147483647.conf"],
    ];
    let mut seeds = Vec::new();
    for names in names {
        let paths: Vec<String> = names
            .iter()
            .map(|name| format!("loader/entries/{name}"))
            .collect();
        let files: Vec<(&str, &[u8])> =
            paths.iter().map(|path| (path.as_str(), &b""[..])).collect();
        let formats = [
            fat12(16),
            fat32(24),
            fat12(8).sector_bytes(1024),
            fat32(8).sector_bytes(2048),
            fat32(8).sector_bytes(4096),
        ];
        for format in formats {
            let sectors = u16::try_from(format.sectors()).expect("a small one");
            let seed = [&sectors.to_le_bytes()[..], &format.image(&files)].concat();
            seeds.push(without_zeros(seed));
        }
    }
    let sectors = u16::try_from(fat16().sectors()).expect("a small one");
    let file: [(&str, &[u8]); 1] = [("loader/entries/a+3-0.conf", b"")];
    let image = fat16().image(&file);
    if image.len() < 8000 {
        seeds.push([&sectors.to_le_bytes()[..], &image].concat());
    }
    seeds
}
