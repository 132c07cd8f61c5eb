//! `gapboot install` and `remove` while another program changes the same disk.
//!
//! The other program runs when gapboot prints its first line: its plan is made then,
//! and nothing is written yet.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use common::meanwhile::gapboot_while;
use common::*;

/// A disk about which an install with `--force` has something to say before it writes.
fn disk() -> Image {
    let image = Image::sgdisk();
    image.format(2048, 2048, &[]);
    image.put(384, b"GRUB ");
    image
}

/// `sfdisk` with its lock, which adds a partition if it gets it at once.
fn sfdisk(disk: &str) -> Output {
    let mut sfdisk = Command::new("sfdisk")
        .args(["--lock=nonblock", "--append", "--no-reread", disk])
        .env("PATH", path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("sfdisk: {error}; run: apt-get install fdisk"));
    let mut script = sfdisk.stdin.take().unwrap();
    // Nobody reads it where the lock is not to be had.
    let _ = script.write_all(b"start=5000, size=1000\n");
    drop(script);
    sfdisk.wait_with_output().unwrap()
}

/// Starts `sgdisk`, which has no lock of its own, as soon as it may have the disk's. (A
/// waiting `sfdisk` has read sector 0 before, and writes its old boot code back.)
fn sgdisk(disk: &str) -> Child {
    Command::new("flock")
        .args([disk, "sgdisk", "--new=2:5000:+500K", disk])
        .env("PATH", path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("flock: {error}; run: apt-get install util-linux"))
}

const OPTIONS: [&str; 4] = [
    "--active",
    "--protective-slot=2",
    "--reserve",
    "--no-overlay",
];

#[test]
fn a_table_that_changes_before_the_first_write_is_a_refusal() {
    for option in OPTIONS {
        let image = disk();
        let undo = format!("{}.undo", image.name());
        let mut changed = Vec::new();
        let arguments = ["install", "--force", option, "--undo", &undo, image.name()];
        let run = gapboot_while(&arguments, || {
            image.run_sgdisk(&["--new=2:5000:+500K", "--new=3:7000:+100K"]);
            changed = image.bytes();
        });
        assert_eq!(run.status, 1, "{option}: {}", run.out);
        let last = run.err.lines().last().unwrap();
        assert!(last.contains("has changed since gapboot looked"), "{last}");
        assert!(image.bytes() == changed, "{option}: it was written to");
        assert!(!std::path::Path::new(&undo).exists());
        // The advice.
        gapboot(&with_overlay("0.1.0", 1), &arguments).done();
        image.assert_sound();
        let table = tool("gdisk", "sgdisk", &["--print", image.name()], "");
        assert!(table.contains("   3  "), "{table}");
    }
}

#[test]
fn a_program_that_takes_the_lock_waits_or_gives_up() {
    for option in OPTIONS {
        let image = disk();
        let run = gapboot_while(&["install", "--force", option, image.name()], || {
            let before = image.bytes();
            let sfdisk = sfdisk(image.name());
            let said = String::from_utf8(sfdisk.stderr).unwrap();
            assert!(!sfdisk.status.success() && said.contains("lock"), "{said}");
            assert!(image.bytes() == before);
        });
        run.done();
        image.assert_sound();

        let image = disk();
        let mut waiting = None;
        let run = gapboot_while(&["install", "--force", option, image.name()], || {
            waiting = Some(sgdisk(image.name()));
        });
        run.done();
        assert!(waiting.unwrap().wait().unwrap().success());
        image.assert_sound();
        let table = tool("gdisk", "sgdisk", &["--print", image.name()], "");
        assert!(table.contains("   2            4096 "), "{table}");
        let status = gapboot(&with_overlay("0.1.0", 1), &["status", image.name()]).done();
        assert!(status.out.contains("intact"), "{}", status.out);
    }
}
