//! `gapboot update`: the loader of the running system's disk, and of no other.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;

use common::old::Installed;
use common::system::{Fake, UUIDS};
use common::*;

/// What the command says, in its one line.
fn update(new: &cli::install::Stages, fake: &Fake) -> String {
    let run = gapboot(new, &["update", "--root", fake.root()]).done();
    assert_eq!(run.err, "");
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
    run.out
}

/// The node of a boot from the first partition.
fn node() -> String {
    format!("GapbootNode=1\nLoaderDevicePartUUID={}\n", UUIDS[0])
}

/// A system that was booted by the loader of this image.
fn booted(image: &Image) -> Fake {
    let fake = Fake::new(image.name().as_ref());
    fake.whole().node(&node());
    fake
}

#[test]
fn version_0_1_0_becomes_this_one() {
    let Installed { image, .. } = Installed::gpt();
    let fake = booted(&image);
    let new = with_overlay("0.2.0", 1);
    let said = update(&new, &fake);
    assert!(
        said.contains("updated gapboot 0.1.0 to 0.2.0; read"),
        "{said}"
    );
    let bytes = image.bytes();
    assert!(bytes[CODE] == new.code && bytes[GAP] == new.stage2);
    assert!(bytes[OVERLAY] == new.overlay.clone().unwrap()[..]);
    assert!(update(&new, &fake).contains("gapboot 0.2.0 is up to date"));
    assert!(image.bytes() == bytes);
    // Another build of the same version is what a package's new revision brings.
    let said = update(&with_overlay("0.2.0", 2), &fake);
    assert!(said.contains("gapboot 0.2.0"), "{said}");
    assert!(image.bytes() != bytes);
}

#[test]
fn what_is_mounted_names_the_disk_if_the_loader_does_not() {
    for (partition, at) in [("vda1", "/efi"), ("vda1", "/boot/efi"), ("vda2", "/boot")] {
        let Installed { image, .. } = Installed::gpt();
        let mut fake = Fake::new(image.name().as_ref());
        fake.whole();
        let new = with_overlay("0.2.0", 1);
        let before = image.bytes();
        let said = update(&new, &fake);
        assert!(said.contains("gapboot did not start this system"), "{said}");
        assert!(image.bytes() == before);
        fake.mount(partition, at);
        let said = update(&new, &fake);
        assert!(said.contains("vda: updated gapboot 0.1.0"), "{at}: {said}");
    }
    // Whatever the kernels lie on.
    let Installed { image, .. } = Installed::gpt();
    let mut fake = Fake::new(image.name().as_ref());
    fake.whole().write("sys/class/block/vda2/x", "");
    fake.mount("vda2", "/boot");
    let mounts = fs::read_to_string(fake.path("proc/self/mountinfo")).unwrap();
    fake.write("proc/self/mountinfo", &mounts.replace("vfat", "ext4"));
    let said = update(&with_overlay("0.2.0", 1), &fake);
    assert!(said.contains("vda: updated gapboot 0.1.0"), "{said}");
}

#[test]
fn the_loader_names_the_disk_before_mounts_do() {
    let Installed { image, .. } = Installed::gpt();
    let mut fake = Fake::new(image.name().as_ref());
    fake.whole()
        .node("GapbootNode=1\nLoaderDevicePartUUID=9a0b0010-0000\n");
    fake.mount("vda1", "/efi");
    let before = image.bytes();
    let run = gapboot(
        &with_overlay("0.2.0", 1),
        &["update", "--root", fake.root()],
    );
    run.refused(&["cannot find", "9a0b0010-0000"]);
    assert!(image.bytes() == before);
}

#[test]
fn nothing_in_a_chroot_or_a_container() {
    let Installed { image, .. } = Installed::gpt();
    let before = image.bytes();
    let new = with_overlay("0.2.0", 1);
    type Confine = fn(&Fake);
    let confined: [(&str, Confine); 6] = [
        ("a chroot without /proc", |_| ()),
        ("a chroot", |fake| {
            fake.link("pid:[4026531836]", "proc/self/ns/pid");
            fake.link("/usr", "proc/1/root");
        }),
        ("a container", |fake| {
            fake.link("pid:[4026532001]", "proc/self/ns/pid");
            fake.link("../..", "proc/1/root");
        }),
        ("a container", |fake| {
            fake.whole().write("run/systemd/container", "lxc\n");
        }),
        ("a container", |fake| {
            fake.whole().write("run/.containerenv", "");
        }),
        ("a container", |fake| {
            fake.whole().write(".dockerenv", "");
        }),
    ];
    for (place, confine) in confined {
        let fake = Fake::new(image.name().as_ref());
        fake.node(&node());
        confine(&fake);
        let said = update(&new, &fake);
        assert_eq!(said, format!("no loader was updated: this is {place}\n"));
        assert!(image.bytes() == before);
    }
}

#[test]
fn never_over_a_newer_version() {
    let image = Image::sgdisk();
    gapboot(&with_overlay("0.10.0", 2), &["install", image.name()]).done();
    let before = image.bytes();
    let said = update(&with_overlay("0.9.9", 1), &booted(&image));
    assert!(
        said.contains("not updated: gapboot 0.10.0 is there, which is newer than this 0.9.9"),
        "{said}"
    );
    assert!(image.bytes() == before);
}

#[test]
fn never_over_another_loader() {
    let new = with_overlay("0.2.0", 1);
    let empty = Image::sgdisk();
    let foreign = Installed::gpt().image;
    foreign.put(0, &[0x90; 440]).put(384, b"GRUB ");
    let cleared = Installed::gpt().image;
    cleared.put(34 * 512, &[0; 512]);
    for (image, words) in [
        (empty, "gapboot is not installed"),
        (foreign, "stage2 of gapboot 0.1.0 without its boot code"),
        (cleared, "gapboot's boot code without its stage2"),
    ] {
        let before = image.bytes();
        let said = update(&new, &booted(&image));
        assert!(said.contains("vda: not updated: "), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(image.bytes() == before);
    }
}

/// An update that a power cut has ended is completed, and damage is repaired.
#[test]
fn an_interrupted_or_damaged_loader_is_written_anew() {
    let new = with_overlay("0.2.0", 1);
    for (at, bytes) in [(34 * 512, b"gapboot~"), (40 * 512, b"????????")] {
        let Installed { image, .. } = Installed::gpt();
        image.put(at, bytes);
        let said = update(&new, &booted(&image));
        assert!(said.contains("installed gapboot 0.2.0, over a"), "{said}");
        assert!(image.bytes()[GAP] == new.stage2);
    }
}

#[test]
fn never_to_a_loader_without_its_overlay() {
    // 0.1.0 needed the sectors up to 129 only.
    let image = Image::sgdisk();
    old::install(&image);
    image.put(130 * 512, b"LABELONE");
    let before = image.bytes();
    let fake = booted(&image);
    let larger = with_overlay_of(100, "0.2.0", 1);
    let run = gapboot(&larger, &["update", "--root", fake.root()]);
    run.refused(&["vda: ", "data of LVM in sector 130", "nothing is changed"]);
    assert!(image.bytes() == before);
    // Where it had none, and there is no room.
    image.put(66 * 512, &[0; 64 * 512]);
    let before = image.bytes();
    let said = update(&larger, &fake);
    assert!(said.contains("no room for the overlay"), "{said}");
    assert!(image.bytes() == before);
}
