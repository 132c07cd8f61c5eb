//! What `gapboot find-root` tells udev, and what the initrd's generator makes of
//! it. Both together are tested in a guest by the crate `tests`.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::system::{Fake, UUIDS};
use common::*;

/// An ESP, and two root partitions of which the second is newer, by sgdisk.
fn disk() -> Image {
    Image::with(&[
        "--new=1:2048:+1M",
        "--typecode=1:ef00",
        &format!("--partition-guid=1:{}", UUIDS[0]),
        "--new=2:0:+64K",
        "--typecode=2:8304",
        "--change-name=2:os_9",
        "--new=3:0:+64K",
        "--typecode=3:8304",
        "--change-name=3:os_10",
        "--partition-guid=3:5EC0D000-0000-4000-8000-00000000ABCD",
        "--new=4:0:+64K",
        "--typecode=4:8300",
        "--change-name=4:os_11",
    ])
}

fn find(fake: &Fake, image: &Image) -> Run {
    let arguments = ["find-root", "--root", fake.root(), image.name()];
    gapboot(&stages("0.1.0", 1), &arguments)
}

fn booted(uuid: &str) -> Fake {
    let fake = Fake::new("/nonexistent".as_ref());
    fake.node(&format!("GapbootNode=1\nLoaderDevicePartUUID={uuid}\n"));
    fake
}

#[test]
fn the_newest_root_partition_of_the_disk_that_was_booted() {
    let image = disk();
    let found = "ID_PART_GPT_AUTO_ROOT_UUID=5ec0d000-0000-4000-8000-00000000abcd\n";
    assert_eq!(find(&booted(UUIDS[0]), &image).done().out, found);
    assert_eq!(
        find(&booted(UUIDS[1]), &image).done().out,
        "",
        "another disk"
    );
    let other = Fake::new("/nonexistent".as_ref());
    assert_eq!(find(&other, &image).done().out, "", "another loader");
    let uefi = booted(UUIDS[0]);
    uefi.write("sys/firmware/efi/runtime", "");
    assert_eq!(find(&uefi, &image).done().out, "", "UEFI");

    // Bit 63: not to be mounted automatically.
    image.run_sgdisk(&["--attributes=3:set:63", "--partition-guid=2:R"]);
    let out = find(&booted(UUIDS[0]), &image).done().out;
    assert!(out != found && out.len() == found.len(), "{out}");
}

#[test]
fn a_damaged_table_has_a_backup() {
    let image = disk();
    let found = find(&booted(UUIDS[0]), &image).done().out;
    assert!(!found.is_empty());
    image.put(512, &[0; 512]);
    assert_eq!(find(&booted(UUIDS[0]), &image).done().out, found);
    find(&booted(UUIDS[0]), &Image::blank()).refused(&["has no partition table"]);
}

/// The unit that the generator makes for a command line, if it makes any.
fn mount(line: &str, change: impl Fn(&Fake)) -> Option<String> {
    let fake = booted(UUIDS[0]);
    fake.write("etc/initrd-release", "");
    fake.write("proc/cmdline", line);
    change(&fake);
    let generator = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../integration/tree/usr/lib/systemd/system-generators/gapboot-root-generator");
    let units = tempfile::tempdir().unwrap();
    let output = Command::new(generator)
        .arg(units.path())
        .env("GAPBOOT_ROOT", fake.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let link = units
        .path()
        .join("initrd-root-fs.target.requires/sysroot.mount");
    let unit = fs::read_to_string(link).ok();
    assert_eq!(
        unit.is_none(),
        fs::read_dir(units.path()).unwrap().next().is_none()
    );
    unit
}

#[test]
fn the_generator_mounts_what_no_option_names() {
    let as_it_is = |_: &Fake| {};
    for (line, options) in [
        ("quiet\n", "Options=ro\n"),
        ("", "Options=ro\n"),
        (
            "root=gpt-auto rw * rootflags=noatime",
            "Options=rw,noatime\n",
        ),
        ("rw ro rootfstype=btrfs", "Options=ro\nType=btrfs\n"),
    ] {
        let unit = mount(line, as_it_is).unwrap();
        assert!(unit.contains("\nWhat=/dev/gpt-auto-root\n"), "{unit}");
        assert!(unit.contains(options), "{line}: {unit}");
    }
    for line in [
        "root=/dev/vda2",
        "quiet roothash=1234 x",
        "rd.systemd.gpt_auto=no",
    ] {
        assert_eq!(mount(line, as_it_is), None, "{line}");
    }
    assert_eq!(
        mount("", |fake| fake.write("sys/firmware/efi/runtime", "")),
        None
    );
    let elsewhere = "sys/kernel/boot_params/setup_data/1/type";
    assert_eq!(mount("", |fake| fake.write(elsewhere, "0x1\n")), None);
    let system = |fake: &Fake| fs::remove_file(fake.path("etc/initrd-release")).unwrap();
    assert_eq!(mount("", system), None);
}

#[test]
fn an_empty_disk_has_no_partition_table() {
    let image = Image::blank();
    image.cut(0);
    let fake = Fake::new(&image.path());
    fake.node("GapbootNode=1\nLoaderDevicePartUUID=x\n");
    let arguments = ["find-root", "--root", fake.root(), image.name()];
    gapboot(&stages("0.1.0", 1), &arguments).refused(&["disk.img: ", "partition"]);
}
