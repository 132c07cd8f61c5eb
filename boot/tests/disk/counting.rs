//! Counting attempts, on file systems that mtools fill: what is written, and
//! what is refused.

use crate::counted::{Ground, set};
use crate::fake::{FakeDisk, Memory, STATUS};
use crate::fat_image::{Image, tree, whole, with};
use boot::attempt::count::{self, Names};
use boot::disk::partition::Partition;
use boot::fat::{DirEntry, Volume};
use boot::machine::Lba;
use boot::overlay::Overlay;
use boot::{Error, Kind};

const ENTRIES: &str = "/loader/entries";

fn image(options: &str, kib: u64, names: &[&str]) -> Image {
    let image = Image::new(options, kib);
    image.mtools("mmd", &["::/loader", "::/loader/entries"]);
    let files: Vec<_> = names
        .iter()
        .map(|name| (name.to_string(), name.as_bytes().to_vec()))
        .collect();
    image.write_all(ENTRIES, &files);
    image
}

fn small(names: &[&str]) -> Image {
    image("-F 12 -s 1", 1440, names)
}

/// Finds a file by its path and counts an attempt to boot it.
fn attempt_in(
    disk: &mut FakeDisk,
    partition: &Partition,
    path: &str,
) -> Result<Option<String>, Error> {
    let mut memory = Memory::new();
    let mut storage = memory.storage(disk);
    let volume = Volume::open(&mut storage, partition).unwrap();
    let node = volume.find(&mut storage, path.as_bytes()).unwrap();
    attempt_at(&mut storage, partition, &volume, &node, path)
}

fn attempt_at(
    storage: &mut crate::fat_image::Disk,
    partition: &Partition,
    volume: &Volume,
    node: &DirEntry,
    path: &str,
) -> Result<Option<String>, Error> {
    let suffix = &path[path.rfind('.').unwrap()..];
    let mut names = Names::EMPTY;
    let new = count::attempt(
        Some(Overlay::linked()),
        storage,
        partition,
        volume,
        node,
        suffix.as_bytes(),
        &mut names,
    )?;
    Ok(new.map(|new| String::from_utf8(new.to_vec()).unwrap()))
}

pub fn attempt(disk: &mut FakeDisk, name: &str) -> Result<Option<String>, Error> {
    let partition = whole(disk);
    attempt_in(disk, &partition, &format!("{ENTRIES}/{name}"))
}

/// Attempts to boot the same entry, one after the other.
#[test]
fn down_to_bad() {
    for (options, kib) in [
        ("-F 12 -s 1", 1440),
        ("-F 16 -s 2", 20_000),
        ("-F 32 -s 1", 34_000),
    ] {
        let image = image(
            options,
            kib,
            &["other.conf", "tried+3-0.conf", "third+1.conf"],
        );
        let mut disk = image.disk();
        let before = with(&mut disk, |storage, volume| tree(storage, &volume));
        let mut name = "tried+3-0.conf".to_string();
        for next in ["tried+2-1.conf", "tried+1-2.conf", "tried+0-3.conf"] {
            name = attempt(&mut disk, &name).unwrap().unwrap();
            assert_eq!(name, next);
        }
        let mut expected = before;
        let bytes = expected.remove(&format!("{ENTRIES}/tried+3-0.conf"));
        expected.insert(format!("{ENTRIES}/{name}"), bytes.unwrap());
        let after = with(&mut disk, |storage, volume| tree(storage, &volume));
        assert_eq!(after, expected, "{options}");
        assert_eq!(disk.writes.len(), 3);
    }
}

#[test]
fn in_the_root_directory() {
    for (options, kib) in [("-F 12 -s 1", 1440), ("-F 32 -s 1", 34_000)] {
        let image = Image::new(options, kib);
        image.write_all("/", &[("A kernel+12-00.efi".to_string(), vec![1; 2000])]);
        let mut disk = image.disk();
        let partition = whole(&disk);
        let new = attempt_in(&mut disk, &partition, "/A kernel+12-00.efi");
        assert_eq!(new.unwrap().unwrap(), "A kernel+11-01.efi");
    }
}

#[test]
fn what_is_not_counted() {
    let image = small(&["good.conf", "odd+.conf", "locked+3-0.conf"]);
    image.mtools("mattrib", &["+r", "::/loader/entries/locked+3-0.conf"]);
    let mut disk = image.disk();
    for name in ["good.conf", "odd+.conf", "locked+3-0.conf"] {
        assert_eq!(attempt(&mut disk, name), Ok(None), "{name}");
    }
    assert!(disk.writes.is_empty());
}

#[test]
fn names_that_exist() {
    let exists = Error::new(Kind::NameExists, 0);
    for (name, other, refused) in [
        ("a+3-0.conf", "A+2-1.CONF", true),
        // One write of one sector: no reader sees the names on the way.
        ("a+3-0.conf", "a+2-0.conf", false),
        ("a+3-0.conf", "A+3-1.conf", false),
        ("a+3-0.conf", "a+1-2.conf", false),
        ("a+3-0.conf", "a.conf", false),
        ("a+3.conf", "a+2-1.conf", true),
        ("a+3.conf", "a+2.conf", false),
        ("a+3.conf", "b+2-1.conf", false),
    ] {
        let mut disk = small(&[name, other]).disk();
        let result = attempt(&mut disk, name);
        assert_eq!(result == Err(exists), refused, "{name} {other}");
        assert_eq!(disk.writes.is_empty(), refused, "{name} {other}");
    }
}

/// An entry that is there twice is counted where one write is enough: only there no
/// reader can see the other file's name on the way.
#[test]
fn an_entry_that_is_there_twice() {
    let ground = Ground::new(12, "-s 1", 1440);
    for (start, result) in [
        (14, Ok(Some("abcdefghijk+2-1.conf".to_string()))),
        (15, Err(Error::new(Kind::NameExists, 0))),
        (16, Ok(Some("abcdefghijk+2-1.conf".to_string()))),
    ] {
        // LEFT is in the second slot of the name, DONE in the first one.
        let mut slots = ground.directory("abcdefghijk+3-0.conf", start, true);
        let mut short = slots[start + 2];
        short[..11].copy_from_slice(b"ABCDEF~2CON");
        slots[3..6].copy_from_slice(&set("abcdefghijk+2-0.conf", &short));
        let mut disk = ground.disk.clone();
        disk.patches = ground.patches(&slots);
        let before = disk.patches.clone();
        assert_eq!(
            attempt(&mut disk, "abcdefghijk+3-0.conf"),
            result,
            "{start}"
        );
        let changed = disk.patches.iter().filter(|(at, now)| before[at] != **now);
        assert_eq!(changed.count(), usize::from(result.is_ok()));
        assert_eq!(disk.writes.len(), usize::from(result.is_ok()));
    }
}

#[test]
fn a_member_of_a_mirror() {
    let image = small(&["a+3-0.conf"]);
    let mut disk = image.disk();
    let file_system = disk.sectors;
    disk.sectors += 1000;
    let file = std::fs::File::options().write(true).open(image.path());
    file.unwrap().set_len(disk.sectors * 512).unwrap();
    // The superblock lies after the file system and belongs to the partition
    // as md has it: 8 to 12 KiB before the end, or 64 to 128 KiB by version 0.90.
    let new = (file_system + 24..file_system + 40).map(|size| (size, (size - 16) / 8 * 8));
    let old = (file_system + 256..file_system + 400).step_by(9);
    let old = old.map(|size| (size, size / 128 * 128 - 128));
    for (size, place) in new.chain(old) {
        let partition = Partition {
            first: Lba(0),
            sectors: size,
            guid: [0; 16],
        };
        let mut disk = disk.clone();
        disk.patch(place, 0, &[0xfc, 0x4e, 0x2b, 0xa9, 1, 0, 0, 0]);
        let path = format!("{ENTRIES}/a+3-0.conf");
        let result = attempt_in(&mut disk, &partition, &path);
        assert_eq!(result, Err(Error::new(Kind::MirrorMember, place)));
        assert!(disk.writes.is_empty());
        // md could not read it either: the partition is no member of a mirror.
        let mut bad = disk.clone();
        bad.bad.insert(place);
        assert!(attempt_in(&mut bad, &partition, &path).is_ok());
        assert_eq!(bad.writes.len(), 1);
        disk.patch(place, 0, &[0]);
        assert!(attempt_in(&mut disk, &partition, &path).is_ok());
    }
    // The partition ends after the disk.
    let partition = Partition {
        sectors: disk.sectors + 100,
        ..whole(&disk)
    };
    let path = format!("{ENTRIES}/a+3-0.conf");
    assert!(attempt_in(&mut disk, &partition, &path).is_ok());
}

/// Where the only file with a long name has its first slot.
fn slot(disk: &mut FakeDisk, name: &str) -> u64 {
    with(disk, |storage, volume| {
        let path = format!("{ENTRIES}/{name}");
        let node = volume.find(storage, path.as_bytes()).unwrap();
        volume.slot(storage, &node, 0).unwrap().0.0
    })
}

#[test]
fn disks_that_fail() {
    let image = small(&["a+3-0.conf"]);
    let mut disk = image.disk();
    let at = slot(&mut disk, "a+3-0.conf");
    let partition = whole(&disk);
    let path = format!("{ENTRIES}/a+3-0.conf");

    // Written, says the firmware.
    let mut lost = disk.clone();
    lost.lost.insert(at);
    let result = attempt(&mut lost, "a+3-0.conf");
    assert_eq!(result, Err(Error::new(Kind::DiskUnstable, at)));
    assert_eq!(lost.sector(at), disk.sector(at));

    // Cannot be written, and cannot be read.
    let mut locked = disk.clone();
    locked.locked = true;
    let result = attempt(&mut locked, "a+3-0.conf");
    assert_eq!(result, Err(Error::with_status(Kind::DiskWrite, at, STATUS)));

    // The cache holds what is no longer there.
    let mut memory = Memory::new();
    let mut changed = disk.clone();
    changed.stale.insert(at, 1);
    let mut storage = memory.storage(&mut changed);
    let volume = Volume::open(&mut storage, &partition).unwrap();
    let node = volume.find(&mut storage, path.as_bytes()).unwrap();
    let result = attempt_at(&mut storage, &partition, &volume, &node, &path);
    assert_eq!(result, Err(Error::new(Kind::DiskUnstable, at)));
    assert!(changed.writes.is_empty());
}

#[test]
fn a_short_name_with_a_counter() {
    let mut image = Image::new("-F 12 -s 1", 1440);
    image.write("/AX3.EFI", b"x");
    let mut disk = image.disk();
    let root = crate::fat_image::Layout::of(&disk, 12).root;
    let name = (0..512)
        .find(|&at| disk.sector(root)[at..].starts_with(b"AX3 "))
        .unwrap();
    disk.patch(root, name + 1, b"+");
    let partition = whole(&disk);
    let result = attempt_in(&mut disk, &partition, "/A+3.EFI");
    assert_eq!(result, Err(Error::new(Kind::NameSlots, 0)));
    assert!(disk.writes.is_empty());
}
