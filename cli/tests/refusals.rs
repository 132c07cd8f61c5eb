//! Disks that `gapboot install` must leave alone: one line that says why, exit
//! status 1, and not a byte changed, with `--force` too.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::path::Path;

use common::*;

#[track_caller]
fn refuses(image: &Image, words: &[&str]) {
    let before = image.bytes();
    let new = with_overlay("0.1.0", 1);
    for options in [
        &["install"][..],
        &["install", "--force"],
        &["install", "--dry-run"],
    ] {
        gapboot(&new, &[options, &[image.name()]].concat()).refused(words);
    }
    assert!(image.bytes() == before, "a refused disk was written to");
}

#[test]
fn disks_without_a_gpt() {
    refuses(&Image::blank(), &["has no partition table", "sector 2048"]);
    let empty = Image::blank();
    empty.set(b"");
    refuses(&empty, &["ends before sector 0"]);
    empty.set(&[0; 700]);
    refuses(&empty, &["has no partition table"]);
    // A file system without a table, whose boot code ends as one does.
    let unpartitioned = Image::blank();
    tool("dosfstools", "mkfs.vfat", &[unpartitioned.name()], "");
    refuses(&unpartitioned, &["has no partition table"]);
    let protective_only = Image::sgdisk();
    protective_only
        .put(512, &[0; 512])
        .put(IMAGE as usize - 512, &[0; 512]);
    refuses(&protective_only, &["has no partition table"]);
}

#[test]
fn a_damaged_primary_table_and_the_mend_that_the_text_names() {
    for at in [512 + 24, 512 + 60, 1024 + 7, 512] {
        let image = Image::sgdisk();
        let sound = image.bytes();
        image.put(at, b"\xee\xee");
        refuses(&image, &["primary GPT is damaged", "sgdisk -e"]);
        image.run_sgdisk(&["-e"]);
        assert!(image.bytes() == sound);
        gapboot(&stages("0.1.0", 1), &["install", image.name()]).done();
    }
    let image = Image::sgdisk();
    image
        .put(512 + 24, b"\xee\xee")
        .put(IMAGE as usize - 512 + 24, b"\xee\xee");
    refuses(&image, &["the GPT is damaged", "no backup"]);
}

/// Writes a primary header field and makes the checksum right again.
fn header(image: &Image, at: usize, field: &[u8]) {
    image.put(512 + at, field).put(512 + 16, &[0; 4]);
    let checksum = crc32fast::hash(&image.bytes()[512..512 + 92]);
    image.put(512 + 16, &checksum.to_le_bytes());
    // The backup would be offered else.
    image.put(IMAGE as usize - 512, &[0; 512]);
}

#[test]
fn headers_that_lie_with_a_right_checksum() {
    let lies: [(usize, &[u8], &str); 9] = [
        (8, &[0, 0, 2, 0], "revision"),
        (24, &2_u64.to_le_bytes(), "another sector"),
        (84, &0_u32.to_le_bytes(), "size of its entries"),
        (84, &192_u32.to_le_bytes(), "size of its entries"),
        (84, &0x8000_0000_u32.to_le_bytes(), "size of its entries"),
        (80, &0_u32.to_le_bytes(), "no entries"),
        (80, &u32::MAX.to_le_bytes(), "no entries or more"),
        (72, &u64::MAX.to_le_bytes(), "it ends before"),
        (72, &1_u64.to_le_bytes(), "entries lie in its header"),
    ];
    for (at, field, word) in lies {
        let image = Image::sgdisk();
        header(&image, at, field);
        refuses(&image, &["GPT is damaged", word]);
    }
    for size in [0_u32, 91, 513, u32::MAX] {
        let image = Image::sgdisk();
        image
            .put(512 + 12, &size.to_le_bytes())
            .put(IMAGE as usize - 512, &[0; 512]);
        refuses(&image, &["GPT is damaged", "size of its header"]);
    }
}

#[test]
fn partitions_that_lie_with_a_right_checksum() {
    let lies = [(34, u64::MAX, "sectors 34-"), (60, 2, "sector 60")];
    for (first, last, words) in lies {
        let image = Image::sgdisk();
        image
            .put(1024 + 32, &u64::to_le_bytes(first))
            .put(1024 + 40, &u64::to_le_bytes(last));
        let checksum = crc32fast::hash(&image.bytes()[1024..34 * 512]);
        header(&image, 88, &checksum.to_le_bytes());
        refuses(&image, &["partition 1 (EFI system) lies in", words]);
    }
}

#[test]
fn stage2_sectors_that_belong_to_someone() {
    let bios_boot = Image::with(&["-a1", "--new=1:34:2047", "--typecode=1:ef02"]);
    refuses(
        &bios_boot,
        &[
            "partition 1 (BIOS boot partition)",
            "sectors 34-2047",
            "sectors 34-65",
        ],
    );
    let last = Image::with(&["-a1", "--new=3:65:+1M", "--change-name=3:data"]);
    refuses(&last, &["partition 3 (data)", "sectors 65-"]);
    gapboot(
        &stages("0.1.0", 1),
        &["install", Image::with(&["-a1", "--new=3:66:+1M"]).name()],
    )
    .done();
    let moved = Image::with(&["--move-main-table=34", "--new=1:2048:+1M"]);
    refuses(
        &moved,
        &["the partition table's entries lies in sectors 34-65"],
    );
    let many = Image::with(&["--resize-table=256", "--new=1:2048:+1M"]);
    refuses(&many, &["the partition table's entries", "sectors 2-65"]);
}

/// The disk has an MBR now. The backup of its GPT still has a partition in the gap.
#[test]
fn partitions_of_a_table_that_is_left_over() {
    for (first, needs) in [(40, "stage2 needs"), (100, "the overlay needs")] {
        let image = Image::with(&["-a1", &format!("--new=1:{first}:+10")]);
        let backup = image.bytes();
        let mbr = Image::blank();
        mbr.run_sfdisk("label: dos\nstart=2048, size=1M, type=ea\n");
        image.set(&[&mbr.bytes()[..512], &[0; 512], &backup[1024..]].concat());
        let words = [
            "partition 1 of a second partition table lies in",
            needs,
            "`wipefs DISK`",
        ];
        match first {
            40 => refuses(&image, &words),
            _ => {
                let new = with_overlay("0.1.0", 1);
                let run = gapboot(&new, &["install", "--force", image.name()]).done();
                assert!(
                    words.iter().all(|word| run.err.contains(word)),
                    "{}",
                    run.err
                );
                assert!(image.bytes()[OVERLAY] == backup[OVERLAY]);
            }
        }
    }
}

/// Linux and the loader see no table in the first, and a partition in the second.
#[test]
fn mbrs_that_readers_may_disagree_on() {
    let image = Image::dos("start=2048, size=1M, type=ea\n");
    image.put(446, &[0x12]);
    refuses(&image, &["has no partition table", "not blank"]);
    gapboot(&stages("0.1.0", 1), &["list", image.name()]).refused(&["has no partition table"]);

    let image = Image::dos("start=2048, size=1M, type=ea\n");
    let record = [&[0; 8][..], &40_u32.to_le_bytes(), &10_u32.to_le_bytes()].concat();
    image.put(446 + 16, &record);
    refuses(&image, &["partition 2 lies in sectors 40-49"]);
}

#[test]
fn a_protective_mbr_that_is_not_there() {
    let image = Image::sgdisk();
    image.put(446, &[0; 64]);
    refuses(&image, &["0xEE", "gdisk"]);
    let image = Image::sgdisk();
    image.put(510, &[0; 2]);
    refuses(&image, &["55AA", "gdisk"]);
    // In any slot: some firmware wants it in the second.
    let second = Image::sgdisk();
    let entry = second.bytes()[446..462].to_vec();
    second.put(446, &[0; 16]).put(462, &entry);
    gapboot(&stages("0.1.0", 1), &["install", second.name()]).done();
}

#[test]
fn disks_with_large_sectors() {
    let image = Image::sgdisk();
    let small = image.bytes();
    let mut large = vec![0; 8 * small.len()];
    for (from, to) in small.chunks(512).zip(large.chunks_mut(4096)) {
        to[..512].copy_from_slice(from);
    }
    image.set(&large);
    refuses(&image, &["4096 bytes", "512-byte sectors"]);
}

#[test]
fn images_in_a_wrapping() {
    for (start, format) in [
        (&b"QFI\xfb\0\0\0\x03"[..], "qcow2"),
        (b"\x1f\x8b\x08", "gzip"),
    ] {
        let image = Image::blank();
        image.put(0, start);
        refuses(&image, &[format, "not a plain disk image"]);
    }
}

#[test]
fn paths_that_are_no_disk() {
    let new = stages("0.1.0", 1);
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.img");
    let name = |path: &Path| path.to_str().unwrap().to_owned();
    for command in ["install", "status", "remove"] {
        gapboot(&new, &[command, &name(directory.path())]).refused(&["is a directory"]);
        gapboot(&new, &[command, &name(&missing)]).refused(&["missing.img", "cannot open"]);
        gapboot(&new, &[command, "/dev/null"]).refused(&["/dev/null: it is not a disk"]);
    }
    assert!(!missing.exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
