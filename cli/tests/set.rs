//! What `gapboot set` does to the state file, in images and through mounts.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use common::system::{Fake, UUIDS};
use common::*;

const FILE: &str = "/loader/gapboot.state";
/// Makes the directory.
const LOADER: (&str, &str) = ("loader/entries.srel", "type1\n");
/// Where the ESP begins in an image, in bytes.
const ESP: usize = 2048 * 512;

fn set(arguments: &[&str]) -> Run {
    gapboot(&stages("0.1.0", 1), &[&["set"], arguments].concat())
}

fn partition(image: &Image) -> String {
    format!("{}@@{ESP}", image.name())
}

/// The state file, by mtools.
fn state(image: &Image) -> Vec<u8> {
    let output = Command::new("mtype")
        .args(["-i", &partition(image), &format!("::{FILE}")])
        .output()
        .expect("mtype; run: apt-get install mtools");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// Adds a file of this size, or as much of it as there is room for.
fn fill(image: &Image, size: usize) {
    let mut child = Command::new("mcopy")
        .args(["-i", &partition(image), "-", "::/filling"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("mcopy; run: apt-get install mtools");
    // It fails when nothing is left.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), &vec![b'x'; size]);
    child.wait().unwrap();
}

/// What fsck.vfat finds wrong is a failure of its own.
fn assert_sound(image: &Image) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fat");
    fs::write(&file, &image.bytes()[ESP..ESP + 4096 * 512]).unwrap();
    tool(
        "dosfstools",
        "fsck.vfat",
        &["-n", file.to_str().unwrap()],
        "",
    );
}

/// A state file, put together by hand.
fn expected(timeouts: [u32; 2], flags: u32, texts: &str) -> Vec<u8> {
    let mut file = b"gapstate\x01\0\0\0\0\0\0\0".to_vec();
    for number in [timeouts[0], timeouts[1], flags, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend(texts.bytes());
    file.resize(512, 0);
    let checksum = crc32fast::hash(&file[16..]);
    file[12..16].copy_from_slice(&checksum.to_le_bytes());
    file
}

#[test]
fn every_key_in_an_image() {
    let image = Image::with_files(&[LOADER, ("EFI/x", "kept")]);
    let disk = image.name();
    for (key, value, timeouts, flags, texts) in [
        ("default", "debian-*", [0, 0], 0, "debian-*\0\0\0\0"),
        ("preferred", "@saved", [0, 0], 0, "debian-*\0@saved\0\0\0"),
        (
            "one-shot",
            "a.conf",
            [0, 0],
            0,
            "debian-*\0@saved\0a.conf\0\0",
        ),
        ("timeout", "7", [7, 0], 1, "debian-*\0@saved\0a.conf\0\0"),
        (
            "oneshot-timeout",
            "menu-force",
            [7, u32::MAX],
            3,
            "debian-*\0@saved\0a.conf\0\0",
        ),
        ("default", "", [7, u32::MAX], 3, "\0@saved\0a.conf\0\0"),
        (
            "timeout",
            "menu-disabled",
            [u32::MAX - 1, u32::MAX],
            3,
            "\0@saved\0a.conf\0\0",
        ),
        ("timeout", "", [0, u32::MAX], 2, "\0@saved\0a.conf\0\0"),
        (
            "oneshot",
            "\u{fc}.conf",
            [0, u32::MAX],
            2,
            "\0@saved\0\u{fc}.conf\0\0",
        ),
    ] {
        let run = set(&[key, value, disk]).done();
        let key_name = key.replace("oneshot", "one-shot");
        let what = if value.is_empty() { "unset" } else { value };
        assert_eq!(run.out, format!("{disk}: {key_name} is now {what}\n"));
        assert!(
            state(&image) == expected(timeouts, flags, texts),
            "{key} {value}"
        );
        assert_sound(&image);
    }
}

#[test]
fn a_disk_with_an_mbr() {
    let image = Image::dos("start=2048, size=4096, type=ea\n");
    image.format(2048, 4096, &[LOADER]);
    set(&["timeout", "7", image.name()]).done();
    assert_eq!(state(&image), expected([7, 0], 1, "\0\0\0\0"));
    assert_sound(&image);
    let status = gapboot(&stages("0.1.0", 1), &["status", image.name()]).done();
    assert!(
        status.out.contains("timeout               7"),
        "{}",
        status.out
    );
}

/// As systemd-repart and mkosi make it.
#[test]
fn sectors_larger_than_the_disks() {
    for size in [1024, 2048, 4096] {
        let image = Image::sfdisk("label: gpt\nstart=2048, size=4096, type=U\n");
        let files = [
            LOADER,
            ("loader/entries/a+3.conf", "linux \\x\n"),
            ("x", "a kernel"),
        ];
        image.format_as(size, 2048, 4096, &files);
        for (key, value, texts) in [
            ("default", "a.conf", "a.conf\0\0\0\0"),
            ("one-shot", "b.conf", "a.conf\0\0b.conf\0\0"),
        ] {
            set(&[key, value, image.name()]).done();
            assert_eq!(state(&image), expected([0, 0], 0, texts), "{size}");
            assert_sound(&image);
        }
        let listed = gapboot(&stages("0.1.0", 1), &["list", image.name()]).done();
        assert!(listed.out.contains("a.conf"), "{}", listed.out);
    }
}

/// Nothing is written after the partition, where the next one may be.
#[test]
fn a_file_system_that_is_larger_than_its_partition() {
    let image = || {
        let image = Image::sfdisk("label: gpt\nstart=2048, size=2048, type=U\n");
        image.format(2048, 4096, &[LOADER]);
        image
    };
    let half = image();
    fill(&half, 1024 * 512);
    set(&["default", "a.conf", half.name()]).done();
    assert_eq!(state(&half), expected([0, 0], 0, "a.conf\0\0\0\0"));
    assert_sound(&half);

    let full = image();
    fill(&full, 2048 * 512);
    let before = full.bytes();
    set(&["default", "a.conf", full.name()]).refused(&["larger than its partition"]);
    assert!(full.bytes() == before);
}

#[test]
fn what_is_there_is_written_in_place() {
    let image = Image::with_files(&[("loader/loader.conf", "timeout 3\n")]);
    set(&["default", "a.conf", image.name()]).done();
    let before = image.bytes();
    set(&["default", "b.conf", image.name()]).done();
    let after = image.bytes();
    let changed: Vec<_> = (0..before.len() / 512)
        .filter(|at| before[at * 512..][..512] != after[at * 512..][..512])
        .filter(|at| !before[at * 512..].starts_with(b"gapstate"))
        .collect();
    // But for the state itself, the time in its directory entry at most.
    assert!(changed.len() <= 1, "{changed:?}");
    set(&["default", "b.conf", image.name()]).done();
    assert!(image.bytes() == after, "setting the same again wrote");
    assert_sound(&image);
}

#[test]
fn a_file_that_is_no_state_is_made_anew() {
    for content in ["", "x", &"y".repeat(512), &"z".repeat(70_000)] {
        let image = Image::with_files(&[("loader/gapboot.state", content)]);
        let run = set(&["timeout", "1", image.name()]).done();
        assert!(run.err.contains("was damaged"), "{}", run.err);
        assert!(state(&image) == expected([1, 0], 1, "\0\0\0\0"));
        assert_sound(&image);
    }
}

/// It is all or nothing: a command that fails half-way leaves no empty file and no
/// mark in the file system.
#[test]
fn no_room_for_the_file() {
    let image = Image::with_files(&[LOADER]);
    fill(&image, 4096 * 512);
    let before = image.bytes();
    set(&["timeout", "7", image.name()]).refused(&["No space left", "make room there"]);
    assert!(image.bytes() == before);
}

#[test]
fn a_disk_that_another_program_has_locked() {
    let image = Image::with_files(&[LOADER]);
    let before = image.bytes();
    let other = fs::File::open(image.name()).unwrap();
    other.lock().unwrap();
    set(&["timeout", "7", image.name()]).refused(&["another program has locked it"]);
    assert!(image.bytes() == before);
    drop(other);
    set(&["timeout", "7", image.name()]).done();
}

/// The message names the command that helps, and it helps.
#[test]
fn no_directory_for_the_file() {
    let image = Image::with_files(&[]);
    let before = image.bytes();
    let run = set(&["default", "x", image.name()]);
    let error = run.err.clone();
    run.refused(&["there is no directory /loader"]);
    assert!(image.bytes() == before);
    let (_, command) = error.trim().split_once("make it: ").unwrap();
    tool("mtools", "sh", &["-c", command], "");
    assert_eq!(set(&["default", "x", image.name()]).status, 0);
    assert_eq!(state(&image), expected([0, 0], 0, "x\0\0\0\0"));
    assert_sound(&image);
}

#[test]
fn what_is_refused() {
    let image = Image::with_files(&[]);
    let before = image.bytes();
    for (arguments, word) in [
        (["defalt", "x"], "\"defalt\" is not a key"),
        (["default", "@last"], "\"@last\" has no meaning"),
        (["one-shot", "@saved"], "\"@saved\" has no meaning"),
        (["default", "a\nb"], "holds control characters"),
        (["timeout", "5s"], "\"5s\" is not a timeout"),
        (["one-shot-timeout", "0"], "seconds from 1 on"),
        (["one-shot-timeout", "menu-disabled"], "seconds from 1 on"),
    ] {
        let run = set(&[arguments[0], arguments[1], image.name()]);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.err.contains(word), "{}", run.err);
    }
    set(&["default", &"x".repeat(477), image.name()]).refused(&["477 bytes", "476 fit"]);
    assert!(image.bytes() == before);
    set(&["default", "x", Image::sgdisk().name()])
        .refused(&["at sector 2048 holds no FAT file system"]);
    let other = Image::sfdisk("label: gpt\nstart=2048, size=4096\n");
    set(&["default", "x", other.name()]).refused(&["no EFI system partition"]);
    let newer = "gapstate\x02";
    let newer: String = newer.chars().chain(['\0'; 503]).collect();
    let mut newer = newer.into_bytes();
    let checksum = crc32fast::hash(&newer[16..]);
    newer[12..16].copy_from_slice(&checksum.to_le_bytes());
    let mut fake = Fake::new(&image.path());
    fake.mount("vda1", "/efi");
    fs::create_dir(fake.path("/efi/loader")).unwrap();
    fs::write(fake.path("/efi/loader/gapboot.state"), &newer).unwrap();
    set(&["timeout", "1", "--root", fake.root()]).refused(&["format 2", "newer gapboot"]);
}

#[test]
fn the_running_system_by_the_node() {
    let image = Image::with_both(&[], &[("loader/entries/a.conf", "linux /x\n")]);
    let before = image.bytes();
    let mut fake = Fake::new(&image.path());
    // The entry lies on XBOOTLDR; the state file's place is the ESP all the same.
    fake.node(&format!(
        "GapbootNode=1\nLoaderDevicePartUUID={}\n",
        UUIDS[1]
    ))
    .write("mnt/x", "");
    fake.mount("vda1", "/mnt/my esp");
    // As the kernel writes it.
    let mounts = fs::read_to_string(fake.path("proc/self/mountinfo")).unwrap();
    fake.write(
        "proc/self/mountinfo",
        &mounts.replace("my esp", "my\\040esp"),
    );
    set(&["default", "a.conf", "--root", fake.root()]).done();
    let file = fake.path("/mnt/my esp/loader/gapboot.state");
    assert!(fs::read(&file).unwrap() == expected([0, 0], 0, "a.conf\0\0\0\0"));
    let inode = fs::metadata(&file).unwrap().ino();
    set(&["timeout", "3", "--root", fake.root()]).done();
    assert!(fs::read(&file).unwrap() == expected([3, 0], 1, "a.conf\0\0\0\0"));
    assert_eq!(fs::metadata(&file).unwrap().ino(), inode, "not in place");
    assert!(
        image.bytes() == before,
        "the device below a mounted file system was written to"
    );
}

#[test]
fn the_running_system_by_the_mounts() {
    let image = Image::with_both(&[], &[]);
    let mut fake = Fake::new(&image.path());
    set(&["default", "a", "--root", fake.root()]).refused(&["name the DISK", "/boot/efi"]);
    fake.mount("vda1", "/boot/efi");
    set(&["default", "a", "--root", fake.root()]).done();
    assert_eq!(fake.files("/boot/efi/loader"), ["gapboot.state"]);
}

#[test]
fn an_unmounted_partition_is_written_by_the_library() {
    let image = Image::with_both(&[LOADER], &[]);
    let fake = Fake::new(&image.path());
    fake.node(&format!(
        "GapbootNode=1\nLoaderDevicePartUUID={}\n",
        UUIDS[0]
    ));
    // The partition's own device, as far as plain files go.
    fs::write(fake.path("dev/vda1"), &image.bytes()[ESP..ESP + 4096 * 512]).unwrap();
    let run = set(&["default", "a", "--root", fake.root()]);
    // Here the loader reads another file than was written, and that is noticed.
    run.refused(&["reads back differently"]);
    let written = fs::read(fake.path("dev/vda1")).unwrap();
    assert!(written.windows(8).any(|bytes| bytes == b"gapstate"));
}

#[test]
fn an_image_that_is_attached_is_left_alone() {
    let image = Image::with_files(&[LOADER]);
    let fake = Fake::new(&image.path());
    fake.write("sys/class/block/loop3/dev", "7:3\n");
    fake.write(
        "sys/class/block/loop3/loop/backing_file",
        &format!("{}\n", image.name()),
    );
    let before = image.bytes();
    set(&["default", "a", "--root", fake.root(), image.name()]).refused(&["loop3", "losetup -d"]);
    assert!(image.bytes() == before);
}

#[test]
fn what_systemctl_reboot_asked_for() {
    let image = Image::with_files(&[LOADER]);
    let fake = Fake::new(&image.path());
    let from_systemd = ["--from-systemd", "--root", fake.root(), image.name()];
    let before = image.bytes();
    set(&from_systemd).done();
    assert!(image.bytes() == before);
    fake.write(
        "run/systemd/reboot-to-boot-loader-entry",
        "debian-6.12.conf\n",
    );
    set(&from_systemd).done();
    assert!(state(&image) == expected([0, 0], 0, "\0\0debian-6.12.conf\0\0"));
    // The name that systemd-logind writes in truth.
    let written = "run/systemd/reboot-boot-to-loader-entry";
    fake.write(written, "other.conf\n");
    fs::remove_file(fake.path("run/systemd/reboot-to-boot-loader-entry")).unwrap();
    set(&from_systemd).done();
    assert!(state(&image) == expected([0, 0], 0, "\0\0other.conf\0\0"));
    fake.write(written, "debian-6.12.conf\n");
    for (microseconds, seconds) in [("0", u32::MAX), ("2500000\n", 3), ("7000000", 7)] {
        fake.write("run/systemd/reboot-to-boot-loader-menu", microseconds);
        set(&from_systemd).done();
        assert!(state(&image) == expected([0, seconds], 2, "\0\0debian-6.12.conf\0\0"));
    }
    fake.write("run/systemd/reboot-to-boot-loader-menu", "soon");
    set(&from_systemd).refused(&["\"soon\", which is not a time"]);
}

/// A mistyped id would boot something else, silently.
#[test]
fn values_that_select_nothing() {
    let entry = "linux /vmlinuz\noptions root=/dev/vda2\n";
    let image = Image::with_files(&[
        ("vmlinuz", "kernel"),
        ("loader/entries/debian-6.1+2-1.conf", entry),
        ("loader/entries/other.conf", entry),
    ]);
    let disk = image.name();
    let there = "there are other.conf, debian-6.1.conf";
    for (value, stored, note) in [
        ("other.conf", "other.conf", ""),
        ("Debian-6.1", "Debian-6.1", ""),
        ("debian-*", "debian-*", ""),
        ("@saved", "@saved", ""),
        ("auto-reboot", "auto-reboot", ""),
        ("debain", "debain", &format!("no entry debain: {there}")),
        (
            "debian-6.1+2-1.conf",
            "debian-6.1.conf",
            "is the name of a file with its counter, and names no entry; debian-6.1.conf is set",
        ),
        ("gone+3", "gone", &format!("no entry gone: {there}")),
    ] {
        for key in ["default", "preferred"] {
            let run = set(&[key, value, disk]).done();
            assert_eq!(run.out, format!("{disk}: {key} is now {stored}\n"));
            assert_eq!(run.err.is_empty(), note.is_empty(), "{}", run.err);
            assert!(run.err.contains(note), "{}", run.err);
        }
    }
    let run = set(&["preferred", "gone", disk]).done();
    assert_eq!(run.out, format!("{disk}: preferred is already gone\n"));
    assert!(run.err.contains("no entry gone"), "{}", run.err);
    // `list` says it, too, and of loader.conf as well.
    set(&["default", "other", disk]).done();
    let run = gapboot(&stages("0.1.0", 1), &["list", disk]).done();
    let problem = "preferred of /loader/gapboot.state selects no entry gone";
    assert_eq!(run.err, format!("gapboot: {disk}: {problem}: {there}\n"));
}

/// What is wrong with the value is said, whatever else is wrong with the disk.
#[test]
fn a_wrong_value_comes_first() {
    for arguments in [&["timeout", "5s"][..], &["timeout", "5s", "/nonexistent"]] {
        let run = set(arguments);
        assert_eq!(run.status, 2);
        assert!(run.err.contains("\"5s\" is not a timeout"), "{}", run.err);
    }
}

/// `gapboot set timeout disk.img`, with the value left out.
#[test]
fn a_disk_in_place_of_the_value() {
    let image = Image::with_files(&[LOADER]);
    for key in ["timeout", "default"] {
        let run = set(&[key, image.name()]);
        assert_eq!(run.status, 2);
        let words = format!("VALUE is missing: {} would be it", image.name());
        assert!(run.err.contains(&words), "{}", run.err);
    }
}
