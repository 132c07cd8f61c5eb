//! Disks on which a step that mends one disk would destroy another. Each is named for
//! what it is, and every command that a message names is run on the disk that provokes
//! it: the file systems are the same after it.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::process::Command;

use common::*;

/// Commands that only look.
const LOOKING: [&str; 3] = ["wipefs", "gdisk -l", "lslocks"];
/// Commands that leave the disk alone, or cannot be tried on an image.
const ELSEWHERE: [&str; 4] = ["qemu-img convert", "qemu-nbd", "gapboot", "losetup"];

/// What `command` says about a disk that it refuses or warns of.
fn said(command: &str, image: &Image) -> String {
    let run = gapboot(&with_overlay("0.1.0", 1), &[command, image.name()]);
    run.out + &run.err
}

/// The commands in a message, which stand between backquotes.
fn commands(message: &str) -> Vec<String> {
    let pieces = message.split('`').skip(1).step_by(2);
    pieces.map(str::to_owned).collect()
}

/// Runs the command of a message on its disk.
fn follow(command: &str, image: &Image) {
    let command = command.replace("DISK", image.name());
    if ELSEWHERE.iter().any(|name| command.starts_with(name)) {
        return;
    }
    let before = image.bytes();
    let mut words = command.split(' ').collect::<Vec<_>>();
    if words.last() != Some(&image.name()) {
        words.push(image.name());
    }
    let run = Command::new(words[0])
        .args(&words[1..])
        .env("PATH", path())
        .output();
    let run = run.unwrap_or_else(|error| panic!("{command}: {error}"));
    if LOOKING.iter().any(|name| command.starts_with(name)) {
        assert!(image.bytes() == before, "{command} has written");
    } else {
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{command}: {said}");
    }
}

/// Asserts that every command refuses the disk with these words, in a message whose
/// commands write nothing.
#[track_caller]
fn refused_without_harm(image: &Image, words: &[&str]) {
    let before = image.bytes();
    let new = with_overlay("0.1.0", 1);
    for options in [&["install"][..], &["install", "--force"]] {
        gapboot(&new, &[options, &[image.name()]].concat()).refused(words);
    }
    for command in ["install", "list", "status", "remove"] {
        for command in commands(&said(command, image)) {
            follow(&command, image);
            assert!(image.bytes() == before, "{command} has written");
        }
    }
}

/// A disk whose bytes are these and then zeros, 4 MiB.
fn holding(at: usize, bytes: &[u8]) -> Image {
    let image = Image::blank();
    image.put(at, bytes);
    image
}

#[test]
fn file_systems_without_a_partition_table() {
    for (package, make, name) in [
        (
            "e2fsprogs",
            "mkfs.ext4 -q",
            "an ext2, ext3 or ext4 file system",
        ),
        (
            "e2fsprogs",
            "mkfs.ext2 -q",
            "an ext2, ext3 or ext4 file system",
        ),
        ("dosfstools", "mkfs.vfat", "a FAT file system"),
        ("dosfstools", "mkfs.vfat -F32", "a FAT file system"),
        ("util-linux", "mkswap", "swap space"),
    ] {
        // Once on a blank disk, and once on one that had partitions before.
        for image in [Image::blank(), Image::sgdisk()] {
            let words: Vec<_> = make.split(' ').chain([image.name()]).collect();
            tool(package, words[0], &words[1..], "");
            // The tables at the end of the disk stay.
            refused_without_harm(&image, &[name, "fills the whole disk"]);
        }
    }
    for (at, mark, name) in [
        (32_769, &b"CD001"[..], "an ISO 9660 file system"),
        (0, b"XFSB", "an XFS file system"),
        (0, b"LUKS\xba\xbe\0\x02", "a LUKS volume"),
        (512, b"LABELONE", "an LVM physical volume"),
        (4096, b"\xfc\x4e\x2b\xa9", "a member of an md array"),
        (8176 * 512, b"\xfc\x4e\x2b\xa9", "a member of an md array"),
        (8064 * 512, b"\xfc\x4e\x2b\xa9", "a member of an md array"),
        (65_600, b"_BHRfS_M", "a Btrfs file system"),
        (3, b"NTFS    ", "an NTFS file system"),
        (131_072, b"\x0c\xb1\xba\0", "a member of a ZFS pool"),
    ] {
        refused_without_harm(&holding(at, mark), &[name, "fills the whole disk"]);
    }
    // Something that has no name.
    refused_without_harm(&holding(5000, b"data"), &["it is not blank", "wipefs"]);
    let end = 4 * 1024 * 1024 - 600;
    refused_without_harm(&holding(end, b"data"), &["it is not blank", "wipefs"]);
}

#[test]
fn images_in_a_wrapping() {
    for (at, mark, name) in [
        (0, &b"QFI\xfb\0\0\0\x03"[..], "a qcow2 image"),
        (0, b"conectix", "a VHD image"),
        (0x40, b"\x7f\x10\xda\xbe", "a VDI image"),
        (0, b"KDMV", "a VMDK image"),
        (0, b"vhdxfile", "a VHDX image"),
        (0, b"PK\x03\x04", "a zip file"),
        (0, b"\x1f\x8b\x08", "a gzip file"),
        (0, b"BZh91AY", "a bzip2 file"),
        (0, b"\xfd7zXZ\0", "an xz file"),
        (0, b"\x04\x22\x4d\x18", "an lz4 file"),
        (0, b"\x28\xb5\x2f\xfd", "a zstd file"),
        (257, b"ustar\0", "a tar file"),
    ] {
        refused_without_harm(&holding(at, mark), &[name, "not a plain disk image"]);
    }
}

/// A file system and a table for the same sectors.
#[test]
fn a_file_system_beside_a_partition_table() {
    let iso = Image::with(&["-a1", "--new=1:200:+1M"]);
    iso.put(32_769, b"CD001");
    refused_without_harm(&iso, &["ISO 9660", "besides the partition table"]);

    let ext4 = Image::dos("start=2048, size=1M, type=ea\n");
    let table = ext4.bytes()[..512].to_vec();
    tool("e2fsprogs", "mkfs.ext4", &["-q", "-F", ext4.name()], "");
    ext4.put(0, &table);
    refused_without_harm(&ext4, &["ext4 file system fills the whole disk", "wipefs"]);

    // A partition's own file system is no obstacle, wherever it begins.
    let partition = Image::with(&["-a1", "--new=1:66:+1M", "--typecode=1:ef00"]);
    partition.format(66, 2048, &[]);
    gapboot(&stages("0.1.0", 1), &["install", partition.name()]).done();
}

#[test]
fn two_partition_tables() {
    // An MBR was made over a GPT by a tool that does not know GPTs.
    let image = Image::sgdisk();
    let mbr = Image::blank();
    mbr.run_sfdisk("label: dos\nstart=4096, size=1M, type=ea\n");
    image.put(0, &mbr.bytes()[..512]);
    refused_without_harm(&image, &["it has two partition tables", "wipefs"]);
    // The GPT is damaged as well.
    image.put(512 + 60, b"\xee");
    refused_without_harm(&image, &["it has two partition tables", "wipefs"]);
}

/// A disk with a FAT file system in its partition, and its bytes.
fn formatted() -> (Image, Vec<u8>) {
    let image = Image::sgdisk();
    image.format(2048, 2048, &[("file", "precious")]);
    let bytes = image.bytes();
    (image, bytes)
}

/// The bytes of the partition of [`formatted`].
const PARTITION: std::ops::Range<usize> = 2048 * 512..4096 * 512;

#[test]
fn a_primary_gpt_that_is_damaged_is_restored() {
    for at in [512, 512 + 24, 1024 + 7] {
        let (image, sound) = formatted();
        image.put(at, b"\xee\xee");
        let message = said("install", &image);
        assert!(message.contains("primary GPT is damaged"), "{message}");
        assert_eq!(commands(&message), ["sgdisk -e DISK"]);
        follow(&commands(&message)[0], &image);
        assert!(image.bytes() == sound);
    }
}

#[test]
fn a_backup_gpt_that_is_not_at_the_end() {
    for at in [512, 512 + 24, 1024 + 7] {
        let (image, sound) = formatted();
        image.put(at, b"\xee\xee");
        image.set(&[image.bytes(), vec![0; 1 << 20]].concat());
        let words = ["in sector 8191, before the disk's end", "(4194304 bytes)"];
        refused_without_harm(&image, &words);
        // The advice, on the copy that the message tells of.
        image.cut(4_194_304);
        follow("sgdisk -e DISK", &image);
        assert!(image.bytes() == sound);
    }
}

#[test]
fn gpts_that_are_beyond_repair() {
    let (image, _) = formatted();
    image
        .put(512 + 24, b"\xee")
        .put(IMAGE as usize - 512, &[0; 512]);
    refused_without_harm(&image, &["the GPT is damaged", "copy the disk"]);
    image.put(512, &[0; 512]);
    refused_without_harm(&image, &["sector 0 protects a GPT", "from a copy"]);
    // The backup alone is no reason to write a table over what came later.
    let (image, _) = formatted();
    image.put(0, &[0; 2048]).put(3000, b"data");
    refused_without_harm(&image, &["backup GPT at the disk's end", "gdisk -l DISK"]);
}

#[test]
fn a_backup_gpt_that_is_made_anew() {
    let new = with_overlay("0.1.0", 1);
    for more in [0, 1 << 20] {
        let (image, sound) = formatted();
        image.put(IMAGE as usize - 512, &[0; 512]);
        image.set(&[image.bytes(), vec![0; more]].concat());
        for arguments in [&["install"][..], &["install", "--reserve"]] {
            let run = gapboot(&new, &[arguments, &[image.name()]].concat());
            assert!(
                commands(&run.err).contains(&"sgdisk -e DISK".to_owned()),
                "{}",
                run.err
            );
        }
        follow("sgdisk -e DISK", &image);
        image.assert_sound();
        assert!(image.bytes()[PARTITION] == sound[PARTITION]);
        gapboot(&new, &["install", "--reserve", image.name()]).done();
    }
}

#[test]
fn a_backup_gpt_whose_place_is_taken() {
    let new = with_overlay("0.1.0", 1);
    // By somebody's data, by a partition of an image that is cut short.
    let (data, _) = formatted();
    data.put(IMAGE as usize - 512, b"conectix");
    let (short, _) = formatted();
    short.cut(3000 * 512);
    for image in [data, short] {
        for arguments in [&["install"][..], &["install", "--reserve"]] {
            let run = gapboot(&new, &[arguments, &[image.name()]].concat());
            assert!(run.err.contains("holds something else"), "{}", run.err);
            assert!(!run.err.contains("sgdisk"), "{}", run.err);
        }
    }
}

#[test]
fn a_protective_entry_that_is_made_anew() {
    // gdisk asks where there is an MBR without partitions.
    for (at, size, answers) in [(446, 64, "2\nw\ny\n"), (510, 2, "w\ny\n")] {
        let (image, sound) = formatted();
        image.put(at, &vec![0; size]);
        let message = said("install", &image);
        assert_eq!(commands(&message), ["gdisk DISK"]);
        assert!(
            message.contains("choose the GPT (2) if it asks"),
            "{message}"
        );
        tool("gdisk", "gdisk", &[image.name()], answers);
        image.assert_sound();
        assert!(image.bytes()[PARTITION] == sound[PARTITION]);
        gapboot(&stages("0.1.0", 1), &["install", image.name()]).done();
    }
}

#[test]
fn a_blank_disk_gets_a_table() {
    let image = Image::blank();
    let message = said("install", &image);
    let commands = commands(&message);
    assert_eq!(commands, ["sgdisk --new=1:2048:0 --typecode=1:ef00 DISK"]);
    follow(&commands[0], &image);
    gapboot(&with_overlay("0.1.0", 1), &["install", image.name()]).done();
}

#[test]
fn the_partition_of_grub() {
    let image = Image::with(&[
        "-a1",
        "--new=1:34:2047",
        "--typecode=1:ef02",
        "--new=2:2048:+1M",
        "--typecode=2:ef00",
    ]);
    image.format(2048, 2048, &[("file", "precious")]);
    image.put(384, b"GRUB ").put(34 * 512, b"\x52\xe8\x28\x01");
    let sound = image.bytes();
    let message = said("install", &image);
    for words in [
        "BIOS boot partition",
        "GRUB has its second part there",
        "--undo",
    ] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(commands(&message), ["sgdisk --delete=1 DISK"]);
    follow(&commands(&message)[0], &image);
    let undo = format!("{}.undo", image.name());
    let arguments = ["install", "--force", "--undo", &undo, image.name()];
    gapboot(&with_overlay("0.1.0", 1), &arguments).done();
    image.assert_sound();
    assert!(image.bytes()[PARTITION] == sound[PARTITION]);
}

#[test]
fn the_type_of_an_mbr_partition() {
    let image = Image::dos("start=2048, size=1M, type=83\n");
    image.format(2048, 2048, &[("file", "precious")]);
    let sound = image.bytes();
    let message = said("install", &image);
    let advice = "sfdisk --part-type DISK NUMBER ef".to_owned();
    assert!(commands(&message).contains(&advice), "{message}");
    tool(
        "fdisk",
        "sfdisk",
        &["--part-type", image.name(), "1", "ef"],
        "",
    );
    assert!(image.bytes()[PARTITION] == sound[PARTITION]);
    let message = said("install", &image);
    assert!(!message.contains("type EA"), "{message}");
}

#[test]
fn grub_is_told_of_the_way_back_before_it_is_replaced() {
    let image = Image::sgdisk();
    image.put(384, b"GRUB ");
    let new = stages("0.1.0", 1);
    gapboot(&new, &["install", image.name()]).refused(&["--force", "--undo FILE"]);
    let run = gapboot(&new, &["install", "--dry-run", "--force", image.name()]).done();
    assert!(run.err.contains("without --undo FILE"), "{}", run.err);
    let undo = format!("{}.undo", image.name());
    let with = [
        "install",
        "--dry-run",
        "--force",
        "--undo",
        &undo,
        image.name(),
    ];
    let run = gapboot(&new, &with).done();
    assert!(!run.err.contains("without --undo FILE"), "{}", run.err);
}
