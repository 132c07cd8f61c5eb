//! A machine without its overlay, or with a damaged one: it boots, counts, passes
//! over what is bad, and says what is missing. And one whose loader is updated from
//! version 0.1.0, together with its overlay.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tests::MIB;
use tests::gapboot::{built, emulate, handoff, install_0_1_0, type1};
use tests::images::{Disk, Fat, Partition, Volume};
use tests::kernels::probe::{Kernel, Report};
use tests::machines::qemu::Machine;
use tests::tool::run;

/// Where the overlay begins.
const OVERLAY: u64 = 66;

/// A disk whose newest entry has three attempts left, with the first partition at
/// this sector.
fn disk(start: u64) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let entry = |version: &str| {
        type1(
            "Probe",
            "/kernel",
            &[],
            &format!("version={version} vga=ask"),
        ) + "sort-key probe\nversion "
            + version
            + "\n"
    };
    let esp = Partition::esp(Fat::new(16).cluster(2048))
        .start(start)
        .size(20 * MIB)
        .file("kernel", Kernel::load().unwrap().bytes())
        .file("loader/entries/new+3.conf", entry("2"))
        .file("loader/entries/old.conf", entry("1"));
    Disk::new(24 * MIB)
        .table_line("first-lba: 34")
        .partition(esp)
        .build(&image)
        .unwrap();
    (directory, image)
}

fn install(image: &Path, arguments: &[&str]) {
    let mut gapboot = Command::new(built("gapboot").unwrap());
    run(gapboot.arg("install").args(arguments).arg(image)).unwrap();
}

fn damage(image: &Path) {
    let file = fs::File::options()
        .read(true)
        .write(true)
        .open(image)
        .unwrap();
    let at = OVERLAY * 512 + 12_345;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

/// What the emulator says of a boot that changes the disk: the entry, and its
/// messages.
fn emulated(image: &Path) -> (String, String) {
    let output = emulate(image, 512, &["--write"]).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{errors}");
    let value: serde_json::Value = serde_json::from_str(&printed).unwrap();
    (value["id"].as_str().unwrap().to_owned(), errors)
}

/// What a kernel and a person see of a boot in a machine.
fn booted(image: &Path) -> (Report, String) {
    let outcome = Machine::new(image).writable().run().unwrap();
    let report = Report::parse(&outcome.serial).unwrap();
    (report, outcome.serial)
}

/// The names of the entries' files; the file system must be clean.
fn names(image: &Path) -> Vec<String> {
    let esp = Volume::open(image, 1).unwrap();
    esp.check().unwrap();
    let mut names = esp.names("loader/entries").unwrap();
    names.sort();
    names
}

/// Three attempts, in the machine and in the emulator, then the fall-back.
fn counts(image: &Path) {
    assert_eq!(names(image), ["new+3.conf", "old.conf"]);
    // Only the overlay makes names longer.
    let (report, _) = booted(image);
    assert_eq!(report.command_line(), "version=2 vga=ask");
    assert_eq!(names(image), ["new+2.conf", "old.conf"]);

    assert_eq!(handoff(image, 512).unwrap().cmdline, "version=2 vga=ask");
    assert_eq!(emulated(image).0, "new.conf");
    assert_eq!(names(image), ["new+1.conf", "old.conf"]);

    let (report, said) = booted(image);
    assert_eq!(report.command_line(), "version=2 vga=ask");
    assert!(said.contains("gapboot: overlay: error 37, 66"), "{said}");
    assert!(
        report.setup_data.is_empty(),
        "the node is written by the overlay"
    );
    assert_eq!(names(image), ["new+0.conf", "old.conf"]);

    let (report, _) = booted(image);
    assert_eq!(report.command_line(), "version=1 vga=ask");
    assert_eq!(emulated(image).0, "old.conf");
    assert_eq!(names(image), ["new+0.conf", "old.conf"]);
}

#[test]
fn an_update_of_version_0_1_0() {
    let (_directory, image) = disk(2048);
    install_0_1_0(&image).unwrap();
    let boots = |names_after: &str| {
        let (report, said) = booted(&image);
        assert_eq!(report.command_line(), "version=2 vga=ask");
        assert!(!said.contains("gapboot: overlay"), "{said}");
        assert!(!report.setup_data.is_empty(), "the overlay writes a node");
        assert_eq!(names(&image), [names_after, "old.conf"]);
    };
    boots("new+2-1.conf");
    install(&image, &[]);
    boots("new+1-2.conf");
}

#[test]
fn a_damaged_overlay() {
    let (_directory, image) = disk(2048);
    install(&image, &[]);
    damage(&image);
    counts(&image);
}

#[test]
fn no_overlay() {
    let (_directory, image) = disk(2048);
    install(&image, &["--no-overlay"]);
    counts(&image);
}

#[test]
fn no_room_for_an_overlay() {
    let (_directory, image) = disk(OVERLAY);
    install(&image, &[]);
    counts(&image);
}
