//! What takes minutes: `./x heavy`, and not `./x test`.
//!
//! Images with an initrd of 600 MiB, by every way that has to move it, and smaller ones by
//! the loaders that others wrote; Xen and memtest86+ by `gapboot kexec`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tests::debian::{self, Flavour};
use tests::guests::next;
use tests::images::initramfs;
use tests::loaders::all::{By, Loader, carries};
use tests::machines::qemu::{Guest, Machine};

#[test]
fn an_initrd_of_600_mib_by_qemu() {
    carries(600, Loader::Qemu, 2048);
}

#[test]
fn an_initrd_of_600_mib_by_gapboot() {
    carries(600, Loader::Gapboot(By::Type2), 2048);
}

// kexec refuses more than half of RAM.

#[test]
fn an_initrd_of_600_mib_by_kexec_file_load() {
    carries(600, Loader::Kexec(&["-l", "-s"], 4096), 4096);
}

#[test]
fn an_initrd_of_600_mib_by_kexec_load() {
    carries(600, Loader::Kexec(&["-l"], 4096), 4096);
}

#[test]
fn an_initrd_of_600_mib_by_gapboot_kexec() {
    for arguments in [&["-l"][..], &["-l", "-c"]] {
        carries(600, Loader::GapbootKexec(arguments, 4096), 4096);
    }
}

#[test]
fn an_initrd_of_64_mib_by_grub() {
    carries(64, Loader::Grub("linux"), 1024);
}

// kexec-tools puts it above 4 GiB.

#[test]
fn an_initrd_of_64_mib_on_6_gib_by_kexec_load() {
    carries(64, Loader::Kexec(&["-l"], 6144), 6144);
}

#[test]
fn an_initrd_of_64_mib_on_6_gib_by_kexec_file_load() {
    carries(64, Loader::Kexec(&["-l", "-s"], 6144), 6144);
}

/// Debian's hypervisor, a Multiboot kernel that is compressed by gzip.
fn xen() -> PathBuf {
    let package = debian::package("xen-hypervisor-4.17-amd64").unwrap();
    package.join("boot/xen-4.17-amd64.gz")
}

const XEN_CMDLINE: &str = "com1=115200 console=com1 loglvl=all";
/// How far it gets without hardware virtualization: Linux starts in it after that.
const BUILDS: &str = "*** Building a PV Dom0 ***";

fn builds_a_domain(mut guest: Guest) {
    guest.set_time_left(Duration::from_secs(300));
    guest.wait_for_serial(BUILDS).unwrap();
}

#[test]
fn xen_by_qemu() {
    let directory = tempfile::tempdir().unwrap();
    let [hypervisor, initrd] = ["xen", "initrd"].map(|name| directory.path().join(name));
    // QEMU does not unpack it.
    let unpacked = std::process::Command::new("gzip")
        .args(["-dc"])
        .arg(xen())
        .output()
        .unwrap();
    fs::write(&hypervisor, unpacked.stdout).unwrap();
    fs::write(&initrd, initramfs::busybox("#!/bin/busybox sh\n").unwrap()).unwrap();
    let kernel = debian::kernel(Flavour::Cloud).unwrap();
    let modules = format!("{} console=hvc0,{}", kernel.display(), initrd.display());
    let machine = Machine::without_disk().memory(1024).arguments(&[
        "-kernel",
        &hypervisor.display().to_string(),
        "-initrd",
        &modules,
        "-append",
        XEN_CMDLINE,
    ]);
    builds_a_domain(machine.start().unwrap());
}

#[test]
fn xen_by_gapboot_kexec() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = debian::kernel(Flavour::Cloud).unwrap();
    let files: [(&str, &[u8]); 3] = [
        ("xen.gz", &fs::read(xen()).unwrap()),
        ("vmlinuz", &fs::read(kernel).unwrap()),
        (
            "initrd",
            &initramfs::busybox("#!/bin/busybox sh\n").unwrap(),
        ),
    ];
    let arguments =
        format!("xen.gz --cmdline '{XEN_CMDLINE}' --module 'vmlinuz console=hvc0' --module initrd");
    builds_a_domain(next::start(directory.path(), &files, &arguments).unwrap());
}

/// Loads a program of memtest86+, and waits until it shows its screen.
fn starts_memtest(name: &str) {
    let program = debian::package("memtest86+").unwrap();
    let program = fs::read(program.join("boot").join(name)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let files = [("memtest", &*program)];
    let mut guest = next::start(directory.path(), &files, "memtest --cmdline nobench").unwrap();
    guest.wait_for_screen("Memtest86+").unwrap();
}

/// It runs at one address only.
#[test]
fn memtest_of_32_bits_by_gapboot_kexec() {
    starts_memtest("memtest86+ia32.bin");
}

/// It has a 64-bit entry, but runs at one address only, where `kexec_file_load` does not
/// put it.
#[test]
fn memtest_of_64_bits_by_gapboot_kexec() {
    starts_memtest("memtest86+x64.bin");
}
