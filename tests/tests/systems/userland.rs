//! systemd on gapboot's disk, from an initrd that finds its root file system by
//! itself to what `systemctl reboot` asked the loader for.

use std::path::Path;
use std::time::Duration;
use tests::MIB;
use tests::debian::{self, Flavour};
use tests::gapboot::{self, gapboot, type1};
use tests::guests::userland::Userland;
use tests::images::initramfs;
use tests::images::modules::{EXT4_AND_AUTOFS, VIRTIO_AND_FAT};
use tests::images::{Disk, Fat, Partition, Volume};
use tests::machines::qemu::{Exit, Machine};

const GENERATORS: &str = "usr/lib/systemd/system-generators";
const UNITS: &str = "usr/lib/systemd/system";
/// What a system gets of `integration/tree`.
const SYSTEM: [(&str, &str); 3] = [
    ("gapboot-generator", GENERATORS),
    ("gapboot-bless.service", UNITS),
    ("gapboot-next.service", UNITS),
];
/// What an initrd gets.
const INITRD: [(&str, &str); 2] = [
    ("gapboot-root-generator", GENERATORS),
    ("61-gapboot.rules", "usr/lib/udev/rules.d"),
];

/// A service of the system under test, which runs last.
const LAST: &str = "[Unit]
After=gapboot-bless.service systemd-logind.service
[Service]
Type=oneshot
ExecStart=/last
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
";
const LAST_PROGRAM: &str = r#"#!/bin/sh
say() { echo "TEST $*"; }
say root $(readlink /dev/gpt-auto-root)
say $(systemctl is-active boot-complete.target gapboot-bless.service)
say $(gapboot bless status)
systemctl reboot --boot-loader-entry=old.conf --boot-loader-menu=2s
say asked $?
"#;

/// An init script that says what the loader said, and nothing else.
const TELL: &str = "#!/bin/busybox sh
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox cat /sys/kernel/boot_params/setup_data/*/data
/bin/busybox poweroff -f
";

fn system(directory: &Path) -> Userland {
    let system = Userland::new(&directory.join("system")).unwrap();
    system.gapboot(&SYSTEM).unwrap();
    system.program("last", LAST_PROGRAM).unwrap();
    let units = "etc/systemd/system";
    for (path, target) in [
        ("multi-user.target.wants/last.service", "../last.service"),
        ("default.target", "/lib/systemd/system/multi-user.target"),
    ] {
        system.link(target, &format!("{units}/{path}")).unwrap();
    }
    system.file(&format!("{units}/last.service"), LAST).unwrap();
    system
}

fn initrd(directory: &Path) -> Vec<u8> {
    let initrd = Userland::new(&directory.join("initrd")).unwrap();
    initrd.gapboot(&INITRD).unwrap();
    initrd.file("etc/initrd-release", "ID=debian\n").unwrap();
    let modules = [&VIRTIO_AND_FAT[..], &EXT4_AND_AUTOFS].concat();
    initrd.initrd(&modules).unwrap()
}

/// Without `root=`: the initrd has to find the root partition.
fn entry(version: &str, initrd: &str) -> String {
    let options = "console=ttyS0 panic=-1 quiet";
    let text = type1("Linux", "/vmlinuz", &[initrd], options);
    format!("{text}sort-key linux\nversion {version}\n")
}

/// Boots to a power-off or restart; what was said on the serial line.
fn boot(image: &Path) -> String {
    let machine = Machine::new(image).writable().memory(1024);
    let outcome = machine.timeout(Duration::from_secs(240)).run().unwrap();
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    outcome.serial
}

#[test]
fn a_new_entry_is_blessed_and_the_next_boot_is_another() {
    let directory = tests::scratch().unwrap();
    let image = directory.path().join("disk.img");
    let esp = Partition::esp(Fat::new(16))
        .size(200 * MIB)
        .file("vmlinuz", debian::kernel(Flavour::Generic).unwrap())
        .file("initrd", initrd(directory.path()))
        .file("tell", initramfs::busybox(TELL).unwrap())
        .file("loader/entries/new+3.conf", entry("2", "/initrd"))
        .file("loader/entries/old.conf", entry("1", "/tell"));
    let root = Partition::root(system(directory.path()).root());
    let disk = Disk::new(400 * MIB).partition(esp).partition(root);
    disk.build(&image).unwrap();
    gapboot::install(&image).unwrap();
    let volume = Volume::open(&image, 1).unwrap();
    let state = || {
        let output = gapboot(&["status", "--json", image.to_str().unwrap()]).unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        status["state"].clone()
    };

    // Up to boot-complete.target, and down again.
    let serial = boot(&image);
    let said: Vec<_> = serial
        .lines()
        .filter_map(|line| line.trim_end().strip_prefix("TEST "))
        .collect();
    assert_eq!(
        said,
        ["root vda2", "active active", "good", "asked 0"],
        "{serial}"
    );
    volume.check().unwrap();
    let mut names = volume.names("loader/entries").unwrap();
    names.sort();
    assert_eq!(names, ["new.conf", "old.conf"], "{serial}");
    assert_eq!(state()["oneShot"], "old.conf", "{serial}");
    assert_eq!(state()["oneShotTimeout"], "2", "{serial}");

    // What was asked for, once.
    volume
        .write("initrd", initramfs::busybox(TELL).unwrap())
        .unwrap();
    let serial = boot(&image);
    assert!(serial.contains("Enter boot   e edit"), "{serial}");
    assert!(serial.contains("LoaderEntrySelected=old.conf"), "{serial}");
    assert_eq!(state()["oneShot"], serde_json::Value::Null);
    assert_eq!(state()["oneShotTimeout"], serde_json::Value::Null);
    let serial = boot(&image);
    assert!(!serial.contains("Enter boot   e edit"), "{serial}");
    assert!(serial.contains("LoaderEntrySelected=new.conf"), "{serial}");
    assert!(!serial.contains("LoaderBootCountPath"), "{serial}");
    volume.check().unwrap();
}
