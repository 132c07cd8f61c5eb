//! File systems with something wrong.

use crate::fake::{FakeDisk, Memory};
use crate::fat_image::{Image, Layout, contents, nodes, tree, whole, with};
use crate::tools::{Numbers, noise};
use boot::disk::partition::Partition;
use boot::fat::{DirEntry, File, Name, Volume};
use boot::machine::Lba;
use boot::{Error, Kind};

const KINDS: [(u32, &str, u64); 3] = [
    (12, "-F 12 -s 1", 1000),
    (16, "-F 16 -s 1", 10_000),
    (32, "-F 32 -s 1", 40_000),
];

/// A file of five clusters in one piece, another one, and the first cluster.
fn five(options: &str, kib: u64, bits: u32) -> (FakeDisk, Layout, u32, Vec<u8>) {
    let mut image = Image::new(options, kib);
    let bytes = noise(1, 5 * 512 - 9);
    image.write("/file", &bytes);
    image.write("/other", &noise(2, 2000));
    let disk = image.disk();
    let layout = Layout::of(&disk, bits);
    let slot = if bits == 32 { layout.data } else { layout.root };
    let sector = disk.sector(slot);
    let first = u32::from(u16::from_le_bytes([sector[26], sector[27]]));
    // mtools puts the alias of a name in lower case into one slot.
    assert_eq!(sector[..11], *b"FILE       ");
    (disk, layout, first, bytes)
}

#[test]
fn chains() {
    for (bits, options, kib) in KINDS {
        let (disk, layout, first, bytes) = five(options, kib, bits);
        let top = u32::MAX >> (32 - bits.min(28));
        let ok = Ok(());
        let error = |kind, at: u32| Err(Error::new(kind, u64::from(at)));
        let free = |at| error(Kind::ClusterFree, at);
        let bad = |at| error(Kind::ClusterBad, at);
        let short = |at| error(Kind::ChainShort, at);
        let circle = |at| error(Kind::ChainCycle, at);
        let invalid = |at| error(Kind::ClusterInvalid, at);
        let cases = [
            ("whole", first + 4, top, ok),
            ("the lowest end", first + 4, top - 7, ok),
            ("longer than the file", first + 4, first + 5, ok),
            ("free in the middle", first + 2, 0, free(first + 2)),
            ("free at the start", first, 0, free(first)),
            ("free at the end", first + 4, 0, free(first + 4)),
            ("bad in the middle", first + 2, top - 8, bad(first + 2)),
            ("bad at the end", first + 4, top - 8, bad(first + 4)),
            ("short", first + 2, top, short(first + 2)),
            ("one cluster", first, top - 3, short(first)),
            ("four clusters", first + 3, top, short(first + 3)),
            ("to itself", first + 1, first + 1, circle(first + 1)),
            ("back to the start", first + 4, first, circle(first)),
            (
                "back to the middle",
                first + 3,
                first + 1,
                circle(first + 1),
            ),
            ("back past the end", first + 4, first + 3, circle(first + 3)),
            ("to cluster 1", first + 2, 1, invalid(1)),
            (
                "past the last cluster",
                first + 2,
                layout.end,
                invalid(layout.end),
            ),
            ("to a reserved number", first + 2, top - 9, invalid(top - 9)),
            (
                "to the last cluster",
                first + 2,
                layout.end - 1,
                free(layout.end - 1),
            ),
            ("across another file", first + 1, first + 5, ok),
        ];
        for (what, cluster, value, expected) in cases {
            let mut disk = disk.clone();
            // The other file has four clusters; one more for the crossed one.
            layout.set(&mut disk, cluster, value);
            with(&mut disk, |storage, volume| {
                let node = volume.find(storage, b"file").unwrap();
                let checked = File::open(&volume, &node).check(storage);
                if expected.is_err_and(|error| error.is(Kind::ChainCycle)) {
                    // Which cluster of the circle it is does not matter.
                    assert_eq!(
                        checked.unwrap_err().kind(),
                        Kind::ChainCycle,
                        "FAT{bits}: {what}"
                    );
                } else {
                    assert_eq!(checked, expected, "FAT{bits}: {what}");
                }
                // Reading without a check gives bytes of the file or an error,
                // and ends.
                let mut file = File::open(&volume, &node);
                let mut length = 0;
                loop {
                    match file.next(storage, u32::MAX) {
                        Ok([]) => {
                            assert_eq!(length, bytes.len(), "{what}");
                            break;
                        }
                        Ok(some) => length += some.len(),
                        Err(error) => {
                            let kind = expected.map_err(|error| error.kind());
                            assert_eq!(Err(error.kind()), kind, "{what}");
                            assert_eq!(file.next(storage, u32::MAX), Err(error), "{what}");
                            break;
                        }
                    }
                }
                // The neighbours are as they were.
                nodes(storage, &volume, &DirEntry::ROOT);
            });
        }
        // First clusters that are none.
        for (low, expected) in [(0, 0), (1, 1), (layout.end & 0xffff, layout.end & 0xffff)] {
            if bits == 32 && low > 1 {
                continue;
            }
            let mut disk = disk.clone();
            let slot = if bits == 32 { layout.data } else { layout.root };
            disk.patch(slot, 26, &u16::try_from(low).unwrap().to_le_bytes());
            with(&mut disk, |storage, volume| {
                let node = volume.find(storage, b"file").unwrap();
                let mut file = File::open(&volume, &node);
                assert_eq!(file.check(storage), invalid(expected));
                assert_eq!(file.next(storage, 5), invalid(expected).map(|()| &[][..]));
                assert_eq!(
                    file.read_small(storage, &mut [0; 5]),
                    invalid(expected).map(|()| 0)
                );
                assert_eq!(
                    file.line(storage, &mut [0; 5]),
                    invalid(expected).map(|()| None)
                );
            });
        }
    }
}

#[test]
fn the_upper_bits_of_fat32_do_not_count() {
    let (mut disk, layout, first, bytes) = five("-F 32 -s 1", 40_000, 32);
    for cluster in first..first + 4 {
        layout.set(&mut disk, cluster, (cluster + 1) | 0xa000_0000);
    }
    layout.set(&mut disk, first + 4, 0x5fff_fff8);
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        File::open(&volume, &node).check(storage).unwrap();
        assert!(contents(storage, &volume, &node) == bytes);
    });
}

#[test]
fn the_upper_half_of_the_first_cluster_counts_on_fat32_alone() {
    for (bits, options, kib) in KINDS {
        let (mut disk, layout, first, bytes) = five(options, kib, bits);
        let slot = if bits == 32 { layout.data } else { layout.root };
        disk.patch(slot, 20, &[7, 0]);
        with(&mut disk, |storage, volume| {
            let node = volume.find(storage, b"file").unwrap();
            let checked = File::open(&volume, &node).check(storage);
            if bits == 32 {
                let at = u64::from(first | 7 << 16);
                assert_eq!(checked, Err(Error::new(Kind::ClusterInvalid, at)));
            } else {
                assert_eq!(checked, Ok(()));
                assert!(contents(storage, &volume, &node) == bytes);
            }
        });
    }
}

#[test]
fn the_active_table_of_fat32() {
    let (mut disk, layout, first, bytes) = five("-F 32 -s 1", 40_000, 32);
    // The first table is ruined, the second one is said to be the right one.
    for at in layout.table..layout.table + layout.table_sectors {
        disk.patches.insert(at, [0; 512]);
    }
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        let free = Err(Error::new(Kind::ClusterFree, u64::from(first)));
        assert_eq!(File::open(&volume, &node).check(storage), free);
    });
    disk.patch(0, 40, &[0x81, 0]);
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        assert_eq!(File::open(&volume, &node).check(storage), Ok(()));
        assert!(contents(storage, &volume, &node) == bytes);
    });
    // Mirrored: the number means nothing.
    disk.patch(0, 40, &[0x0f, 0]);
    with(&mut disk, |storage, volume| {
        assert!(volume.find(storage, b"file").is_ok())
    });
}

fn open(disk: &mut FakeDisk) -> Result<Volume, Error> {
    let partition = whole(disk);
    Volume::open(&mut Memory::new().storage(disk), &partition)
}

#[test]
fn boot_sectors() {
    let missing = Kind::FatMissing;
    let damaged = Kind::FatDamaged;
    let ok = Kind::NotFound;
    // Offset, bytes, and what it makes of FAT16 and of FAT32.
    let cases: &[(&str, usize, &[u8], Kind, Kind)] = &[
        ("nothing", 0, &[], ok, ok),
        ("no signature", 510, &[0, 0], ok, ok),
        ("no jump", 0, &[0, 0, 0], ok, ok),
        ("no name", 3, &[0; 8], ok, ok),
        ("all zero", 0, &[0; 90], missing, missing),
        ("all ones", 0, &[0xff; 90], missing, missing),
        ("sectors of 0", 11, &[0, 0], missing, missing),
        ("sectors of 256", 11, &[0, 1], missing, missing),
        ("sectors of 513", 11, &[1, 2], missing, missing),
        ("sectors of 8192", 11, &[0, 32], missing, missing),
        ("sectors of 1024", 11, &[0, 4], ok, ok),
        ("sectors of 4096", 11, &[0, 16], ok, ok),
        ("clusters of 0", 13, &[0], missing, missing),
        ("clusters of 3", 13, &[3], missing, missing),
        ("clusters of 255", 13, &[255], missing, missing),
        ("no reserved sectors", 14, &[0, 0], missing, missing),
        ("65,535 reserved sectors", 14, &[255, 255], damaged, ok),
        ("no table", 16, &[0], missing, missing),
        ("255 tables", 16, &[255], ok, damaged),
        ("no root directory", 17, &[0, 0], damaged, ok),
        ("media 00", 21, &[0], missing, missing),
        ("media f1", 21, &[0xf1], missing, missing),
        ("media f0", 21, &[0xf0], ok, ok),
        ("media ff", 21, &[0xff], ok, ok),
        ("table of one sector", 22, &[1, 0], damaged, damaged),
        ("table of 65,535 sectors", 22, &[255, 255], damaged, damaged),
        (
            "sectors 0",
            19,
            &[0, 0, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            damaged,
            damaged,
        ),
        (
            "one sector more than the partition",
            32,
            &[0x21, 0x4e, 0, 0],
            ok,
            ok,
        ),
        ("2^32 - 1 sectors", 32, &[255; 4], ok, ok),
        ("100 sectors", 32, &[100, 0, 0, 0], ok, damaged),
        ("100 sectors", 19, &[100, 0], damaged, damaged),
        ("2^32 - 1 sectors in a table", 36, &[255; 4], ok, damaged),
        ("2^31 sectors in a table", 36, &[0, 0, 0, 0x80], ok, damaged),
        ("no sectors in a table", 36, &[0; 4], ok, damaged),
        ("10 sectors in a table", 36, &[10, 0, 0, 0], ok, damaged),
        ("active table 2 of 2", 40, &[0x82, 0], ok, damaged),
        ("version 0.1", 42, &[1, 0], ok, damaged),
        ("version 1.0", 42, &[0, 1], ok, damaged),
        ("root cluster 0", 44, &[0; 4], ok, damaged),
        ("root cluster 1", 44, &[1, 0, 0, 0], ok, damaged),
        ("root cluster too high", 44, &[0, 0, 2, 0], ok, damaged),
        ("root cluster 2^28", 44, &[2, 0, 0, 0x10], ok, damaged),
    ];
    for (bits, options, kib) in [(16, "-F 16 -s 2", 10_000), (32, "-F 32 -s 1", 40_000)] {
        let image = Image::new(options, kib);
        for &(what, offset, bytes, fat16, fat32) in cases {
            let mut disk = image.disk();
            disk.patch(0, offset, bytes);
            let expected = if bits == 16 { fat16 } else { fat32 };
            match open(&mut disk) {
                Ok(_) => assert_eq!(expected, ok, "FAT{bits}: {what}"),
                Err(error) => assert_eq!(error, Error::new(expected, 0), "FAT{bits}: {what}"),
            }
        }
    }
}

#[test]
fn the_number_of_clusters_decides() {
    for (clusters, bits) in [(4084, 12), (4085, 16), (65_524, 16)] {
        // One reserved sector, one table, 16 root slots, clusters of a sector.
        let table_sectors = 256_u16;
        let data = 1 + u32::from(table_sectors) + 1;
        let mut disk = FakeDisk::empty(u64::from(data + clusters));
        disk.patch(0, 11, &[0, 2, 1, 1, 0, 1, 16, 0, 0, 0, 0xf8]);
        disk.patch(0, 22, &table_sectors.to_le_bytes());
        disk.patch(0, 32, &(data + clusters).to_le_bytes());
        let layout = Layout::of(&disk, bits);
        assert_eq!((layout.data, layout.end), (u64::from(data), clusters + 2));
        // The last clusters of all, backwards.
        let top = u32::MAX >> (32 - bits);
        let last = clusters + 1;
        for (cluster, next) in [(2, last), (last, last - 1), (last - 1, top)] {
            layout.set(&mut disk, cluster, next);
        }
        disk.patch(layout.root, 0, b"FILE       \x20");
        disk.patch(layout.root, 26, &[2, 0, 0, 6, 0, 0]);
        disk.patch(layout.data + u64::from(clusters - 1), 0, b"the last");
        with(&mut disk, |storage, volume| {
            let node = volume.find(storage, b"file").unwrap();
            File::open(&volume, &node).check(storage).unwrap();
            let bytes = contents(storage, &volume, &node);
            assert!(bytes.len() == 3 * 512 && bytes[512..].starts_with(b"the last"));
        });
        // One cluster more than FAT16 has.
        disk.sectors += 1;
        disk.patch(0, 32, &(data + clusters + 1).to_le_bytes());
        let damaged = (clusters == 65_524).then_some(Error::new(Kind::FatDamaged, 0));
        assert_eq!(open(&mut disk).err(), damaged);
    }
}

/// The file system is larger than its partition, and what there is of it can be read.
#[test]
fn a_partition_that_is_too_small() {
    for (bits, options, kib) in [
        (16, "-F 16 -s 4", 20_000),
        (32, "-F 32 -s 1", 40_000),
        (32, "-F 32 -S 4096 -s 1", 300_000),
    ] {
        let mut image = Image::new(options, kib);
        let before = noise(1, 5000);
        let bytes = noise(2, 30 * 4096 - 300);
        image.write("/before", &before);
        image.write("/file", &bytes);
        let mut disk = image.disk();
        let layout = Layout::of(&disk, bits);
        let start = (layout.data..)
            .find(|&at| disk.sector(at) == bytes[..512])
            .unwrap();
        let end = start + bytes.len().div_ceil(512) as u64;
        assert!((start - layout.data).is_multiple_of(layout.cluster_sectors));
        let whole = whole(&disk);
        // By a sector, by half, and around the ends of the file and of its clusters.
        let sizes = [whole.sectors - 1, whole.sectors / 2];
        for sectors in sizes.into_iter().chain(start + 1..=end + 8) {
            let partition = Partition { sectors, ..whole };
            let mut memory = Memory::new();
            let mut storage = memory.storage(&mut disk);
            let volume = Volume::open(&mut storage, &partition).unwrap();
            let node = volume.find(&mut storage, b"before").unwrap();
            assert!(contents(&mut storage, &volume, &node) == before);
            let node = volume.find(&mut storage, b"file").unwrap();
            let checked = File::open(&volume, &node).check(&mut storage);
            let mut file = File::open(&volume, &node);
            let mut all = Vec::<u8>::new();
            let ended = loop {
                match file.next(&mut storage, u32::MAX) {
                    Ok([]) => break Ok(()),
                    Ok(some) => all.extend(some),
                    Err(error) => break Err(error.kind()),
                }
            };
            // Whole clusters alone count.
            let outside = (sectors - layout.data) % layout.cluster_sectors;
            let inside = (sectors - outside).saturating_sub(start) as usize * 512;
            let expected = match inside >= bytes.len() {
                true => Ok(()),
                false => Err(Kind::ClusterInvalid),
            };
            assert_eq!(
                checked.map_err(Error::kind),
                expected,
                "{options} {sectors}"
            );
            assert_eq!(ended, expected, "{options} {sectors}");
            assert!(
                all == bytes[..inside.min(bytes.len())],
                "{options} {sectors}"
            );
        }
        // Without a cluster there is no file system.
        let partition = Partition {
            sectors: layout.data,
            ..whole
        };
        let opened = Volume::open(&mut Memory::new().storage(&mut disk), &partition);
        assert_eq!(opened.err(), Some(Error::new(Kind::FatDamaged, 0)));
    }
}

#[test]
fn a_disk_that_is_too_small() {
    // What is there can be read.
    let mut image = Image::new("-F 16 -s 1", 10_000);
    let bytes = noise(1, 200_000);
    image.write("/file", &bytes);
    let mut disk = image.disk();
    let partition = whole(&disk);
    disk.sectors = 300;
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    let volume = Volume::open(&mut storage, &partition).unwrap();
    let node = volume.find(&mut storage, b"file").unwrap();
    let mut file = File::open(&volume, &node);
    file.check(&mut storage).unwrap();
    let mut all = Vec::new();
    let error = loop {
        match file.next(&mut storage, u32::MAX) {
            Ok(some) => all.extend(some),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::new(Kind::BeyondDisk, 300));
    assert!(all.len() > 50_000 && bytes.starts_with(&all));
}

#[test]
fn anywhere_on_the_disk() {
    let mut image = Image::new("-F 32 -s 1", 40_000);
    let bytes = noise(1, 200_000);
    image.write("/a file", &bytes);
    for first in [
        1,
        63,
        2048,
        (1 << 32) - 1,
        (1 << 32) + 12_345,
        (1 << 34) + 7,
    ] {
        for size_known in [true, false] {
            let mut disk = FakeDisk::of_file_at(&image.path(), first);
            disk.size_known = size_known;
            let partition = Partition {
                first: Lba(first),
                sectors: 80_000,
                guid: [0; 16],
            };
            let mut memory = Memory::new();
            let mut storage = memory.storage(&mut disk);
            let volume = Volume::open(&mut storage, &partition).unwrap();
            let node = volume.find(&mut storage, b"a file").unwrap();
            File::open(&volume, &node).check(&mut storage).unwrap();
            assert!(contents(&mut storage, &volume, &node) == bytes);
        }
    }
}

/// Walks a directory to its end: the number of nodes and the errors.
fn walk(disk: &mut FakeDisk, path: &[u8]) -> (usize, Vec<Error>) {
    with(disk, |storage, volume| {
        let directory = volume.find(storage, path).unwrap();
        let (mut name, mut walk) = (Name::new(), volume.walk(&directory));
        let (mut found, mut errors) = (0, Vec::new());
        loop {
            match walk.next(storage, &mut name) {
                Ok(None) => break,
                Ok(Some(_)) => found += 1,
                Err(error) => errors.push(error),
            }
        }
        assert!(walk.next(storage, &mut name).unwrap().is_none());
        (found, errors)
    })
}

#[test]
fn directories_without_an_end() {
    let image = Image::new("-F 32 -s 1", 40_000);
    image.mtools("mmd", &["::/d"]);
    let files: Vec<_> = (0..40)
        .map(|number| (format!("F{number}"), Vec::new()))
        .collect();
    image.write_all("/d", &files);
    let disk = image.disk();
    let layout = Layout::of(&disk, 32);
    // The directory's clusters follow each other: 3, 4 and 5.
    let edit = |clusters: &[(u32, u32)]| {
        let mut disk = image.disk();
        for &(cluster, value) in clusters {
            layout.set(&mut disk, cluster, value);
        }
        walk(&mut disk, b"/d")
    };
    let error = |kind, at| vec![Error::new(kind, at)];
    assert_eq!(edit(&[]), (40, vec![]));
    // Without anything after it, no end is needed.
    assert_eq!(edit(&[(4, 0x0fff_ffff)]), (30, vec![]));
    assert_eq!(edit(&[(4, 0)]), (30, error(Kind::ClusterFree, 4)));
    assert_eq!(edit(&[(4, 0x0fff_fff7)]), (30, error(Kind::ClusterBad, 4)));
    assert_eq!(
        edit(&[(4, 0x0fff_fff0)]),
        (30, error(Kind::ClusterInvalid, 0x0fff_fff0))
    );
    let (found, errors) = edit(&[(4, 3)]);
    assert_eq!(errors[0].kind(), Kind::ChainCycle);
    assert!(found < 100, "{found}");
    // A chain of more than 65,536 slots, none of them the last one.
    let mut disk = image.disk();
    let full: Vec<u8> = std::iter::repeat_n(
        *b"FULL       \x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        16,
    )
    .flatten()
    .collect();
    for cluster in 3..3 + 4200 {
        layout.set(&mut disk, cluster, cluster + 1);
        disk.patch(
            layout.data + u64::from(cluster - 2) * layout.cluster_sectors,
            0,
            &full,
        );
    }
    assert_eq!(
        walk(&mut disk, b"/d"),
        (65_536, error(Kind::DirectoryTooLong, 3))
    );
}

#[test]
fn crossed_directories() {
    // A directory inside itself, and one that is a file's contents.
    let mut image = Image::new("-F 16 -s 1", 10_000);
    image.mtools("mmd", &["::/d"]);
    image.write("/d/file", &noise(5, 5000));
    let mut disk = image.disk();
    let layout = Layout::of(&disk, 16);
    let slots = disk.sector(layout.data);
    assert_eq!(slots[64..75], *b"FILE       ");
    disk.patch(layout.data, 64 + 11, &[0x10]);
    let (_, errors) = walk(&mut disk, b"/d/file");
    assert!(errors.len() <= 1);
    disk.patch(layout.data, 64 + 26, &[2, 0]);
    assert_eq!(walk(&mut disk, b"/d/file/file/file/file").0, 1);
}

#[test]
fn random_damage_ends() {
    for (bits, options, kib) in KINDS {
        let mut image = Image::new(options, kib);
        image.mtools("mmd", &["::/loader", "::/loader/entries"]);
        for number in 0..12 {
            let path = format!("/loader/entries/some-entry-{number}+3-0.conf");
            image.write(&path, &noise(number, 1500));
        }
        let pristine = image.disk();
        let layout = Layout::of(&pristine, bits);
        with(&mut image.disk(), |storage, volume| {
            assert_eq!(tree(storage, &volume).len(), 14)
        });
        let mut numbers = Numbers::new(u64::from(bits));
        for _ in 0..400 {
            let mut disk = image.disk();
            for _ in 0..1 + numbers.below(6) {
                // In the boot sector, a table, or among the first clusters.
                let (at, offset) = match numbers.below(4) {
                    0 => (0, numbers.below(90)),
                    1 => (layout.table, numbers.below(300)),
                    _ => (layout.root, numbers.below(4 << 10)),
                };
                let byte = [0, 0xff, 1, 0x10, 0x7f, 0xe5][numbers.below(6)];
                disk.patch(at, offset, &[byte ^ (numbers.below(3) as u8)]);
            }
            survey(&mut disk);
            assert!(disk.log.len() < 3000, "{} requests", disk.log.len());
        }
    }
}

/// Reads all there is, whatever comes, to a depth of a few directories.
fn survey(disk: &mut FakeDisk) {
    let partition = whole(disk);
    let mut memory = Memory::new();
    let mut storage = memory.storage(disk);
    let Ok(volume) = Volume::open(&mut storage, &partition) else {
        return;
    };
    let _ = volume.find(&mut storage, b"/loader/entries/some-entry-3+3-0.conf");
    let mut name = Name::new();
    let mut left = vec![(DirEntry::ROOT, 0)];
    let mut seen = 0;
    while let Some((directory, depth)) = left.pop() {
        let mut walk = volume.walk(&directory);
        loop {
            let node = match walk.next(&mut storage, &mut name) {
                Ok(None) => break,
                Ok(Some(node)) => node,
                Err(_) => continue,
            };
            assert!(std::str::from_utf8(name.as_bytes()).is_ok());
            seen += 1;
            if seen > 300 {
                return;
            }
            if node.is_directory() && depth < 3 {
                left.push((node, depth + 1));
            }
            let mut file = File::open(&volume, &node);
            let _ = file.check(&mut storage);
            for _ in 0..3 {
                let _ = file.next(&mut storage, u32::MAX);
                let _ = file.line(&mut storage, &mut [0; 100]);
            }
        }
    }
}
