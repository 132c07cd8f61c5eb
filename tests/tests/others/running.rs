//! `gapboot kexec --system` in a system that GRUB has started, from the menu that
//! grub-mkconfig made: the entry that GRUB would start next, whether it is saved or to be
//! started once, and what happens where several loaders have a menu.

use serde::Deserialize;
use std::path::Path;
use std::process::Command;

use tests::MIB;
use tests::debian::Flavour;
use tests::gapboot::{built, type1};
use tests::guests::report::{self, Report};
use tests::guests::running::START;
use tests::images::initramfs::{self, Archive};
use tests::images::modules::{EXT4_AND_AUTOFS, VIRTIO_AND_FAT};
use tests::images::{Disk, Fat, Partition};
use tests::machines::qemu::Guest;
use tests::others::Medium;
use tests::others::menu::{PATIENCE, choose_all};
use tests::others::system::{self, Layout};
use tests::tool::run;

/// What the system does, in the initrd of the entry that GRUB starts. Its root file
/// system is the one with GRUB's menu, and `gapboot` runs in it. Twice it waits until the
/// test has looked at the disk.
const SCRIPT: &str = r#"
echo
mkdir /system
mount -t ext4 -o ro /dev/vda1 /system
for directory in dev proc sys; do mount -o bind /$directory /system/$directory; done
mount -t tmpfs tmpfs /system/usr
mkdir /system/usr/bin
cp /bin/gapboot /system/usr/bin
in_system() { chroot /system /usr/bin/gapboot kexec "$@" 2>&1; }
env=/system/boot/grub/grubenv

say ready
read line

# A second loader's menu.
mount -t vfat -o ro /dev/vdb1 /system/boot/efi
say several $(in_system -l --system)
umount /system/boot/efi
say is loaded $(cat /sys/kernel/kexec_loaded)

in_system --system --list | sed 's/^/LISTED /'
say default $(in_system -l --system)

say looked
read line

mount -o remount,rw /system
grub-editenv $env set "next_entry=$(cat /next)"
cp $env /before
grub-editenv $env list | sed 's/^/BEFORE /'
say once $(in_system -l --system)
cmp $env /before && say unchanged
say cleared $(in_system -l --system --clear-once)
grub-editenv $env list | sed 's/^/AFTER /'
say size $(wc -c <$env)
say default now $(in_system --system --list | grep -A 1 '(default')
umount /system/usr /system/dev /system/proc /system/sys /system
gapboot kexec -e
"#;

/// The initrd of the system that runs `gapboot`, and starts the entry with the id `next`.
fn initrd(next: &str) -> anyhow::Result<Vec<u8>> {
    let modules = [&VIRTIO_AND_FAT[..], &EXT4_AND_AUTOFS].concat();
    let archive = Archive::new()
        .directory("modules")
        .program("next", next.as_bytes())
        .linked("bin/gapboot", &built("gapboot")?)?
        .linked("bin/grub-editenv", Path::new("/usr/bin/grub-editenv"))?
        .modules(Flavour::Generic, &modules)?;
    let mut initrd = initramfs::busybox(&(START.to_owned() + SCRIPT))?;
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.extend(archive.finish());
    Ok(initrd)
}

/// The lines on the serial line that begin with a mark.
fn lines<'a>(serial: &'a str, mark: &str) -> Vec<&'a str> {
    let lines = serial.lines().filter_map(|line| line.strip_prefix(mark));
    lines.map(|line| line.trim_end_matches('\r')).collect()
}

/// What the system said after a word; the test fails if it said nothing.
#[track_caller]
fn said<'a>(serial: &'a str, word: &str) -> &'a str {
    let lines = lines(serial, &format!("TEST {word}"));
    let line = lines.first().unwrap_or_else(|| panic!("{serial}"));
    line.trim()
}

/// What `gapboot list` prints of a disk.
fn list(medium: &Medium, arguments: &[&str]) -> String {
    let mut list = Command::new(built("gapboot").unwrap());
    run(list.arg("list").args(arguments).arg(medium.image())).unwrap()
}

/// The command line of an entry of the disk.
fn options(medium: &Medium, id: &str) -> String {
    #[derive(Deserialize)]
    struct Listed {
        id: String,
        options: String,
    }
    let listed: Vec<Listed> = serde_json::from_str(&list(medium, &["--json"])).unwrap();
    let entry = listed.into_iter().find(|entry| entry.id == id);
    entry.unwrap().options
}

/// Waits for the system, which waits then.
fn wait(guest: &mut Guest, word: &str) {
    guest.wait_for_serial(&format!("TEST {word}")).unwrap();
}

#[test]
fn a_system_that_grub_has_started() {
    let menu = "Advanced options for Debian GNU/Linux";
    let title = |flavour| format!("Debian GNU/Linux, with Linux {}", super::release(flavour));
    let own = [menu.to_owned(), title(Flavour::Generic)];
    let next = format!("{menu}>{}", title(Flavour::Cloud));
    let medium = system::disk_with(Layout::Ext4, false, &|flavour, release| match flavour {
        Flavour::Generic => initrd(&next),
        Flavour::Cloud => report::initrd(release),
    });
    let medium = medium.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let esp = directory.path().join("esp");
    let files = Partition::esp(Fat::new(16).cluster(2048))
        .file("linux", "a kernel")
        .file("loader/entries/own.conf", type1("Own", "/linux", &[], "ro"));
    Disk::new(24 * MIB).partition(files).build(&esp).unwrap();

    let machine = medium.machine().unwrap().writable().second_disk(&esp);
    let mut guest = machine.memory(1024).timeout(PATIENCE).start().unwrap();
    choose_all(&mut guest, medium.loader(), &own).unwrap();
    wait(&mut guest, "ready");
    // GRUB has saved the entry.
    let before = medium.checksum().unwrap();
    guest.type_on_serial(b"\r").unwrap();
    wait(&mut guest, "looked");
    assert_eq!(medium.checksum().unwrap(), before);
    let serial = guest.serial();
    let several = said(&serial, "several");
    for words in [
        "several menus start something by themselves",
        "Boot Loader Specification: own.conf",
        &format!("GRUB: /boot/grub/grub.cfg (/): {}", own.join(">")),
    ] {
        assert!(several.contains(words), "{several}");
    }
    assert_eq!(said(&serial, "is loaded"), "0");
    let listed = lines(&serial, "LISTED ").join("\n");
    assert_eq!(listed, list(&medium, &[]).trim_end());
    let loaded = |id: &str| format!("{id}: loaded (kexec_file_load)");
    assert_eq!(said(&serial, "default"), loaded(&own.join(">")));

    guest.type_on_serial(b"\r").unwrap();
    guest.wait_for_serial(report::END).unwrap();
    let serial = guest.serial();
    let once = said(&serial, "once");
    let again = format!(
        "gapboot: {next}: GRUB was to start this entry once, and will start it again at the \
         next boot; --clear-once clears that"
    );
    assert!(
        once.contains(&loaded(&next)) && once.contains(&again),
        "{once}"
    );
    said(&serial, "unchanged");
    assert_eq!(said(&serial, "cleared"), loaded(&next));
    let wish = format!("next_entry={next}");
    let before = lines(&serial, "BEFORE ");
    assert!(before.contains(&&*wish), "{before:?}");
    let after: Vec<_> = before
        .iter()
        .map(|line| if *line == wish { "next_entry=" } else { line })
        .collect();
    assert_eq!(lines(&serial, "AFTER "), after);
    assert_eq!(said(&serial, "size"), "1024");
    let now = said(&serial, "default now");
    assert!(
        now.contains(&format!("(default) id {}", own.join(">"))),
        "{now}"
    );
    let report = Report::parse(&serial).unwrap();
    assert_eq!(report.cmdline, options(&medium, &next));
    let cloud = super::release(Flavour::Cloud);
    assert!(report.kernel.starts_with(&cloud), "{report:?}");
    assert!(report.initrd.starts_with(&cloud), "{report:?}");
}
