//! Block devices: loop devices, which take root. `./x test` runs this where such
//! devices can be made, and says so where not.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs::File;

use cli::disk::{Access, Disk};
use common::meanwhile::gapboot_while;
use common::*;

/// An image as a block device, until it is dropped.
struct Device(String);

impl Device {
    fn of(image: &Image) -> Self {
        let arguments = ["--find", "--show", image.name()];
        Self(tool("mount", "losetup", &arguments, "").trim().to_owned())
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        tool("mount", "losetup", &["--detach", &self.0], "");
    }
}

#[test]
fn a_block_device_is_as_an_image() {
    let new = with_overlay("0.1.0", 1);
    for image in [Image::sgdisk(), Image::dos("size=1M, type=ea\n")] {
        let before = image.bytes();
        let undo = format!("{}.undo", image.name());
        let device = Device::of(&image);
        let install = ["install", "--active", "--undo", &undo, &device.0];
        let run = gapboot(&new, &install).done();
        assert!(run.out.contains("read back and compared"), "{}", run.out);
        let run = gapboot(&new, &["status", "--json", &device.0]).done();
        assert!(run.out.contains("\"upToDate\":true"), "{}", run.out);
        let after = image.bytes();
        assert_same_outside(&before, &after, &[0..512, GAP, OVERLAY]);
        assert!(after[CODE] == new.code && after[GAP] == new.stage2);
        gapboot(&new, &["remove", "--undo", &undo, &device.0]).done();
        assert!(image.bytes() == before);
    }
}

/// A lock on the device, as udev and others take it.
#[test]
fn a_block_device_is_locked_while_it_is_written() {
    let image = Image::sgdisk();
    let device = Device::of(&image);
    let disk = Disk::open(device.0.as_ref(), Access::Write).unwrap();
    let other = File::open(&device.0).unwrap();
    assert!(matches!(
        other.try_lock(),
        Err(std::fs::TryLockError::WouldBlock)
    ));
    drop(disk);
    other.try_lock().unwrap();
    // Who only looks needs no lock.
    let dry = ["install", "--dry-run", &device.0];
    gapboot(&with_overlay("0.1.0", 1), &dry).done();
}

#[test]
fn a_block_device_whose_table_changes_is_not_written() {
    let image = Image::sgdisk();
    image.put(384, b"GRUB ");
    let device = Device::of(&image);
    let mut changed = Vec::new();
    let arguments = ["install", "--force", "--reserve", "--active", &device.0];
    let run = gapboot_while(&arguments, || {
        tool("gdisk", "sgdisk", &["--new=2:4096:+500K", &device.0], "");
        changed = image.bytes();
    });
    assert_eq!(run.status, 1, "{}", run.out);
    assert!(
        run.err.contains("has changed since gapboot looked"),
        "{}",
        run.err
    );
    assert!(image.bytes() == changed, "it was written to");
    gapboot(&with_overlay("0.1.0", 1), &arguments).done();
    drop(device);
    image.assert_sound();
}

#[test]
fn an_image_that_is_attached_is_not_written() {
    let image = Image::with_files(&[("loader/entries.srel", "type1\n")]);
    let new = with_overlay("0.1.0", 1);
    let undo = format!("{}.undo", image.name());
    gapboot(&new, &["install", "--undo", &undo, image.name()]).done();
    let before = image.bytes();
    let link = format!("{}.link", image.name());
    std::fs::hard_link(image.name(), &link).unwrap();
    let device = Device::of(&image);
    for name in [image.name(), &link] {
        for arguments in [
            &["install"][..],
            &["remove"],
            &["remove", "--undo", &undo],
            &["set", "timeout", "5"],
        ] {
            let arguments = [arguments, &[name]].concat();
            gapboot(&new, &arguments).refused(&[&device.0, "losetup -d"]);
        }
        gapboot(&new, &["status", name]).done();
        gapboot(&new, &["install", "--dry-run", name]).done();
    }
    assert!(image.bytes() == before);
    // The advice: the device, or the image when it is detached.
    gapboot(&new, &["install", &device.0]).done();
    drop(device);
    gapboot(&new, &["remove", image.name()]).done();
}

#[test]
fn an_undo_file_for_which_there_is_no_room() {
    let directory = tempfile::tempdir().unwrap();
    let mounted = directory.path().to_str().unwrap();
    let small = ["-t", "tmpfs", "-o", "size=4k", "tmpfs", mounted];
    tool("mount", "mount", &small, "");
    let image = Image::sgdisk();
    let before = image.bytes();
    let undo = directory.path().join("undo");
    let arguments = ["install", "--undo", undo.to_str().unwrap(), image.name()];
    let run = gapboot(&with_overlay("0.1.0", 1), &arguments);
    let left = undo.exists();
    tool("mount", "umount", &[mounted], "");
    assert_eq!(run.status, 1);
    for words in ["No space left on device", "nothing was installed"] {
        assert!(run.err.contains(words), "{}", run.err);
    }
    assert!(!run.err.contains("way back"), "{}", run.err);
    assert!(!left && image.bytes() == before);
}

/// Root, as in a container whose rules do not allow the device: an immutable file gives
/// the same error.
#[test]
fn what_even_root_may_not_do() {
    let image = Image::sgdisk();
    tool("e2fsprogs", "chattr", &["+i", image.name()], "");
    let run = gapboot(&stages("0.1.0", 1), &["install", image.name()]);
    tool("e2fsprogs", "chattr", &["-i", image.name()], "");
    run.refused(&["Operation not permitted", "in a container", "lsattr"]);
}

#[test]
fn large_sectors_are_refused() {
    let image = Image::sgdisk();
    let arguments = ["--find", "--show", "--sector-size=4096", image.name()];
    let device = Device(tool("mount", "losetup", &arguments, "").trim().to_owned());
    for command in ["install", "status"] {
        gapboot(&stages("0.1.0", 1), &[command, &device.0]).refused(&[
            "sectors of 4096 bytes",
            "bad stage2",
            "docs/messages.md",
        ]);
    }
}
