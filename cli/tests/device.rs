//! Block devices: loop devices, which take root. `./x test` runs this where such
//! devices can be made, and says so where not.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

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

#[test]
fn large_sectors_are_refused() {
    let image = Image::sgdisk();
    let arguments = ["--find", "--show", "--sector-size=4096", image.name()];
    let device = Device(tool("mount", "losetup", &arguments, "").trim().to_owned());
    gapboot(&stages("0.1.0", 1), &["install", &device.0]).refused(&["sectors of 4096 bytes"]);
}
