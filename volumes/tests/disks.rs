//! Partition tables as the distribution's tools make them, and what lies on partitions.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]

mod common;

use std::fs;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use common::*;
use menus::search;
use menus::storage::{Device, Failure, Kind, Storage, Table};
use volumes::partitions::partitions;
use volumes::{Bytes, Volumes};

/// Puts an image into another at a byte.
fn put(image: &str, at: u64, part: &str) {
    let file = fs::OpenOptions::new().write(true).open(image).unwrap();
    file.write_all_at(&fs::read(part).unwrap(), at).unwrap();
}

/// A FAT file system with one file.
fn small_fat(scratch: &Scratch, name: &str, label: &str, options: &[&str]) -> String {
    let image = scratch.image(name, 4);
    tool("mkfs.vfat", &[&["-n", label], options, &[&*image]].concat());
    let file = scratch.name("file.txt");
    fs::write(&file, label).unwrap();
    tool("mcopy", &["-i", &image, &file, "::/"]);
    image
}

/// What `/file.txt` says on each device.
fn texts(volumes: &Volumes) -> Vec<String> {
    let read = |device| volumes.read(&at(device, "/file.txt"), 100);
    let text =
        |device| read(device).map_or("-".to_owned(), |bytes| String::from_utf8(bytes).unwrap());
    volumes.devices().into_iter().map(text).collect()
}

#[test]
fn gpt() {
    let scratch = Scratch::new();
    let image = scratch.image("disk", 32);
    let (one, two) = (
        small_fat(&scratch, "one", "ONE", &[]),
        small_fat(&scratch, "two", "TWO", &[]),
    );
    let arguments = [
        "-n",
        "1:2048:10239",
        "-c",
        "1:my näme",
        "-n",
        "3:20480:28671",
        "-u",
        "3:01234567-89AB-CDEF-0123-456789ABCDEF",
        &image,
    ];
    tool("sgdisk", &arguments);
    put(&image, 2048 * 512, &one);
    put(&image, 20480 * 512, &two);
    let look = || {
        let volumes = open(&image);
        assert_eq!(texts(&volumes), ["-", "ONE", "TWO"]);
        assert_eq!(search::by_name(&volumes, "hd0,gpt3"), Some(Device(2)));
        assert_eq!(search::by_name(&volumes, "hd0"), Some(Device(0)));
        assert_eq!(search::by_label(&volumes, "TWO"), Some(Device(2)));
        let partition = volumes.properties(Device(2)).partition.unwrap();
        assert_eq!(partition.uuid, "01234567-89ab-cdef-0123-456789abcdef");
        let partition = volumes.properties(Device(1)).partition.unwrap();
        assert_eq!(
            (&*partition.label, partition.table),
            ("my näme", Table::Gpt)
        );
        assert_eq!(volumes.with_menus(), [Device(1), Device(2)]);
        assert_eq!(volumes.called(Device(2)), "partition 3");
    };
    look();
    // The backup serves where the primary is gone.
    let file = fs::OpenOptions::new().write(true).open(&image).unwrap();
    file.write_all_at(&[0; 512], 512).unwrap();
    look();
    // Without either, no partition is made up.
    file.write_all_at(&[0; 512], (32 << 20) - 512).unwrap();
    assert_eq!(texts(&open(&image)), ["-"]);
}

/// A hybrid table: the GPT counts, as for GRUB and Linux.
#[test]
fn hybrid() {
    let scratch = Scratch::new();
    let image = scratch.image("disk", 32);
    let one = small_fat(&scratch, "one", "ONE", &[]);
    tool(
        "sgdisk",
        &[
            "-n",
            "1:2048:10239",
            "-n",
            "2:20480:28671",
            "-h",
            "2",
            &image,
        ],
    );
    put(&image, 20480 * 512, &one);
    let volumes = open(&image);
    assert_eq!(texts(&volumes), ["-", "-", "ONE"]);
    assert_eq!(search::by_name(&volumes, "hd0,gpt2"), Some(Device(2)));
}

#[test]
fn gpt_with_large_sectors() {
    let scratch = Scratch::new();
    let image = scratch.image("disk", 64);
    let one = small_fat(&scratch, "one", "ONE", &["-S", "4096"]);
    // No tool here makes such a table in a plain file: that of small sectors is moved.
    tool("sgdisk", &["-n", "1:2048:10239", &image]);
    let small = fs::read(&image).unwrap();
    let mut large = small.clone();
    large[512..(64 << 20)].fill(0);
    let last = (64 << 20) / 4096 - 1;
    let header = |at: u64, other: u64, array: u64| {
        let mut header = small[512..1024].to_vec();
        header[24..32].copy_from_slice(&at.to_le_bytes());
        header[32..40].copy_from_slice(&other.to_le_bytes());
        header[72..80].copy_from_slice(&array.to_le_bytes());
        header[16..20].fill(0);
        let sum = crc32fast::hash(&header[..92]);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        header
    };
    large[4096..4608].copy_from_slice(&header(1, last, 2));
    large[8192..][..128 * 128].copy_from_slice(&small[1024..][..128 * 128]);
    fs::write(&image, large).unwrap();
    put(&image, 2048 * 4096, &one);
    let volumes = open(&image);
    assert_eq!(texts(&volumes), ["-", "ONE"]);
    assert_eq!(search::by_name(&volumes, "hd0,gpt1"), Some(Device(1)));
}

#[test]
fn mbr_with_logical_partitions() {
    let scratch = Scratch::new();
    let image = scratch.image("disk", 64);
    let (one, six) = (
        small_fat(&scratch, "one", "ONE", &[]),
        small_fat(&scratch, "six", "SIX", &[]),
    );
    let table = scratch.name("table");
    let text = "label: dos\nlabel-id: 0x1234abcd\n\
        1: start=2048, size=8192, type=c\n2: start=16384, size=65536, type=5\n\
        5: start=18432, size=8192, type=83\n6: start=32768, size=8192, type=c\n";
    fs::write(&table, text).unwrap();
    tool("sh", &["-c", &format!("sfdisk -q {image} < {table}")]);
    put(&image, 2048 * 512, &one);
    put(&image, 32768 * 512, &six);
    let volumes = open(&image);
    assert_eq!(texts(&volumes), ["-", "ONE", "-", "SIX"]);
    assert_eq!(search::by_name(&volumes, "hd0,msdos6"), Some(Device(3)));
    assert_eq!(
        search::by_name(&volumes, "hd0,2"),
        None,
        "an extended partition"
    );
    let partition = volumes.properties(Device(3)).partition.unwrap();
    assert_eq!(partition.uuid, "1234abcd-06");
}

/// An image that is an ISO image and a disk at once: a partition that begins at 0 has the
/// same files, and gives no second menu.
#[test]
fn isohybrid() {
    let scratch = Scratch::new();
    let source = Source::new(true);
    let image = scratch.name("iso");
    let fat = small_fat(&scratch, "fat", "EFI", &[]);
    tool(
        "xorriso",
        &[
            "-as",
            "mkisofs",
            "-quiet",
            "-R",
            "-J",
            "-o",
            &image,
            "-append_partition",
            "2",
            "0xef",
            &fat,
            source.path(),
        ],
    );
    // As isohybrid and grub-mkrescue write it: a partition over the whole image.
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&image)
        .unwrap();
    let mut record = [0; 16];
    record[4] = 0x17;
    let sectors = (file.metadata().unwrap().len() / 512) as u32;
    for start in [0, 1] {
        record[8..12].copy_from_slice(&u32::to_le_bytes(start));
        record[12..16].copy_from_slice(&(sectors - start).to_le_bytes());
        file.write_all_at(&record, 446).unwrap();
        let volumes = open(&image);
        check(&volumes, Device(0), true);
        assert_eq!(texts(&volumes).last().unwrap(), "EFI");
        let devices = volumes.devices();
        assert_eq!(devices.len(), 3);
        let menus = volumes.with_menus();
        assert_eq!(menus, [devices[0], devices[2]], "begins at {start}");
    }
}

#[test]
fn a_partition_outside_of_the_disk() {
    let mut disk = vec![0; 1 << 20];
    disk[510..512].copy_from_slice(b"\x55\xaa");
    disk[446 + 4] = 0x83;
    disk[446 + 8..446 + 16].copy_from_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff");
    disk[462 + 4] = 0x83;
    disk[462 + 8..462 + 16].copy_from_slice(b"\x01\0\0\0\xff\xff\xff\xff");
    let places = partitions(&disk, None);
    assert_eq!(places.len(), 1);
    assert_eq!(
        (places[0].start, places[0].size),
        (512, (1 << 20) - 512),
        "cut at the end"
    );
    // A chain that runs in a circle ends.
    disk[462 + 4] = 0x05;
    disk[462 + 8] = 2;
    disk[1024 + 510..1024 + 512].copy_from_slice(b"\x55\xaa");
    disk[1024 + 446 + 4] = 0x05;
    disk[1024 + 446 + 12] = 1;
    assert_eq!(partitions(&disk, None), []);
}

/// A file system in a file on a file system, and no more of that than a few times.
#[test]
fn loopback() {
    let scratch = Scratch::new();
    let inner = tempfile::tempdir().unwrap();
    let mut image = small_fat(&scratch, "fat", "INNER", &[]);
    for depth in 0..4 {
        let directory = inner.path().join(depth.to_string());
        fs::create_dir(&directory).unwrap();
        fs::copy(&image, directory.join("inside.img")).unwrap();
        image = scratch.name(&format!("iso{depth}"));
        tool(
            "xorriso",
            &[
                "-as",
                "mkisofs",
                "-quiet",
                "-R",
                "-o",
                &image,
                directory.to_str().unwrap(),
            ],
        );
    }
    let volumes = open(&image);
    let mut device = Device(0);
    for _ in 0..3 {
        let file = at(device, "/inside.img");
        let inside = volumes.loopback(&file).unwrap();
        assert_eq!(
            volumes.loopback(&file),
            Ok(inside),
            "the same file, the same device"
        );
        device = inside;
    }
    let file = at(device, "/inside.img");
    assert!(matches!(
        volumes.loopback(&file),
        Err(Failure::Unsupported(_))
    ));
    assert!(matches!(volumes.kind(&file), Ok(Kind::File { .. })));
    assert_eq!(
        volumes.loopback(&at(device, "/no.img")),
        Err(Failure::Missing)
    );
}

/// Broken images: every answer is as good as another, as long as there is one.
#[test]
fn changed_bytes() {
    let scratch = Scratch::new();
    let source = tempfile::tempdir().unwrap();
    fs::create_dir_all(source.path().join("boot/grub")).unwrap();
    fs::write(source.path().join("boot/grub/grub.cfg"), "x".repeat(9000)).unwrap();
    fs::write(source.path().join(format!("{}.txt", "l".repeat(200))), "y").unwrap();
    std::os::unix::fs::symlink("boot/grub/../grub/grub.cfg", source.path().join("link")).unwrap();
    let directory = source.path().to_str().unwrap();
    let iso = scratch.name("iso");
    tool(
        "xorriso",
        &[
            "-as", "mkisofs", "-quiet", "-R", "-J", "-o", &iso, directory,
        ],
    );
    let ext = scratch.image("ext", 4);
    tool(
        "mke2fs",
        &[
            "-q",
            "-F",
            "-t",
            "ext4",
            "-O",
            "^metadata_csum",
            "-d",
            directory,
            &ext,
        ],
    );
    let fat = small_fat(&scratch, "fat", "FAT", &[]);
    let disk = scratch.image("disk", 4);
    tool("sgdisk", &["-n", "1:2048:4095", "-h", "1", &disk]);
    for image in [&iso, &ext, &fat, &disk] {
        let whole = fs::read(image).unwrap();
        // Where there is something to break.
        let used: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
        for seed in 0..150 {
            let mut changed = whole.clone();
            let noise = noise(seed + 1, 64);
            for bytes in noise.as_chunks::<8>().0 {
                let place = u64::from_le_bytes(*bytes) as usize;
                let near = used[place % used.len()] + (place >> 40) % 8;
                changed[near % whole.len()] = bytes[7];
            }
            changed.truncate(whole.len() - if seed % 5 == 0 { whole.len() / 3 } else { 0 });
            walk(changed);
        }
    }
}

/// Reads all that there is.
fn walk(disk: Vec<u8>) {
    let bytes: Rc<dyn Bytes> = Rc::new(disk);
    let volumes = Volumes::disk(&bytes, None);
    for device in volumes.devices() {
        let mut folders = vec!["/".to_owned()];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            count += 1;
            for name in volumes
                .directory(&at(device, &folder), 200)
                .unwrap_or_default()
            {
                let Some(path) = at(device, &folder).join(name.trim_start_matches('/')) else {
                    continue;
                };
                match volumes.kind(&path) {
                    Ok(Kind::Directory) if count < 100 => folders.push(path.path),
                    Ok(Kind::File { .. }) => drop(volumes.read(&path, 1 << 20)),
                    _ => {}
                }
            }
        }
    }
}
