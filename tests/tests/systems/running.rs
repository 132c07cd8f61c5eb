//! `gapboot` on a running system, Debian's kernel in a guest: block devices,
//! mounts and FAT are Linux's own.

use std::path::Path;
use std::time::Duration;
use std::{fs, process::Command};

use tests::MIB;
use tests::debian::{self, Flavour};
use tests::gapboot::type1;
use tests::guests::running::{START, initrd, said};
use tests::images::initramfs;
use tests::images::{Disk, Fat, Partition, Volume};
use tests::machines::qemu::{Exit, Machine, Outcome};
use tests::tool::run;

const UUID: &str = "6b25fc6a-0b2a-4b6c-9a0d-5e4cb2b1f0d1";

/// Where no loader was: `/s` is the system with a node that says what it would.
const NODE: &str = r#"
mkdir -p /dev/disk/by-partuuid /s/sys/kernel/boot_params/setup_data/0 /efi
ln -s ../../vda1 /dev/disk/by-partuuid/@UUID@
ln -s /sys/class /s/sys/class
ln -s /dev /proc /efi /s
echo 0x42504147 >/s/sys/kernel/boot_params/setup_data/0/type
printf 'GapbootNode=1\nLoaderDevicePartUUID=@UUID@\nLoaderBootCountPath=/loader/entries/a+2-1.conf\n' \
    >/s/sys/kernel/boot_params/setup_data/0/data
"#;

/// Boots the kernel with an init script, on a disk that it may write to.
fn boot(image: &Path, script: &str) -> Outcome {
    let kernel = debian::kernel(Flavour::Generic).unwrap();
    let file = image.with_extension("initrd");
    let script = START.to_owned() + NODE + script;
    fs::write(
        &file,
        initrd(&script.replace("@UUID@", UUID), Flavour::Generic).unwrap(),
    )
    .unwrap();
    let outcome = Machine::new(image)
        .writable()
        .memory(1024)
        .timeout(Duration::from_secs(120))
        .arguments(&["-kernel", kernel.to_str().unwrap()])
        .arguments(&["-initrd", file.to_str().unwrap()])
        .arguments(&["-append", "console=ttyS0 panic=-1 quiet"])
        .run()
        .unwrap();
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    outcome
}

fn check(image: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fat");
    let bytes = fs::read(image).unwrap();
    let esp = tests::images::partitions(image).unwrap()[0];
    let start = esp.start as usize * 512;
    fs::write(&file, &bytes[start..start + esp.sectors as usize * 512]).unwrap();
    run(Command::new("/usr/sbin/fsck.vfat").arg("-n").arg(&file)).unwrap();
}

#[test]
fn verdicts_and_settings_with_and_without_a_mount() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let esp = Partition::esp(Fat::new(16))
        .file("loader/entries/a+2-1.conf", "linux /x\n")
        .file("loader/entries/b.conf", "linux /y\n")
        .file("x", "kernel")
        .file("y", "kernel");
    Disk::new(40 * MIB).partition(esp).build(&image).unwrap();
    let outcome = boot(
        &image,
        r#"
g() { verb=$1; shift; gapboot $verb --root /s "$@" 2>&1; }
say $(g bless status)
say $(g bless good)
say $(g bless status)
say mounted $(grep -c vfat /proc/mounts)
say $(g set default b.conf) set $?
mount -t vfat /dev/vda1 /efi
say $(g bless bad)
say $(ls /efi/loader/entries)
say $(g set timeout 5) set $?
say $(gapboot set timeout 6 /dev/vda 2>&1) set $?
say $(g set --from-systemd) set $?
mount -o remount,ro /efi
say $(g bless good)
umount /efi
say $(g bless indeterminate)
say $(g status | grep -c 'timeout *6')
sync
"#,
    );
    assert_eq!(
        said(&outcome),
        [
            "indeterminate",
            "marked good: /loader/entries/a+2-1.conf is now a.conf",
            "good",
            "mounted 0",
            "/s/dev/vda: default is now b.conf set 0",
            "marked bad: /loader/entries/a.conf is now a+0-1.conf",
            "a+0-1.conf b.conf",
            "/s/dev/vda: timeout is now 5 set 0",
            "/dev/vda: timeout is now 6 set 0",
            "set 0",
            "gapboot: cannot rename /loader/entries/a+0-1.conf: Read-only file system (os error 30); \
             mount it for writing (`mount -o remount,rw`)",
            "marked indeterminate: /loader/entries/a+0-1.conf is now a+2-1.conf",
            "1",
        ],
        "{}",
        outcome.serial
    );
    let esp = Volume::open(&image, 1).unwrap();
    let mut names = esp.names("loader/entries").unwrap();
    names.sort();
    assert_eq!(names, ["a+2-1.conf", "b.conf"]);
    let state = esp.read("loader/gapboot.state").unwrap();
    assert_eq!(state.len(), 512);
    assert_eq!((state[16], &state[32..39]), (6, &b"b.conf\0"[..]));
    check(&image);
}

#[test]
fn kexec_starts_an_entry_of_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let second = "#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\n\
        echo TEST $(/bin/busybox cat /proc/cmdline)\n/bin/busybox poweroff -f\n";
    let options = "console=ttyS0 panic=-1 quiet gapboot.test=second";
    let esp = Partition::esp(Fat::new(32))
        .file("loader/entries/a.conf", "linux /gone\nsort-key a\n")
        .file(
            "loader/entries/b.conf",
            type1("Second", "/vmlinuz", &["/initrd"], options) + "sort-key b\n",
        )
        .file("vmlinuz", debian::kernel(Flavour::Generic).unwrap())
        .file("initrd", initramfs::busybox(second).unwrap());
    Disk::new(300 * MIB).partition(esp).build(&image).unwrap();
    let outcome = boot(
        &image,
        r#"
say $(gapboot kexec --disk /dev/vda a 2>&1)
say $(gapboot kexec -l /bin/busybox 2>&1)
gapboot kexec -l --disk /dev/vda b && say loaded $(cat /sys/kernel/kexec_loaded)
gapboot kexec -e
say still here
"#,
    );
    let said = said(&outcome);
    assert!(said[0].contains("no entry a"), "{}", outcome.serial);
    assert!(said[1].contains("/bin/busybox"), "{}", outcome.serial);
    assert_eq!(said[2..], ["loaded 1", options], "{}", outcome.serial);
}

/// What the kernel shows of the loader's node, line by line.
const SAY_NODE: &str = r#"
for node in /sys/kernel/boot_params/setup_data/*; do
    [ $(cat $node/type) = 0x42504147 ] && while read -r line; do say "$line"; done <$node/data
done
uuid=$(sed -n 's/^LoaderDevicePartUUID=//p' /sys/kernel/boot_params/setup_data/*/data)
mkdir -p /dev/disk/by-partuuid /efi
ln -s ../../vda1 /dev/disk/by-partuuid/$uuid
"#;

/// From a new entry to one that is blessed; before that, from one that never
/// comes up to the older one.
#[test]
fn an_update_that_does_not_come_up_falls_back() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let kernel = debian::kernel(Flavour::Generic).unwrap();
    let old = START.to_owned() + SAY_NODE + "say $(gapboot bless status)\nsay old\n";
    let options = "console=ttyS0 panic=-1 quiet";
    let entry = |initrd: &str, version: &str| {
        let text = type1("Linux", "/vmlinuz", &[initrd], options);
        format!("{text}sort-key linux\nversion {version}\n")
    };
    let esp = Partition::esp(Fat::new(32))
        .file("vmlinuz", kernel)
        .file("empty", initramfs::Archive::new().finish())
        .file("initrd", initrd(&old, Flavour::Generic).unwrap())
        .file("loader/entries/new+3.conf", entry("/empty", "2"))
        .file("loader/entries/old.conf", entry("/initrd", "1"));
    Disk::new(300 * MIB).partition(esp).build(&image).unwrap();
    tests::gapboot::install(&image).unwrap();
    let volume = Volume::open(&image, 1).unwrap();
    let start = || {
        let machine = Machine::new(&image).writable().memory(1024);
        machine.timeout(Duration::from_secs(60)).run().unwrap()
    };
    let new = || {
        let names = volume.names("loader/entries").unwrap();
        let name = names.into_iter().find(|name| name.starts_with("new"));
        name.unwrap()
    };

    for name in ["new+2-1.conf", "new+1-2.conf", "new+0-3.conf"] {
        let outcome = start();
        assert!(
            outcome.serial.contains("Kernel panic"),
            "{}",
            outcome.serial
        );
        assert_eq!(new(), name);
        volume.check().unwrap();
    }
    let outcome = start();
    let told = said(&outcome);
    let tells = |line: &str| assert!(told.contains(&line), "{line}: {told:#?}");
    tells("LoaderEntrySelected=old.conf");
    tells("clean");
    tells("old");
    assert_eq!(new(), "new+0-3.conf");

    // The same entry, mended: it comes up and says so.
    let bless = START.to_owned()
        + SAY_NODE
        + "say $(gapboot bless status)\nsay $(gapboot bless good)\nsay $(gapboot bless status)\n";
    volume
        .write("initrd-2", initrd(&bless, Flavour::Generic).unwrap())
        .unwrap();
    volume.remove("loader/entries/new+0-3.conf").unwrap();
    volume
        .write("loader/entries/new+3.conf", entry("/initrd-2", "2"))
        .unwrap();
    let outcome = start();
    let told = said(&outcome);
    let tells = |line: &str| assert!(told.contains(&line), "{line}: {told:#?}");
    tells("GapbootNode=1");
    tells("LoaderEntrySelected=new.conf");
    tells("LoaderEntryDefault=new.conf");
    tells("LoaderBootCountPath=/loader/entries/new+2-1.conf");
    tells("indeterminate");
    tells("good");
    assert_eq!(new(), "new.conf");
    volume.check().unwrap();
}
