//! `gapboot kexec` on kernels that Linux does not start by itself: by their 32-bit
//! entry, at one address only, or by Multiboot.

use std::fs;
use std::path::PathBuf;

use tests::debian::package;
use tests::guests::next::machine;

/// A file of a package.
fn file(package_name: &str, path: &str) -> Vec<u8> {
    let path = package(package_name).unwrap().join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The directory of Debian's i386 installer.
fn installer() -> PathBuf {
    let root = package("debian-installer-12-netboot-i386").unwrap();
    root.join("usr/lib/debian-installer/images/12/i386/text/debian-installer/i386")
}

/// Starts a system that loads the next kernel, and waits for `text`.
#[track_caller]
fn shows(files: &[(&str, &[u8])], arguments: &str, loaded: &str, text: &str, on_screen: bool) {
    let directory = tempfile::tempdir().unwrap();
    let mut guest = machine(directory.path(), files, arguments)
        .unwrap()
        .start()
        .unwrap();
    guest.wait_for_serial(loaded).unwrap();
    match on_screen {
        true => guest.wait_for_screen(text).unwrap(),
        false => guest.wait_for_serial(text).unwrap(),
    }
    println!("{}", guest.serial());
}

#[test]
fn debians_32_bit_kernel() {
    let read = |name: &str| fs::read(installer().join(name)).unwrap();
    let (kernel, initrd) = (read("linux"), read("initrd.gz"));
    shows(
        &[("linux", &kernel), ("initrd.gz", &initrd)],
        "linux --initrd initrd.gz --cmdline 'console=ttyS0 hello'",
        "linux: loaded (kexec_load)",
        "Kernel command line: console=ttyS0 hello",
        false,
    );
}

#[test]
fn memtest() {
    for name in ["memtest86+ia32.bin", "memtest86+x64.bin"] {
        let program = file("memtest86+", &format!("boot/{name}"));
        shows(
            &[(name, &program)],
            &format!("{name} --cmdline 'nobench console=ttyS0,115200'"),
            "loaded (kexec_load)",
            "Memtest86+",
            true,
        );
    }
}

#[test]
fn ipxe() {
    let program = file("ipxe", "boot/ipxe.lkrn");
    shows(
        &[("ipxe.lkrn", &program)],
        "ipxe.lkrn",
        "real mode only",
        "",
        false,
    );
}

#[test]
fn xen() {
    let hypervisor = fs::read_dir(package("xen-hypervisor-4.17-amd64").unwrap().join("boot"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .unwrap();
    let hypervisor = fs::read(hypervisor).unwrap();
    let kernel = fs::read(tests::debian::kernel(tests::debian::Flavour::Cloud).unwrap()).unwrap();
    let initrd = tests::images::initramfs::busybox("#!/bin/busybox sh\n").unwrap();
    shows(
        &[
            ("xen.gz", &hypervisor),
            ("vmlinuz", &kernel),
            ("initrd", &initrd),
        ],
        "xen.gz --cmdline 'com1=115200 console=com1 loglvl=all' --module 'vmlinuz console=hvc0' --module initrd",
        "xen.gz: loaded (kexec_load)",
        "Building a PV Dom0",
        false,
    );
}
