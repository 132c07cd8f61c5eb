//! MBR partition tables as sfdisk makes them, and worse.

use crate::fake::{FakeDisk, Memory};
use crate::tools::run;
use boot::Kind;
use boot::disk::mbr::find;
use boot::disk::partition::{Partition, Partitions};
use boot::fat::Volume;
use tempfile::TempDir;

/// A disk of 64 MiB with the partitions of this script, and its path.
fn disk(script: &str) -> (TempDir, FakeDisk) {
    let directory = tempfile::tempdir().unwrap();
    let path = path(&directory);
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(64 << 20).unwrap();
    let script = format!("label: dos\nlabel-id: 0x01abcdef\n{script}");
    std::fs::write(directory.path().join("script"), script).unwrap();
    run(
        "sh",
        &[
            "-c",
            &format!(
                "sfdisk --quiet {path} < {}/script",
                directory.path().display()
            ),
        ],
    );
    let disk = FakeDisk::of_file(path.as_ref());
    (directory, disk)
}

fn path(directory: &TempDir) -> String {
    directory.path().join("disk").to_str().unwrap().to_owned()
}

fn read(disk: &mut FakeDisk) -> Option<Partition> {
    let mut found = Partitions::default();
    let overlay = Some(boot::overlay::Overlay::linked());
    find(&mut Memory::new().storage(disk), overlay, &mut found);
    found.esp
}

/// A partition's first sector, size and name.
fn place(partition: &Partition) -> (u64, u64, String) {
    let name = String::from_utf8_lossy(partition.uuid(&mut [0; 36])).into();
    (partition.first.0, partition.sectors, name)
}

/// The same of partition `number`, as sfdisk says it.
fn expected(directory: &TempDir, number: u32) -> (u64, u64, String) {
    let path = path(directory);
    let table = run("sfdisk", &["--dump", &path]);
    let node = format!("{path}{number} :");
    let line = table.lines().find(|line| line.starts_with(&node)).unwrap();
    let value = |key: &str| {
        let (_, rest) = line.split_once(key).unwrap();
        rest.split(',').next().unwrap().trim().parse().unwrap()
    };
    (
        value("start="),
        value("size="),
        format!("01abcdef-{number:02x}"),
    )
}

#[test]
fn primary_and_logical() {
    for (script, number) in [
        ("size=10M, type=ea", 1),
        ("size=10M, type=83\nsize=20M, type=ea, bootable\n", 2),
        ("3: size=10M, type=83\n4: size=20M, type=ea\n", 4),
        // The first one counts.
        ("size=10M, type=ea\nsize=20M, type=ea\n", 1),
        (
            "size=9M, type=83\ntype=5\nsize=3M, type=83\nsize=5M, type=ea\n",
            6,
        ),
        (
            "type=f\nsize=3M\nsize=3M\nsize=3M\nsize=3M\nsize=3M\nsize=5M, type=ea\n",
            10,
        ),
        ("4: type=85\n5: size=3M, type=ea\n", 5),
        // An EFI system partition, where there is no other.
        ("size=10M, type=ef\ntype=5\nsize=5M, type=83\n", 1),
        (
            "size=3M, type=83\ntype=5\nsize=5M, type=ef\nsize=5M, type=ef\n",
            5,
        ),
        ("size=10M, type=ef\nsize=5M, type=ea\n", 2),
        (
            "size=10M, type=ef\ntype=5\nsize=5M, type=83\nsize=5M, type=ea\n",
            6,
        ),
    ] {
        let (directory, mut disk) = disk(script);
        let found = read(&mut disk).as_ref().map(place);
        assert_eq!(found, Some(expected(&directory, number)), "{script}");
    }
}

#[test]
fn nothing_for_us() {
    assert_eq!(read(&mut FakeDisk::empty(100)), None);
    assert_eq!(read(&mut FakeDisk::empty(0)), None);
    for script in [
        "size=10M, type=c\ntype=5\nsize=5M, type=83\n",
        // With a protective entry there is a GPT to be looked at.
        "size=10M, type=ea\nsize=1M, type=ee\n",
        "size=10M, type=ef\nsize=1M, type=ee\n",
    ] {
        assert_eq!(read(&mut disk(script).1), None, "{script}");
    }
    let (_directory, sound) = disk("size=10M, type=ea");
    for offset in [510, 511] {
        let mut disk = sound.clone();
        disk.patch(0, offset, &[0]);
        assert_eq!(read(&mut disk), None);
    }
    let mut unreadable = sound;
    unreadable.bad.insert(0);
    assert_eq!(read(&mut unreadable), None);
}

/// Where a partition ends is looked at when it is read.
#[test]
fn numbers_without_sense() {
    let (_directory, mut disk) = disk("size=10M, type=ea");
    disk.patch(0, 446 + 8, &[0xff; 8]);
    let found = read(&mut disk).unwrap();
    assert_eq!((found.first.0, found.sectors), (0xffff_ffff, 0xffff_ffff));
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    let volume = Volume::open(&mut storage, &found);
    assert!(volume.is_err_and(|error| error.is(Kind::BeyondDisk)));
}

#[test]
fn chains_that_lead_in_a_circle_or_away() {
    let script = "type=5\nsize=3M, type=83\nsize=3M, type=83\nsize=5M, type=ea\n";
    let (_directory, sound) = disk(script);
    let extended = 2048;
    let second = 4096 + 6144 - 2048;
    assert!(read(&mut sound.clone()).is_some());
    for next in [0_u32, 1, second, 1 << 20, u32::MAX] {
        let mut disk = sound.clone();
        disk.patch(extended, 446 + 16 + 8, &next.to_le_bytes());
        assert!(
            read(&mut disk).is_none_or(|found| found.guid[5] < 9),
            "{next}"
        );
        assert!(disk.log.len() < 110, "{next}: {} requests", disk.log.len());
    }
    // A table without a signature ends the chain.
    let mut disk = sound.clone();
    disk.patch(extended, 510, &[0]);
    assert_eq!(read(&mut disk), None);
    let mut disk = sound;
    disk.bad.insert(extended);
    assert_eq!(read(&mut disk), None);
}
