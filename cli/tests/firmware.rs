//! What `gapboot install` changes in partition tables, each only when it is told.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use common::*;
use layout::disk::SECTOR;

/// Sector 0's partition table, and the headers of the GPT.
const TABLE: std::ops::Range<usize> = 440..512;
const PRIMARY: std::ops::Range<usize> = 512..1024;
const BACKUP: std::ops::Range<usize> = IMAGE as usize - 512..IMAGE as usize;

/// The boot indicators and types of the four entries in sector 0.
fn entries(image: &Image) -> [(u8, u8); 4] {
    let bytes = image.bytes();
    [0, 1, 2, 3].map(|slot| (bytes[446 + 16 * slot], bytes[450 + 16 * slot]))
}

fn install(image: &Image, options: &[&str]) -> Run {
    gapboot(
        &with_overlay("0.1.0", 1),
        &[&["install"], options, &[image.name()]].concat(),
    )
}

/// sfdisk finds nothing wrong.
fn verify(image: &Image) {
    let said = tool("fdisk", "sfdisk", &["--verify", image.name()], "");
    assert!(said.contains("No errors detected"), "{said}");
}

#[test]
fn the_active_flag() {
    let image = Image::sgdisk();
    let before = image.bytes();
    install(&image, &["--active"]).done();
    assert_eq!(entries(&image), [(0x80, 0xee), (0, 0), (0, 0), (0, 0)]);
    assert_same_outside(&before, &image.bytes(), &[CODE, TABLE, GAP, OVERLAY]);
    assert_eq!(image.bytes()[440..446], before[440..446]);
    image.assert_sound();
    let run = install(&image, &["--active"]).done();
    assert!(run.out.contains("nothing to write"), "{}", run.out);
    // Without the option it stays.
    install(&image, &["--force"]).done();
    assert_eq!(entries(&image)[0], (0x80, 0xee));

    let mbr = Image::dos("size=1M, type=83\nsize=1M, type=ea\n");
    install(&mbr, &["--active"]).done();
    assert_eq!(entries(&mbr)[..2], [(0, 0x83), (0x80, 0xea)]);
    verify(&mbr);
    let taken = Image::dos("size=1M, type=83, bootable\nsize=1M, type=ea\n");
    install(&taken, &["--active"]).done();
    assert_eq!(entries(&taken)[..2], [(0x80, 0x83), (0, 0xea)]);
    let esp = Image::dos("size=1M, type=83\nsize=1M, type=ef\n");
    install(&esp, &["--active"]).done();
    assert_eq!(entries(&esp)[..2], [(0, 0x83), (0x80, 0xef)]);
    let logical = Image::dos("type=5\nsize=1M, type=ea\n");
    install(&logical, &["--active"]).done();
    assert_eq!(entries(&logical)[0], (0x80, 0x05));
    let none = Image::dos("size=1M, type=83\n");
    install(&none, &["--active"]).refused(&["--active", "type EF"]);
}

#[test]
fn the_protective_entry_elsewhere() {
    let image = Image::sgdisk();
    let entry = image.bytes()[446..462].to_vec();
    install(&image, &["--protective-slot", "2", "--active"]).done();
    assert_eq!(entries(&image), [(0, 0), (0x80, 0xee), (0, 0), (0, 0)]);
    assert_eq!(image.bytes()[463..478], entry[1..]);
    image.assert_sound();
    install(&image, &["--protective-slot=1"]).done();
    assert_eq!(entries(&image)[0], (0x80, 0xee));

    image.put(446 + 16 + 4, b"\x0c");
    install(&image, &["--protective-slot=2"]).refused(&["hybrid MBR", "gdisk"]);
    let mbr = Image::dos("size=1M, type=ea\n");
    install(&mbr, &["--protective-slot=2"]).refused(&["for disks with a GPT"]);
    for slot in ["0", "5", "x"] {
        let wrong = install(&image, &["--protective-slot", slot]);
        assert_eq!(wrong.status, 2);
    }
}

#[test]
fn a_gpt_that_keeps_partitions_out_of_the_gap() {
    let first_usable = |header: &[u8]| u64::from_le_bytes(header[40..48].try_into().unwrap());
    let image = Image::sgdisk();
    let before = image.bytes();
    let run = install(&image, &["--reserve"]).done();
    assert!(!run.err.contains("begin at sector 34"), "{}", run.err);
    let after = image.bytes();
    assert_same_outside(&before, &after, &[CODE, GAP, OVERLAY, PRIMARY, BACKUP]);
    assert_eq!(first_usable(&after[PRIMARY]), 2048);
    assert_eq!(first_usable(&after[BACKUP]), 2048);
    image.assert_sound();
    verify(&image);
    let run = install(&image, &["--reserve"]).done();
    assert!(run.out.contains("nothing to write"), "{}", run.out);
    // Another tool keeps to it.
    let said = tool(
        "gdisk",
        "sgdisk",
        &["--first-aligned-in-largest", image.name()],
        "",
    );
    assert!(said.trim().parse::<u64>().unwrap() >= 2048, "{said}");

    // A partition that begins earlier stays inside.
    let early = Image::with(&["-a1", "--new=1:150:+1M", "--typecode=1:ef00"]);
    install(&early, &["--reserve"]).done();
    assert_eq!(first_usable(&early.bytes()[PRIMARY]), 150);
    early.assert_sound();

    let without = Image::sgdisk();
    without.put(BACKUP.start, &[0; SECTOR]);
    install(&without, &["--reserve"]).refused(&["the backup is not sound", "sgdisk -e"]);
    let mbr = Image::dos("size=1M, type=ea\n");
    install(&mbr, &["--reserve"]).refused(&["for disks with a GPT"]);
}

#[test]
fn disks_with_an_mbr() {
    for script in [
        "size=1M, type=ea\n",
        "size=1M, type=83\ntype=5\nsize=1M, type=ea\n",
    ] {
        let image = Image::dos(script);
        let before = image.bytes();
        let run = install(&image, &[]).done();
        assert!(run.notes().is_empty(), "{}", run.err);
        let after = image.bytes();
        assert_same_outside(&before, &after, &[CODE, GAP, OVERLAY]);
        let new = with_overlay("0.1.0", 1);
        assert!(after[CODE] == new.code && after[GAP] == new.stage2);
        verify(&image);
        gapboot(&new, &["remove", image.name()]).done();
        assert!(image.bytes() == before);
    }
    let none = Image::dos("size=1M, type=83\n");
    let run = install(&none, &[]).done();
    assert!(
        run.err.contains("no partition of type EA or EF"),
        "{}",
        run.err
    );
}

#[test]
fn partitions_in_the_gap_of_an_mbr() {
    let refused = [
        (
            "start=63, size=1M, type=ea\n",
            "partition 1 lies in sectors 63-",
        ),
        (
            "start=2048, size=1M\nstart=40, size=10, type=ea\n",
            "partition 2 lies in sectors 40-49",
        ),
        (
            "start=34, size=8M, type=5\nstart=2048, size=1M, type=ea\n",
            "the table of a logical partition lies in sector 34",
        ),
    ];
    for (text, words) in refused {
        let image = Image::dos(text);
        let before = image.bytes();
        for options in [&[][..], &["--force"]] {
            install(&image, options).refused(&[words, "sectors 34-65"]);
        }
        assert!(image.bytes() == before);
    }
    // An extended partition that begins later, whose chain leads back.
    let image = Image::dos("start=2048, size=2M, type=5\nstart=2050, size=1M, type=ea\n");
    let image_with_chain = image.bytes();
    let mut hostile = image_with_chain;
    let next = (60_u32.wrapping_sub(2048)).to_le_bytes();
    hostile[2048 * 512 + 462 + 4] = 5;
    hostile[2048 * 512 + 462 + 8..][..4].copy_from_slice(&next);
    hostile[2048 * 512 + 462 + 12..][..4].copy_from_slice(&[1, 0, 0, 0]);
    image.set(&hostile);
    install(&image, &[]).done();

    let overlay = Image::dos("start=100, size=1M, type=ea\n");
    let run = install(&overlay, &[]).done();
    assert!(
        run.err.contains("overlay") && run.err.contains("partition 1 lies in"),
        "{}",
        run.err
    );
}

/// A disk that had a GPT before, of which the backup is still there.
#[test]
fn an_mbr_over_an_old_gpt() {
    let image = Image::sgdisk();
    let backup = image.bytes()[IMAGE as usize - 33 * 512..].to_vec();
    let mbr = Image::dos("size=1M, type=ea\n");
    let end = mbr.bytes().len();
    mbr.put(end - 33 * 512, &backup);
    let run = install(&mbr, &[]).done();
    assert!(run.notes().is_empty(), "{}", run.err);
}

#[test]
fn partitions_that_firmware_may_not_reach() {
    for (megabytes, limit) in [
        (7_000, None),
        (9_000, Some("8 GiB")),
        (40_000, Some("32 GiB")),
        (140_000, Some("128 GiB")),
        (2_100_000, Some("2 TiB")),
    ] {
        let image = Image::blank();
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(image.path())
            .unwrap();
        file.set_len(3 << 40).unwrap();
        image.run_sgdisk(&[&format!("--new=1:{megabytes}M:+1M"), "--typecode=1:ef00"]);
        let run = gapboot(
            &with_overlay("0.1.0", 1),
            &["install", "--dry-run", image.name()],
        )
        .done();
        match limit {
            None => assert!(!run.err.contains("reaches above"), "{}", run.err),
            Some(limit) => {
                let words = format!("partition 1 reaches above {limit}");
                assert!(run.err.contains(&words), "{}", run.err);
            }
        }
    }
}
