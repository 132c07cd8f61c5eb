//! Debian's own kernels, from power-on to a busybox init.

use std::fs;
use std::time::Duration;
use tests::data::sha256;
use tests::debian::{self, Flavour};
use tests::images::initramfs;
use tests::images::{Disk, Fat, Partition};
use tests::kernels::probe::{HEADER, named};
use tests::machines::qemu::{Bus, Exit, Machine};
use tests::{MIB, gapboot};

const OPTIONS: &str = "console=ttyS0 panic=-1 quiet gapboot.test=\"one two\"";

/// Prints what the kernel was handed, and powers off.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
echo "TEST-CMDLINE $(/bin/busybox cat /proc/cmdline)"
echo "TEST-HEADER $(/bin/busybox hexdump -v -s 497 -n 123 -e '/1 "%02x"' /sys/kernel/boot_params/data)"
echo "TEST-INIT-RUNS"
/bin/busybox poweroff -f
"#;

/// Boots a kernel of Debian's on a bus to the end of its init script, and
/// compares what it saw with the emulator's handoff.
fn boots(flavour: Flavour, bus: Bus, memory: u32) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let kernel = debian::kernel(flavour).unwrap();
    let initrd = initramfs::busybox(INIT).unwrap();
    let entry = gapboot::type1(
        "Debian",
        "/debian/vmlinuz",
        &["/debian/initrd.img"],
        OPTIONS,
    );
    let esp = Partition::esp(Fat::new(32))
        .file("loader/entries/debian.conf", entry)
        .file("debian/vmlinuz", kernel.clone())
        .file("debian/initrd.img", initrd.clone());
    Disk::new(300 * MIB).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();

    let machine = Machine::new(&image)
        .bus(bus)
        .memory(memory)
        .timeout(Duration::from_secs(90));
    let outcome = machine.run().unwrap();
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    assert!(
        outcome.serial.contains("TEST-INIT-RUNS"),
        "{}",
        outcome.serial
    );
    let line = |mark: &str| {
        let mut lines = outcome.serial.lines();
        lines
            .find_map(|line| line.strip_prefix(mark))
            .unwrap()
            .trim()
            .to_owned()
    };
    assert_eq!(line("TEST-CMDLINE "), OPTIONS);

    let handoff = gapboot::handoff(&image, memory).unwrap();
    assert_eq!(handoff.id, "debian.conf");
    assert_eq!(handoff.cmdline, OPTIONS);
    let loaded = handoff.initrd.unwrap();
    assert_eq!(
        (loaded.size, loaded.sha256),
        (initrd.len() as u64, sha256(&initrd))
    );
    let file = fs::read(kernel).unwrap();
    let start = (usize::from(file[0x1f1]) + 1) * 512;
    let end = start + handoff.kernel.size as usize;
    assert_eq!(handoff.kernel.sha256, sha256(&file[start..end]));

    let header = line("TEST-HEADER ");
    assert_eq!(header.len(), 2 * HEADER.len());
    for (name, expected) in handoff.header {
        // The kernel notes in loadflags that it moved itself.
        let ignored = if name == "loadflags" { 2 } else { 0 };
        assert_eq!(
            field(&header, &name) & !ignored,
            expected & !ignored,
            "{name}"
        );
    }
}

/// A field out of the header in hexadecimal.
fn field(header: &str, name: &str) -> u64 {
    let field = named(name);
    let start = 2 * (field.offset - HEADER.start);
    let digits = &header[start..start + 2 * field.size];
    u64::from_str_radix(digits, 16).unwrap().swap_bytes() >> (64 - 8 * field.size)
}

#[test]
fn the_generic_kernel() {
    boots(Flavour::Generic, Bus::Virtio, 1024);
}

#[test]
fn the_cloud_kernel() {
    boots(Flavour::Cloud, Bus::Virtio, 512);
}

#[test]
fn a_kernel_from_usb() {
    boots(Flavour::Generic, Bus::UsbXhci, 2048);
}
