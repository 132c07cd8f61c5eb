//! What the bridge makes of disks, without a machine: its session over disk images, which
//! lie where a system has its devices.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use bridge::console::{Screen, Terminals};
use bridge::devices::Devices;
use bridge::log::Log;
use bridge::menu::Item;
use bridge::modules::index::Index;
use bridge::modules::loader::{Loader, insert};
use bridge::session::Session;
use cli::offers::MachineOffers;
use common::{Image, kernel};

const ENTRY: &str = "title Linux\nlinux /vmlinuz\noptions one\n";

/// A system with disks.
struct System(tempfile::TempDir);

impl System {
    fn new(disks: &[(&str, &Image)]) -> Self {
        let system = Self(tempfile::tempdir().unwrap());
        for (name, image) in disks {
            system.plug(name, image);
        }
        system
    }

    /// Adds a disk.
    fn plug(&self, name: &str, image: &Image) {
        let sysfs = self.0.path().join("sys/class/block").join(name);
        fs::create_dir_all(&sysfs).unwrap();
        fs::write(sysfs.join("size"), "8192\n").unwrap();
        let dev = self.0.path().join("dev");
        fs::create_dir_all(&dev).unwrap();
        symlink(image.path(), dev.join(name)).unwrap();
    }

    /// Looks at the disks with this command line and these built-in options, and shows what
    /// came of it.
    fn look<T>(&self, cmdline: &str, built_in: &str, then: impl FnOnce(&mut Session) -> T) -> T {
        let mut offers = MachineOffers::default();
        let mut session = Session::new(&mut offers, cmdline.to_owned(), built_in.to_owned());
        let index = Index::default();
        let mut devices = Devices::without_messages(Loader::new(&index, &insert), Log::default());
        let mut terminals = Terminals::new(Vec::new());
        let mut screen = Screen::new(&mut terminals, &mut devices, false);
        session.look(self.0.path(), &mut screen);
        then(&mut session)
    }
}

/// A disk with these files on its ESP, and with a kernel.
fn disk(files: &[(&str, &str)]) -> Image {
    let image = Image::with_files(files);
    image.add(2048, "vmlinuz", &kernel());
    image
}

fn titles(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.title.as_str()).collect()
}

/// The title of what starts when nobody chooses.
fn default(session: &Session) -> Option<String> {
    let (items, default) = session.items();
    Some(items[default?].title.clone())
}

#[test]
fn nothing_of_a_disk_starts_by_itself_unless_it_was_named() {
    let one = disk(&[("loader/entries/a.conf", ENTRY)]);
    let system = System::new(&[("sda", &one)]);
    assert_eq!(system.look("quiet", "", |session| default(session)), None);
    assert_eq!(
        system.look("quiet", "default a\n", |session| default(session)),
        None
    );
    for options in [
        "device sda\n",
        "device vfat:sda1\n",
        "device sda1\ndefault a\n",
    ] {
        let found = system.look("quiet", options, |session| default(session));
        assert_eq!(found.as_deref(), Some("Linux"), "{options}");
    }
    let named = "quiet gapboot.device=PARTLABEL=nowhere";
    system.look(named, "device sda\n", |session| {
        assert_eq!(default(session), None);
        let said = "Nothing starts by itself: there is no device PARTLABEL=nowhere.";
        assert_eq!(session.messages, [said]);
    });
}

/// A copy of a disk, as somebody may have made it, has all the same names.
#[test]
fn two_disks_that_are_called_alike() {
    let one = disk(&[("loader/entries/a.conf", ENTRY)]);
    let other = Image::blank();
    other.set(&one.bytes());
    let system = System::new(&[("sda", &one), ("sdb", &other)]);
    let uuid = system.look("", "", |session| {
        let storage = session.offers.storage();
        let devices = storage.devices();
        let mut partitions = devices
            .into_iter()
            .filter_map(|it| storage.properties(it).partition);
        partitions.next().unwrap().uuid
    });
    let named = format!("gapboot.device=PARTUUID={uuid}");
    system.look(&named, "", |session| {
        assert_eq!(default(session), None);
        let said = format!(
            "Nothing starts by itself: PARTUUID={uuid} is not clear: sda1 and sdb1 are called so; \
             name one of them."
        );
        assert_eq!(session.messages, [said]);
        let (items, _) = session.items();
        assert_eq!(titles(&items), ["sda: Linux", "sdb: Linux", "Messages (1)"]);
    });
    let found = system.look("gapboot.device=sdb", "", |session| default(session));
    assert_eq!(found.as_deref(), Some("sdb: Linux"));
}

#[test]
fn forty_disks() {
    let image = disk(&[("loader/entries/a.conf", ENTRY)]);
    let empty = Image::blank();
    let names: Vec<String> = (b'a'..=b'z')
        .map(|it| format!("sd{}", char::from(it)))
        .collect();
    let more = (b'a'..=b'n').map(|it| format!("sda{}", char::from(it)));
    let names: Vec<String> = names.into_iter().chain(more).collect();
    assert_eq!(names.len(), 40);
    let system = System::new(&[]);
    for (number, name) in names.iter().enumerate() {
        system.plug(name, if number % 2 == 0 { &image } else { &empty });
    }
    system.look("gapboot.device=sdam", "", |session| {
        let (items, default) = session.items();
        assert_eq!(items.len(), 20);
        assert_eq!(items[0].title, "sda: Linux");
        assert_eq!(items[default.unwrap()].title, "sdam: Linux");
    });
}

/// The file on the medium is read if the medium is known, and its mistakes are shown with
/// their lines.
#[test]
fn options_on_the_medium() {
    let conf = "# mine\r\ntimeout = soon\r\nentry\r\ntitle Own\r\nroot sdb1\r\nkernel /vmlinuz\r\n\
                initrd /gone\r\ndefault\r\n";
    let medium = Image::with_files(&[("gapboot/bridge.conf", conf)]);
    let other = disk(&[]);
    let system = System::new(&[("sda", &medium), ("sdb", &other)]);
    system.look("gapboot.medium=sda1", "", |session| {
        assert_eq!(default(session).as_deref(), Some("Own"));
        let said = "(sda1)/gapboot/bridge.conf, line 2: timeout: soon is no number of seconds";
        assert_eq!(session.messages, [said]);
        let (items, _) = session.items();
        let problem = session.payload(&items[0], None).unwrap_err();
        assert!(problem.contains("/gone"), "{problem}");
    });
    let found = system.look("", "", |session| session.items().0.len());
    assert_eq!(found, 0);
    system.look("gapboot.medium=sdc1", "", |session| {
        let said = "/gapboot/bridge.conf was not read: there is no device sdc1";
        assert_eq!(session.messages, [said]);
    });
}

/// GRUB's `(hd0)` is the disk of the menu itself, unless an option says which disk it was.
#[test]
fn numbers_of_disks() {
    let menu = "menuentry 'It' {\n linux (hd1,gpt1)/vmlinuz two\n}\n";
    let one = Image::with_files(&[("boot/grub/grub.cfg", menu)]);
    let empty = Image::with_files(&[]);
    let other = disk(&[]);
    let system = System::new(&[("sda", &one), ("sdb", &empty), ("sdc", &other)]);
    let payload = |options: &str| {
        system.look("", options, |session| {
            let (items, _) = session.items();
            session
                .payload(&items[0], None)
                .map(|payload| payload.cmdline)
        })
    };
    assert!(payload("").is_err());
    assert_eq!(payload("grub-map (hd1) sdc\n").unwrap(), b"two");
}

/// A counted entry is counted in the name of its file, on the device of its partition.
#[test]
fn counting() {
    let image = disk(&[("loader/entries/a+3.conf", ENTRY)]);
    let system = System::new(&[("sda", &image)]);
    let bytes = image.bytes();
    let device = system.0.path().join("dev/sda1");
    fs::write(&device, &bytes[2048 * 512..][..4096 * 512]).unwrap();
    let node = system.look("gapboot.save", "", |session| {
        session.offers.count(0, 0).unwrap().unwrap()
    });
    let node = String::from_utf8(node).unwrap();
    let lines: Vec<&str> = node.lines().collect();
    assert_eq!(lines[0], "GapbootNode=1");
    assert_eq!(lines[2], "LoaderEntrySelected=a.conf");
    assert_eq!(lines[4], "LoaderBootCountPath=/loader/entries/a+2-1.conf");
    assert!(lines[5].starts_with("LoaderDevicePartUUID="), "{node}");
    assert!(holds(&device, "a+2-1.conf") && !holds(&device, "a+3.conf"));
    // The whole disk is not touched by that here.
    assert!(image.bytes() == bytes);
}

/// Whether a FAT file system has a long name.
fn holds(device: &Path, name: &str) -> bool {
    let listed = common::tool(
        "mtools",
        "mdir",
        &["-b", "-i", device.to_str().unwrap(), "::/loader/entries"],
        "",
    );
    listed.contains(name)
}
