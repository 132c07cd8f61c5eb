//! What would boot from a disk, by `gapboot install` and `gapboot status`.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use common::*;
use serde_json::{Value, json};

const ENTRY: (&str, &str) = ("loader/entries/debian.conf", "linux /linux\n");

/// A disk with an entry whose kernel is there.
fn bootable() -> Image {
    let image = Image::with_files(&[ENTRY]);
    image.add(2048, "/linux", &kernel());
    image
}

fn install(image: &Image, options: &[&str]) -> Run {
    let new = with_overlay("0.1.0", 1);
    gapboot(&new, &[&["install"], options, &[image.name()]].concat())
}

fn status(image: &Image) -> Value {
    let new = with_overlay("0.1.0", 1);
    let run = gapboot(&new, &["status", "--json", image.name()]).done();
    let mut status: Value = serde_json::from_str(&run.out).unwrap();
    let keys = status.as_object_mut().unwrap();
    keys.retain(|key, _| ["wouldBoot", "entry", "problems"].contains(&&**key));
    status
}

#[track_caller]
fn boots(image: &Image, id: &str) {
    let run = install(image, &["--check"]).done();
    assert!(run.out.ends_with(&format!(": boots {id}\n")), "{}", run.out);
    assert!(run.notes().len() == run.err.lines().count(), "{}", run.err);
    assert_eq!(status(image), json!({ "wouldBoot": true, "entry": id }));
    let new = with_overlay("0.1.0", 1);
    let run = gapboot(&new, &["status", "--check", image.name()]).done();
    assert!(
        run.out.contains(&format!("\n  boots {id}\n")),
        "{}",
        run.out
    );
}

/// Installs, and asserts that nothing boots, for a reason with all of these words.
#[track_caller]
fn does_not_boot(image: &Image, words: &[&str]) {
    let run = install(image, &[]).done();
    let installed = image.bytes();
    let dry = install(image, &["--dry-run"]).done();
    let new = with_overlay("0.1.0", 1);
    let person = gapboot(&new, &["status", image.name()]).done();
    let answer = status(image);
    assert_eq!(answer["wouldBoot"], json!(false));
    let answer = answer["problems"].to_string();
    for word in words {
        assert!(run.err.contains(word), "{word}: {}", run.err);
        assert!(dry.err.contains(word), "{word}: {}", dry.err);
        assert!(person.out.contains(word), "{word}: {}", person.out);
        assert!(answer.contains(word), "{word}: {answer}");
    }
    assert!(run.err.contains("warning: would not boot: "), "{}", run.err);
    for arguments in [
        &["install", "--check"][..],
        &["status", "--check"],
        &["status", "--check", "--json"],
    ] {
        let run = gapboot(&new, &[arguments, &[image.name()]].concat());
        assert_eq!(run.status, 1, "{arguments:?}");
        let last = run.err.lines().last().unwrap();
        assert!(
            last.ends_with("disk.img: gapboot would not boot from this disk"),
            "{last}"
        );
    }
    assert!(image.bytes() == installed, "the look wrote to the disk");
}

#[test]
fn the_entry_that_boots() {
    let image = bootable();
    boots(&image, "debian.conf");
    image.add(2048, "/loader/entries/z.conf", b"linux /linux\nversion 9\n");
    image.add(
        2048,
        "/loader/loader.conf",
        b"default z*\ntimeout menu-force\n",
    );
    boots(&image, "z.conf");
    image.add(
        2048,
        "/loader/loader.conf",
        b"default z*\ntimeout 4000000000\n",
    );
    boots(&image, "z.conf");
}

#[test]
fn an_entry_that_is_given_up_for_another_one() {
    let image = bootable();
    let entry = b"linux /missing\nversion 2\n";
    image.add(2048, "/loader/entries/new+3.conf", entry);
    image.add(2048, "/loader/loader.conf", b"reboot-on-error yes\n");
    let before = image.bytes();
    boots(&image, "debian.conf");
    // The attempts were not counted on the disk.
    assert_same_outside(&before, &image.bytes(), &[CODE, GAP, OVERLAY]);
}

#[test]
fn disks_without_a_usable_entry() {
    let none = Image::with_files(&[("loader/entries.srel", "type1\n")]);
    does_not_boot(
        &none,
        &["there is no entry in /loader/entries or /EFI/Linux"],
    );

    let kernel = Image::with_files(&[ENTRY]);
    does_not_boot(&kernel, &["debian.conf: /linux: the file was not found"]);
    kernel.add(2048, "/linux", b"not a kernel");
    does_not_boot(
        &kernel,
        &["debian.conf: /linux: this is not a Linux kernel"],
    );

    let initrd = bootable();
    let entry = b"linux /linux\ninitrd /missing\n";
    initrd.add(2048, "/loader/entries/debian.conf", entry);
    does_not_boot(&initrd, &["/missing: the file was not found"]);

    let unformatted = Image::sgdisk();
    does_not_boot(&unformatted, &["there is no FAT file system at LBA 2048"]);
}

#[test]
fn disks_without_a_partition_for_entries() {
    let no_esp = Image::sfdisk("label: gpt\nfirst-lba: 2048\nsize=1M, type=linux\n");
    does_not_boot(&no_esp, &["there is no EFI system partition"]);
    let mbr = Image::dos("size=1M, type=83\n");
    does_not_boot(&mbr, &["there is no partition of type EA"]);
}

#[test]
fn entries_on_a_second_esp() {
    let image = Image::sfdisk(
        "label: gpt\nstart=2048, size=1024, type=U\nstart=3072, size=1024, type=L\n\
         start=4096, size=2048, type=U, name=second\n",
    );
    image.format(2048, 1024, &[]);
    image.format(4096, 2048, &[ENTRY]);
    image.add(4096, "/linux", &kernel());
    does_not_boot(
        &image,
        &[
            "no entry in /loader/entries",
            "looks for entries on partition 1, not on the other EFI system partition, \
             partition 3 (second)",
        ],
    );
}

#[test]
fn a_loader_without_its_overlay() {
    let image = bootable();
    let new = stages("0.1.0", 1);
    let run = gapboot(&new, &["install", image.name()]).done();
    assert!(run.out.contains("boots debian.conf"), "{}", run.out);
    // Such a loader says numbers; here it is said in words.
    let missing = Image::with_files(&[ENTRY]);
    let run = gapboot(&new, &["install", missing.name()]).done();
    assert!(
        run.err
            .contains("debian.conf: /linux: the file was not found"),
        "{}",
        run.err
    );
}

#[test]
fn a_loader_that_is_not_whole() {
    let image = bootable();
    assert_eq!(status(&image)["wouldBoot"], json!(false));
    assert!(
        status(&image)["problems"][0]
            .as_str()
            .unwrap()
            .contains("not installed")
    );
    install(&image, &[]).done();
    image.put(40 * 512, b"?");
    assert_eq!(status(&image)["wouldBoot"], json!(false));
    let run = gapboot(
        &with_overlay("0.1.0", 1),
        &["status", "--check", image.name()],
    );
    assert_eq!(run.status, 1);
    assert!(run.out.contains("damaged"), "{}", run.out);
}

#[test]
fn a_table_for_larger_sectors_is_named() {
    let image = bootable();
    install(&image, &[]).done();
    let small = image.bytes();
    let mut large = vec![0; 8 * small.len()];
    for (from, to) in small.chunks(512).zip(large.chunks_mut(4096)) {
        to[..512].copy_from_slice(from);
    }
    // As a machine sees it that counts in 512 bytes: the loader at its place.
    large[..440].copy_from_slice(&small[..440]);
    large[GAP].copy_from_slice(&small[GAP]);
    large[OVERLAY].copy_from_slice(&small[OVERLAY]);
    large[4096..4608].copy_from_slice(&small[512..1024]);
    image.set(&large);
    let answer = status(&image)["problems"].to_string();
    assert!(answer.contains("sectors of 4096 bytes"), "{answer}");
    assert!(answer.contains("bad stage2"), "{answer}");
}
