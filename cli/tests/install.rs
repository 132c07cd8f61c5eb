//! What `gapboot install` writes, where, and what it says.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::*;

const GRUB: &[u8] = b"GRUB \0Geom\0Hard Disk\0Read\0 Error\r\n";
const FLEXNET: &[u8] = b"\xd4\x41\xa0\xf5\x03\x00\x03\x00";

#[test]
fn a_fresh_disk_gets_the_stages_and_nothing_else() {
    let new = stages("0.1.0", 1);
    for image in [
        Image::sgdisk(),
        Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=uefi\n"),
    ] {
        image.put(440, b"\x12\x34\x56\x78");
        let before = image.bytes();
        let run = gapboot(&new, &["install", image.name()]).done();
        assert!(run.out.contains("installed gapboot 0.1.0"), "{}", run.out);
        let after = image.bytes();
        assert_same_outside(&before, &after, &[CODE, GAP]);
        assert!(after[CODE] == new.code && after[GAP] == new.stage2);
        image.assert_sound();
    }
}

#[test]
fn installing_again_writes_nothing_and_says_so() {
    let new = with_overlay("0.1.0", 1);
    let image = Image::sgdisk();
    gapboot(&new, &["install", image.name()]).done();
    let before = image.bytes();
    let run = gapboot(&new, &["install", image.name()]).done();
    assert!(
        run.out.contains("0.1.0 is installed already"),
        "{}",
        run.out
    );
    assert!(image.bytes() == before);
}

#[test]
fn an_older_version_is_updated() {
    let (old, new) = (stages("0.0.9", 1), stages("0.1.0", 2));
    let image = Image::sgdisk();
    gapboot(&old, &["install", image.name()]).done();
    let before = image.bytes();
    let run = gapboot(&new, &["install", image.name()]).done();
    assert!(
        run.out.contains("updated gapboot 0.0.9 to 0.1.0"),
        "{}",
        run.out
    );
    let after = image.bytes();
    assert_same_outside(&before, &after, &[CODE, GAP]);
    assert!(after[CODE] == new.code && after[GAP] == new.stage2);
}

#[test]
fn what_was_damaged_or_half_written_is_mended() {
    let new = stages("0.1.0", 1);
    let image = Image::sgdisk();
    let changes: [(usize, &[u8], &str); 4] = [
        (40 * 512, b"?", "over a damaged gapboot 0.1.0"),
        (34 * 512, b"gapboot~", "over an interrupted install"),
        (
            34 * 512 + 12,
            b"\xff\xff\xff\xff",
            "over a damaged gapboot 0.1.0",
        ),
        (300, b"?", "completed gapboot 0.1.0"),
    ];
    for (at, bytes, said) in changes {
        gapboot(&new, &["install", image.name()]).done();
        let whole = image.bytes();
        image.put(at, bytes);
        let run = gapboot(&new, &["install", image.name()]).done();
        assert!(run.out.contains(said), "{}", run.out);
        assert!(image.bytes() == whole);
    }
}

#[test]
fn a_dry_run_names_every_write_and_needs_no_right_to_write() {
    let image = Image::sgdisk();
    fs::set_permissions(image.path(), fs::Permissions::from_mode(0o444)).unwrap();
    let before = image.bytes();
    let run = gapboot(
        &with_overlay("0.1.0", 1),
        &["install", "--dry-run", image.name()],
    )
    .done();
    for place in [
        "sector 34:",
        "sectors 35-65:",
        "sector 66:",
        "sectors 67-191:",
        "first 440 bytes:",
    ] {
        assert!(run.out.contains(place), "{}", run.out);
    }
    assert!(image.bytes() == before);
}

#[test]
fn foreign_code_and_data_need_force_and_are_named() {
    let marks: [(usize, &[u8], &str); 6] = [
        (0x180, GRUB, "boot code of GRUB in sector 0"),
        (0x80, b"Missing OS\r\n", "boot code of syslinux in sector 0"),
        (
            0x120,
            b"Invalid partition table\0Error loading operating system",
            "Windows",
        ),
        (6, b"LILO", "LILO"),
        (
            0x20,
            b"\xfa\x33\xc0",
            "boot code of an unknown program in sector 0",
        ),
        (
            60 * 512,
            b"anything",
            "data of an unknown program in sector 60",
        ),
    ];
    let new = stages("0.1.0", 1);
    for (at, bytes, named) in marks {
        let image = Image::sgdisk();
        image.put(at, bytes);
        let before = image.bytes();
        gapboot(&new, &["install", image.name()]).refused(&[named, "--force"]);
        assert!(image.bytes() == before);
        let run = gapboot(&new, &["install", "--force", image.name()]).done();
        assert!(
            run.err.contains("replaces ") && run.err.contains(named),
            "{}",
            run.err
        );
        let after = image.bytes();
        assert_same_outside(&before, &after, &[CODE, GAP]);
        assert!(after[CODE] == new.code && after[GAP] == new.stage2);
    }
}

#[test]
fn a_program_that_comes_back_is_warned_of() {
    let new = stages("0.1.0", 1);
    let image = Image::sgdisk();
    image.put(45 * 512, FLEXNET);
    gapboot(&new, &["install", image.name()]).refused(&["FlexNet", "sector 45", "--force"]);
    let run = gapboot(&new, &["install", "--force", image.name()]).done();
    assert!(
        run.err.contains("known to write to sector 45 again"),
        "{}",
        run.err
    );
    // It comes back, into the installed stage2.
    image.put(45 * 512, FLEXNET);
    gapboot(&new, &["install", image.name()]).refused(&["FlexNet", "sector 45", "--force"]);
}

#[test]
fn what_is_behind_a_shorter_stage2_is_not_ours() {
    let old = cli::install::Stages::new(&stage1(1), &stage2("0.0.1", 1, 5000), None).unwrap();
    let image = Image::sgdisk();
    gapboot(&old, &["install", image.name()]).done();
    image.put(50 * 512, b"someone");
    gapboot(&stages("0.1.0", 2), &["install", image.name()]).refused(&["sector 50", "--force"]);
    gapboot(&old, &["remove", image.name()]).done();
    assert_eq!(&image.bytes()[50 * 512..][..7], b"someone");
}

#[test]
fn the_overlay_goes_where_there_is_room_for_it() {
    let new = with_overlay("0.1.0", 1);
    let image = Image::sgdisk();
    let before = image.bytes();
    gapboot(&new, &["install", image.name()]).done();
    let after = image.bytes();
    assert_same_outside(&before, &after, &[CODE, GAP, OVERLAY]);
    assert!(after[OVERLAY] == new.overlay.clone().unwrap()[..]);

    let tight = Image::with(&["-a1", "--new=1:128:+1M", "--typecode=1:ef00"]);
    let foreign = Image::sgdisk();
    foreign.put(70 * 512, b"someone");
    for (image, reason) in [
        (tight, "partition 1"),
        (foreign, "data of an unknown program"),
    ] {
        let before = image.bytes();
        let run = gapboot(&new, &["install", image.name()]).done();
        assert!(
            run.err.contains("overlay") && run.err.contains(reason),
            "{}",
            run.err
        );
        assert_same_outside(&before, &image.bytes(), &[CODE, GAP]);
    }
}

#[test]
fn only_the_sectors_that_the_overlay_needs_matter() {
    let new = with_overlay_of(40, "0.1.0", 1);
    let beside = Image::with(&["-a1", "--new=1:106:+1M", "--typecode=1:ef00"]);
    let foreign = Image::sgdisk();
    foreign.put(106 * 512, b"someone");
    let short = Image::with(&["-a1", "--new=1:200:+1M", "--typecode=1:ef00"]);
    // The table of this disk tells of more sectors than there are.
    short.cut(106 * 512);
    for image in [beside, foreign, short] {
        let before = image.bytes();
        let run = gapboot(&new, &["install", image.name()]).done();
        assert!(!run.err.contains("overlay"), "{}", run.err);
        let after = image.bytes();
        assert_same_outside(&before, &after, &[CODE, GAP, overlay_of(40)]);
        assert!(after[overlay_of(40)] == new.overlay.clone().unwrap()[..]);
        gapboot(&new, &["remove", image.name()]).done();
        assert!(image.bytes() == before);
    }

    let occupied = Image::with(&["-a1", "--new=1:105:+1M", "--typecode=1:ef00"]);
    let foreign = Image::sgdisk();
    foreign.put(105 * 512, b"someone");
    let short = Image::with(&["-a1", "--new=1:200:+1M", "--typecode=1:ef00"]);
    short.cut(105 * 512);
    for (image, words) in [
        (
            occupied,
            "partition 1 lies in sectors 105-2152, the overlay needs sectors 66-105: move it",
        ),
        (
            foreign,
            "data of an unknown program in sector 105, the overlay needs sectors 66-105: --force",
        ),
        (
            short,
            "the disk ends before the end of sectors 66-105, which the overlay needs: make",
        ),
    ] {
        let before = image.bytes();
        let run = gapboot(&new, &["install", image.name()]).done();
        assert!(run.err.contains("the overlay is left out"), "{}", run.err);
        assert!(run.err.contains(words), "{}", run.err);
        assert_same_outside(&before, &image.bytes(), &[CODE, GAP]);
    }
}

#[test]
fn force_replaces_foreign_data_in_the_overlays_sectors_and_names_it() {
    let new = with_overlay_of(40, "0.1.0", 1);
    let marks: [(&[u8], &str); 4] = [
        (b"anything", "an unknown program"),
        (b"\x52\xe8\x28\x01", "GRUB"),
        (b"LABELONE", "LVM"),
        (FLEXNET, "FlexNet licensing"),
    ];
    for (bytes, owner) in marks {
        let image = Image::sgdisk();
        image.put(70 * 512, bytes);
        let before = image.bytes();
        let named = format!("data of {owner} in sector 70");
        let dry = ["install", "--dry-run", "--force", image.name()];
        let run = gapboot(&new, &dry).done();
        assert!(
            run.err.contains(&format!("replaces {named}")),
            "{}",
            run.err
        );
        assert!(
            run.out.contains("sectors 67-105: the overlay"),
            "{}",
            run.out
        );
        assert!(image.bytes() == before);

        let run = gapboot(&new, &["install", image.name()]).done();
        assert!(
            run.err.contains(&named) && run.err.contains("--force"),
            "{}",
            run.err
        );
        assert_same_outside(&before, &image.bytes(), &[CODE, GAP]);
        let run = gapboot(&new, &["install", "--force", image.name()]).done();
        assert!(
            run.err.contains(&format!("replaces {named}")),
            "{}",
            run.err
        );
        let returns = run
            .err
            .contains("again; `gapboot status` then says that the overlay");
        assert_eq!(returns, bytes == FLEXNET, "{}", run.err);
        assert!(image.bytes()[overlay_of(40)] == new.overlay.clone().unwrap()[..]);
    }
    // Never a partition, whatever else there is.
    let image = Image::with(&["-a1", "--new=1:100:+1M", "--typecode=1:ef00"]);
    image.put(70 * 512, b"anything");
    let before = image.bytes();
    let run = gapboot(&new, &["install", "--force", image.name()]).done();
    assert!(run.err.contains("partition 1 lies in"), "{}", run.err);
    assert!(!run.err.contains("replaces"), "{}", run.err);
    assert_same_outside(&before, &image.bytes(), &[CODE, GAP]);
}

#[test]
fn an_overlay_that_works_is_never_given_up_without_a_word() {
    let old = with_overlay_of(40, "0.0.9", 9);
    let new = with_overlay_of(60, "0.1.0", 1);
    let without = stages("0.1.0", 1);
    let installed = || {
        let image = Image::sgdisk();
        gapboot(&old, &["install", image.name()]).done();
        image
    };
    let occupied = |first: &str| {
        let image = installed();
        image.run_sgdisk(&["--set-alignment=1", &format!("--new=2:{first}:+100K")]);
        image
    };
    let foreign = installed();
    foreign.put(110 * 512, b"someone");
    let cases: [(Image, &_, bool, &[&str]); 4] = [
        (
            occupied("110"),
            &new,
            false,
            &[
                "partition 2 lies in sectors 110-",
                "the overlay needs sectors 66-125",
            ],
        ),
        // In the overlay that works, and nobody has written there yet.
        (
            occupied("80"),
            &new,
            false,
            &[
                "partition 2 lies in sectors 80-",
                "the overlay needs sectors 66-125",
            ],
        ),
        (
            foreign,
            &new,
            true,
            &[
                "data of an unknown program in sector 110",
                "sectors 66-125",
                "--force replaces",
            ],
        ),
        (
            installed(),
            &without,
            false,
            &["was built without an overlay"],
        ),
    ];
    for (image, stages, yields_to_force, words) in cases {
        let before = image.bytes();
        let words = [words, &["the overlay on the disk works", "--no-overlay"]].concat();
        gapboot(stages, &["install", image.name()]).refused(&words);
        gapboot(stages, &["install", "--dry-run", image.name()]).refused(&words);
        if !yields_to_force {
            gapboot(stages, &["install", "--force", image.name()]).refused(&words);
        }
        assert!(image.bytes() == before);
        if yields_to_force {
            gapboot(stages, &["install", "--force", image.name()]).done();
            assert!(image.bytes()[overlay_of(60)] == new.overlay.clone().unwrap()[..]);
            image.set(&before);
        }
        gapboot(stages, &["install", "--no-overlay", image.name()]).done();
        let after = image.bytes();
        assert_same_outside(&before, &after, &[CODE, GAP, overlay_of(40)]);
        assert!(after[CODE] == stages.code && after[GAP] == stages.stage2);
        let run = gapboot(stages, &["status", image.name()]).done();
        assert!(run.out.contains("intact, up to date"), "{}", run.out);
        assert!(!run.out.contains("overlay: intact"), "{}", run.out);
    }
    // One that does not work is no reason to refuse.
    let image = occupied("110");
    image.put(70 * 512, b"?");
    let run = gapboot(&new, &["install", image.name()]).done();
    assert!(run.err.contains("the overlay is left out"), "{}", run.err);
}

#[test]
fn nothing_stale_remains_of_a_longer_overlay() {
    let old = with_overlay_of(60, "0.0.9", 9);
    let new = with_overlay_of(40, "0.1.0", 1);
    let image = Image::sgdisk();
    gapboot(&new, &["install", image.name()]).done();
    let expected = image.bytes();
    gapboot(&old, &["install", image.name()]).done();
    // After the old overlay.
    image.put(126 * 512, b"precious");
    gapboot(&new, &["install", image.name()]).done();
    assert_eq!(&image.bytes()[126 * 512..][..8], b"precious");
    image.put(126 * 512, &[0; 8]);
    assert!(image.bytes() == expected);
}

#[test]
fn what_is_missing_without_the_overlay_is_said() {
    let new = with_overlay("0.1.0", 1);
    let image = Image::with_files(&[("loader/entries.srel", "type1\n")]);
    let words = "no other unified kernel images, no menu and no settings";
    let says = |arguments: &[&str]| {
        let run = gapboot(&new, &[arguments, &[image.name()]].concat()).done();
        (run.out + &run.err).contains(words)
    };
    assert!(!says(&["list"]));
    assert!(!says(&["install"]));
    assert!(!says(&["list"]) && !says(&["status"]));
    // Someone's data, over the overlay and where it would be.
    image.put(70 * 512, b"precious");
    assert!(says(&["list"]) && says(&["status"]));
    image.put(66 * 512, b"more");
    assert!(says(&["install"]) && says(&["list"]) && says(&["status"]));
}

#[test]
fn a_table_that_needs_attention_is_remarked_on() {
    let new = stages("0.1.0", 1);
    let image = Image::sgdisk();
    let run = gapboot(&new, &["install", image.name()]).done();
    assert!(run.err.contains("begin at sector 34"), "{}", run.err);
    // Once is enough.
    image.put(40 * 512, b"?");
    let run = gapboot(&new, &["install", image.name()]).done();
    assert!(run.notes().is_empty(), "{}", run.err);

    let quiet = Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=uefi\n");
    let run = gapboot(&new, &["install", quiet.name()]).done();
    assert!(run.notes().is_empty(), "{}", run.err);

    let no_esp = Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=linux\n");
    let run = gapboot(&new, &["install", no_esp.name()]).done();
    assert!(run.err.contains("no EFI system partition"), "{}", run.err);

    let no_backup = Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=uefi\n");
    no_backup.put(IMAGE as usize - 512, &[0; 512]);
    let run = gapboot(&new, &["install", no_backup.name()]).done();
    assert!(run.err.contains("backup GPT is not sound"), "{}", run.err);
    no_backup.run_sgdisk(&["-e"]);
    assert!(
        !gapboot(&new, &["install", no_backup.name()])
            .done()
            .err
            .contains("backup")
    );

    let beyond = Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=uefi\n");
    let half = &beyond.bytes()[..(3 << 20) / 2];
    beyond.set(half);
    let run = gapboot(&new, &["install", beyond.name()]).done();
    for words in [
        "partition 1 ends with sector 4095, the disk with sector 3071: is the image complete?",
        "no XBOOTLDR partition inside the disk",
    ] {
        assert!(run.err.contains(words), "{}", run.err);
    }

    let cut_short = Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=uefi\n");
    fs::OpenOptions::new()
        .write(true)
        .open(cut_short.path())
        .unwrap()
        .set_len(2 << 20)
        .unwrap();
    let run = gapboot(&new, &["install", cut_short.name()]).done();
    assert!(run.err.contains("is the image complete?"), "{}", run.err);
}

#[test]
fn the_console_is_kept_until_another_is_chosen() {
    let (old, new) = (with_overlay("0.0.9", 1), with_overlay("0.1.0", 2));
    let image = Image::sgdisk();
    let console = |image: &Image| {
        let run = gapboot(&new, &["status", "--json", image.name()]).done();
        let status: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(status["intact"], true);
        assert_eq!(status["overlay"], "present");
        status["console"].as_str().unwrap().to_owned()
    };
    gapboot(&old, &["install", "--console=serial:2@9600", image.name()]).done();
    // Outputs, port, divisor, and nothing else but the checksum.
    assert_eq!(image.bytes()[34 * 512 + 40..][..4], [2, 1, 12, 0]);
    assert_eq!(console(&image), "serial:2@9600");
    gapboot(&new, &["install", image.name()]).done();
    assert_eq!(console(&image), "serial:2@9600");
    image.put(40 * 512, b"?").put(34 * 512, b"gapboot~");
    gapboot(&new, &["install", image.name()]).done();
    assert_eq!(console(&image), "serial:2@9600");
    gapboot(&new, &["install", "--console", "vga,serial", image.name()]).done();
    assert!(image.bytes()[GAP] == new.stage2);
    let wrong = gapboot(&new, &["install", "--console=com1", image.name()]);
    assert_eq!(wrong.status, 2);
    assert!(
        wrong.err.contains("is not a console: use vga,"),
        "{}",
        wrong.err
    );
}

#[test]
fn an_overlay_that_is_not_wanted() {
    let new = with_overlay("0.1.0", 1);
    let image = Image::sgdisk();
    gapboot(&new, &["install", "--no-overlay", image.name()]).done();
    assert!(image.bytes()[OVERLAY].iter().all(|&byte| byte == 0));
    gapboot(&new, &["install", image.name()]).done();
    assert!(image.bytes()[OVERLAY] == new.overlay.clone().unwrap()[..]);
    let overlay = |image: &Image| gapboot(&new, &["status", image.name()]).done().out;
    image.put(100 * 512, b"?");
    assert!(overlay(&image).contains("overlay: damaged"));
    let other = with_overlay("0.1.0", 3).overlay.unwrap();
    image.put(OVERLAY.start, &other);
    assert!(overlay(&image).contains("overlay: of another stage2"));
    gapboot(&new, &["install", image.name()]).done();
    assert!(overlay(&image).contains("overlay: intact"));
    gapboot(&new, &["install", "--no-overlay", image.name()]).done();
    assert!(image.bytes()[OVERLAY].iter().all(|&byte| byte == 0));
}
