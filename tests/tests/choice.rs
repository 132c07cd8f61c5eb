//! Which entry boots: the order, loader.conf, and entries on both partitions.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tests::gapboot::{self, type1};
use tests::images::{Disk, Fat, Partition, Volume};
use tests::kernels::probe::Kernel;
use tests::machines::qemu::Machine;
use tests::tool::run;
use tests::{MIB, scenario};

/// A disk with an ESP and, where `xbootldr` has files, an XBOOTLDR partition.
/// Each file is a path and its text; both have the probe kernel as /kernel.
fn disk(esp: &[(&str, &str)], xbootldr: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let kernel = Kernel::load().unwrap().bytes();
    let fill = |partition: Partition, files: &[(&str, &str)]| {
        let partition = partition.size(20 * MIB).file("kernel", kernel.clone());
        files.iter().fold(partition, |partition, (path, text)| {
            partition.file(path, *text)
        })
    };
    let fat = || Fat::new(16).cluster(2048);
    let mut disk = Disk::new(48 * MIB).partition(fill(Partition::esp(fat()), esp));
    if !xbootldr.is_empty() {
        disk = disk.partition(fill(Partition::xbootldr(fat()), xbootldr));
    }
    disk.build(&image).unwrap();
    (directory, image)
}

fn entry(version: &str) -> String {
    type1("Probe", "/kernel", &[], &format!("version={version}"))
        + "sort-key probe\nversion "
        + version
        + "\n"
}

/// The entry that the emulator boots, and its command line.
fn chosen(esp: &[(&str, &str)], xbootldr: &[(&str, &str)]) -> (String, String) {
    let (_directory, image) = disk(esp, xbootldr);
    let handoff = gapboot::handoff(&image, 512).unwrap();
    (handoff.id, handoff.cmdline)
}

const OLD: &str = "loader/entries/old.conf";
const NEW: &str = "loader/entries/new.conf";
const CONF: &str = "loader/loader.conf";
const STATE: &str = "loader/gapboot.state";

#[test]
fn both_partitions_make_one_list() {
    let (one, two) = (entry("1"), entry("2"));
    let answer = |id: &str, version: &str| (id.to_owned(), format!("version={version}"));
    assert_eq!(
        chosen(&[(OLD, &one)], &[(NEW, &two)]),
        answer("new.conf", "2")
    );
    assert_eq!(
        chosen(&[(NEW, &two)], &[(OLD, &one)]),
        answer("new.conf", "2")
    );
    // Equal in everything: the ESP's comes first.
    let (esp, xbootldr) = (entry("1"), entry("1") + "options other\n");
    assert_eq!(
        chosen(&[(OLD, &esp)], &[(OLD, &xbootldr)]),
        answer("old.conf", "1")
    );
    // An entry's files are on its own partition.
    let lost = type1("Lost", "/loader/entries/old.conf", &[], "") + "sort-key a\n";
    assert_eq!(
        chosen(&[(OLD, &one)], &[(NEW, &lost)]),
        answer("old.conf", "1")
    );
}

#[test]
fn loader_conf_names_the_default() {
    let (one, two, bad) = (entry("1"), entry("2"), entry("3"));
    let id = |conf: &str| {
        let bad = ("loader/entries/bad+0-3.conf", bad.as_str());
        chosen(&[(OLD, &one), (NEW, &two), bad, (CONF, conf)], &[]).0
    };
    assert_eq!(id("timeout 3\n"), "new.conf");
    assert_eq!(id("default old.conf\n"), "old.conf");
    assert_eq!(id("default OLD*\r\n"), "old.conf");
    assert_eq!(id("default nothing*"), "new.conf");
    assert_eq!(id("# default old.conf\n"), "new.conf");
    // Only `preferred` passes over bad entries, and it goes first.
    assert_eq!(id("default bad*\n"), "bad.conf");
    assert_eq!(id("preferred bad*\n"), "new.conf");
    assert_eq!(id("default bad*\npreferred old*\n"), "old.conf");
}

#[test]
fn loader_conf_is_the_esps() {
    let (one, two) = (entry("1"), entry("2"));
    let conf = (CONF, "default old.conf\n");
    assert_eq!(chosen(&[(OLD, &one), (NEW, &two)], &[conf]).0, "new.conf");
    // It may name an entry of the other partition.
    assert_eq!(chosen(&[(NEW, &two), conf], &[(OLD, &one)]).0, "old.conf");
}

#[test]
fn the_machine_chooses_alike() {
    let (one, two) = (entry("1"), entry("2"));
    let (_directory, image) = disk(&[(NEW, &two), (CONF, "default old*\n")], &[(OLD, &one)]);
    gapboot::install(&image).unwrap();
    let report = scenario::boot(&Machine::new(&image)).unwrap();
    assert_eq!(report.command_line(), "version=1");
}

/// What a boot that changes the disk, with nobody at the keyboard, ends with: the
/// entry, or why there is none.
fn unattended(image: &Path) -> String {
    let output = gapboot::emulate(image, 512, &["--write"]).unwrap();
    if !output.status.success() {
        return String::from_utf8(output.stderr).unwrap();
    }
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    printed["id"].as_str().unwrap().to_owned()
}

const TRIED: &str = "loader/entries/new+3.conf";

/// An entry without its initrd, as a power cut leaves it while one is installed.
fn broken() -> String {
    entry("2") + "initrd /lost\n"
}

/// Else a machine would restart for ever.
#[test]
fn what_cannot_be_booted_loses_its_tries() {
    let (old, new) = (entry("1"), broken());
    let (_directory, image) = disk(&[(OLD, &old), (TRIED, &new)], &[]);
    for name in ["new+2-1.conf", "new+1-2.conf", "new+0-3.conf"] {
        let said = unattended(&image);
        assert!(said.contains("/lost: the file was not found"), "{said}");
        assert!(said.contains("restarts"), "{said}");
        let mut names = Volume::open(&image, 1)
            .unwrap()
            .names("loader/entries")
            .unwrap();
        names.sort();
        assert_eq!(names, [name, "old.conf"]);
    }
    assert_eq!(unattended(&image), "old.conf");
}

/// A restart leads on only if the next boot finds less attempts.
#[test]
fn what_cannot_be_counted_ends_in_the_menu() {
    let (_directory, image) = disk(&[(OLD, &entry("1")), (TRIED, &broken())], &[]);
    Volume::open(&image, 1)
        .unwrap()
        .make_read_only(TRIED)
        .unwrap();
    let said = unattended(&image);
    assert!(said.contains("/lost: the file was not found"), "{said}");
    assert!(!said.contains("restarts"), "{said}");
}

/// A wish for one boot is one for that boot, whatever becomes of it.
#[test]
fn what_cannot_be_booted_is_wished_for_once() {
    let (old, new) = (entry("1"), broken());
    let conf = (CONF, "default old.conf\n");
    let (_directory, image) = disk(&[(OLD, &old), (NEW, &new), conf], &[]);
    let mut set = Command::new(gapboot::built("gapboot").unwrap());
    run(set.args(["set", "one-shot", "new.conf"]).arg(&image)).unwrap();
    let said = unattended(&image);
    assert!(said.contains("/lost: the file was not found"), "{said}");
    assert_eq!(unattended(&image), "old.conf");
}

/// A state file of a format that this gapboot does not know says nothing, and keeps
/// what it says to those that do.
#[test]
fn a_newer_state_file_is_left_alone() {
    let (old, new) = (entry("1"), entry("2"));
    let (_directory, image) = disk(&[(OLD, &old), (NEW, &new)], &[]);
    let mut set = Command::new(gapboot::built("gapboot").unwrap());
    run(set.args(["set", "default", "old.conf"]).arg(&image)).unwrap();
    let state = || Volume::open(&image, 1).unwrap().read(STATE).unwrap();
    let mut newer = state();
    newer[layout::state::FORMAT_OFFSET] += 1;
    let esp = Volume::open(&image, 1).unwrap();
    esp.write(STATE, newer.clone()).unwrap();
    assert_eq!(unattended(&image), "new.conf");
    assert_eq!(state(), newer);
}

/// With `default @saved`, what was wished for once does not stay.
#[test]
fn what_was_wished_for_once_is_not_saved() {
    let (old, new) = (entry("1"), entry("2"));
    let conf = (CONF, "default @saved\n");
    let (_directory, image) = disk(&[(OLD, &old), (NEW, &new), conf], &[]);
    let set = |wish| {
        let mut set = Command::new(gapboot::built("gapboot").unwrap());
        run(set.args(["set", "one-shot", wish]).arg(&image)).unwrap();
    };
    set("nothing");
    let arguments = ["--write", "--entry", "old.conf"];
    gapboot::emulate(&image, 512, &arguments).unwrap();
    assert_eq!(unattended(&image), "old.conf");
    set("new.conf");
    assert_eq!(unattended(&image), "new.conf");
    assert_eq!(unattended(&image), "old.conf");
}
