//! Configurations and what they give.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::read;
use crate::memory::Memory;
use crate::menu::{Boots, Chain, Entry, Menu, Timeout};
use crate::storage::{Device, Location, Partition, Properties, Table};

const ROOT: Device = Device(2);

/// A disk with two partitions, and the menu on the second.
fn disk() -> Memory {
    let mut memory = Memory::default();
    let partition = |number| Properties {
        disk: Some(0),
        partition: number,
        uuid: Some("abcd".into()),
        ..Properties::default()
    };
    memory.add(Properties {
        uuid: None,
        ..partition(None)
    });
    for number in [1, 2] {
        memory.add(Properties {
            uuid: Some(format!("uuid-{number}")),
            ..partition(Some(Partition {
                table: Table::Mbr,
                number,
                uuid: String::new(),
                label: String::new(),
            }))
        });
    }
    memory
}

fn menu_of(memory: &mut Memory, text: &str) -> Menu {
    memory.file(ROOT, "/boot/grub/menu.lst", text.as_bytes());
    read(memory, &Location::new(ROOT, "/boot/grub/menu.lst").unwrap())
}

fn menu(text: &str) -> Menu {
    menu_of(&mut disk(), text)
}

fn ids(menu: &Menu) -> Vec<&str> {
    menu.entries.iter().map(|entry| entry.id.as_str()).collect()
}

fn boots(entry: &Entry) -> String {
    let at = |at: &Location| format!("{}:{}", at.device.0, at.path);
    match &entry.boots {
        Boots::Linux {
            kernel,
            initrds,
            cmdline,
        } => {
            let initrds: Vec<String> = initrds.iter().map(at).collect();
            format!("{}|{}|{cmdline}", at(kernel), initrds.join(","))
        }
        Boots::Multiboot {
            kernel,
            cmdline,
            modules,
            ..
        } => {
            let modules = modules
                .iter()
                .map(|module| at(&module.file) + " " + &module.cmdline);
            let modules: Vec<String> = modules.collect();
            format!("multiboot {}|{}|{cmdline}", at(kernel), modules.join(","))
        }
        Boots::Chain(Chain::Sector(device)) => format!("sector {}", device.0),
        Boots::Chain(Chain::File(file)) => format!("file {}", at(file)),
        Boots::Nothing(reason) => format!("nothing: {reason}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn bodies() {
    for (body, expected) in [
        ("kernel /k  a  b\ninitrd /i", "2:/k|2:/i|a  b"),
        ("root (hd0,0)\nkernel /k", "1:/k||"),
        ("root=(hd0,0)\nkernel /k", "1:/k||"),
        ("kernel (hd0,0)/k a\ninitrd /i", "1:/k|2:/i|a"),
        ("uuid uuid-1\nkernel /k", "1:/k||"),
        ("find --set-root /only-on-1\nkernel /k", "1:/k||"),
        ("kernel --type=linux --no-mem-option /k x", "2:/k||x"),
        ("kernel --type=multiboot /k x", "multiboot 2:/k||x"),
        (
            "kernel /k x\nmodule /m y z\nmodule /n",
            "multiboot 2:/k|2:/m y z,2:/n |x",
        ),
        ("kernel /k\nboot\nkernel /l", "2:/k||"),
        ("kernel /k\nkernel /l\ninitrd /i\ninitrd /j", "2:/l|2:/j|"),
        (
            "rootnoverify (hd0,0)\nmakeactive\nchainloader +1",
            "sector 1",
        ),
        ("rootnoverify (hd0)\nchainloader --force +1", "sector 0"),
        ("chainloader (hd0,1)+1", "sector 2"),
        ("chainloader (hd0,0)/ntldr", "file 1:/ntldr"),
        ("halt", "PowerOff"),
        ("reboot", "Restart"),
        (
            "root (hd1,0)\nkernel /k",
            "nothing: there is no (hd1,0) among the disks",
        ),
        (
            "root (fd0)\nkernel /k",
            "nothing: (fd0) is no disk or partition of one",
        ),
        (
            "kernel k",
            "nothing: k is no path from the root of a device",
        ),
        (
            "kernel --type=netbsd /k",
            "nothing: it is a kernel of the type netbsd",
        ),
        (
            "root (hd0,0)\nsetup (hd0)",
            "nothing: it writes a boot loader to a disk (`setup`)",
        ),
        ("", "nothing: it has no command that boots"),
        ("password x\nkernel /k", "nothing: a password protects it"),
        ("lock\nkernel /k", "2:/k||"),
    ] {
        let mut memory = disk();
        memory.file(Device(1), "/only-on-1", b"");
        let menu = menu_of(&mut memory, &format!("title t\n{body}\n"));
        assert_eq!(boots(&menu.entries[0]), expected, "{body}");
    }
    let locked = menu("password x\ntitle a\nlock\nkernel /k\ntitle b\nkernel /k");
    assert_eq!(boots(&locked.entries[0]), "nothing: a password protects it");
    assert_eq!(boots(&locked.entries[1]), "2:/k||");
}

#[test]
fn settings_and_titles() {
    let menu = menu(
        "default 1\ntimeout=5\nfallback 0\ncolor a\ntitle A b\nkernel /k\n\n# c\ntitle\tB\nkernel /l vga=1\nsavedefault\ntitle A b\nfoo",
    );
    assert_eq!(ids(&menu), ["A b", "B", "A b#2"]);
    assert_eq!(menu.entries[1].aliases, ["1"]);
    assert_eq!((menu.entries[0].line, menu.entries[1].line), (5, 9));
    assert_eq!(menu.default.as_ref().unwrap().entry, 1);
    assert_eq!(menu.timeout, Timeout::Tenths(50));
    assert_eq!(menu.notes.len(), 1);
    assert_eq!(menu.entries[1].notes.len(), 2);
    assert_eq!(
        menu.entries[2].notes,
        ["`foo` is no command of GRUB Legacy"]
    );
}

#[test]
fn the_default() {
    let titles = "\ntitle a\nkernel /a\ntitle b\nkernel /b\ntitle c\nkernel /c";
    for (text, saved, expected) in [
        ("", None, 0),
        ("default 2", None, 2),
        ("default 9", None, 0),
        ("default 9\nfallback 1", None, 1),
        ("default 9\nfallback 9", None, 0),
        ("default x", None, 0),
        ("default saved", None, 0),
        ("default saved", Some("1\n#\n#\n"), 1),
        ("default=saved", Some("2\0\n#"), 2),
        ("default saved", Some("x"), 0),
    ] {
        let mut memory = disk();
        if let Some(saved) = saved {
            memory.file(ROOT, "/boot/grub/default", saved.as_bytes());
        }
        let menu = menu_of(&mut memory, &(text.to_string() + titles));
        assert_eq!(menu.default.unwrap().entry, expected, "{text} {saved:?}");
    }
}

#[test]
fn other_files() {
    let mut memory = disk();
    memory.file(Device(1), "/m", b"default 1\ntitle x\nkernel /k\ntitle y\nkernel /l\ntitle back\nconfigfile (hd0,1)/boot/grub/menu.lst");
    let menu = menu_of(
        &mut memory,
        "default 1\ntitle a\nkernel /k\ntitle b\nroot (hd0,0)\nconfigfile /m\ntitle c\nconfigfile /gone",
    );
    assert_eq!(ids(&menu), ["a", "b>x", "b>y", "b>back", "c"]);
    assert_eq!(boots(&menu.entries[1]), "1:/k||");
    assert!(boots(&menu.entries[3]).ends_with("is listed already"));
    assert!(boots(&menu.entries[4]).ends_with("has no entries"));
    assert_eq!(menu.default.unwrap().entry, 2);
    assert_eq!(menu.notes, ["/gone does not exist"]);
}

#[test]
fn device_map_names_a_disk_that_is_missing() {
    let mut memory = disk();
    memory.file(
        ROOT,
        "/boot/grub/device.map",
        b"(fd0)\t/dev/fd0\n(hd1)\t/dev/sdb\n",
    );
    let menu = menu_of(&mut memory, "title a\nroot (hd1,0)\nkernel /k");
    assert_eq!(
        boots(&menu.entries[0]),
        "nothing: there is no (hd1,0) among the disks (device.map says that hd1 was /dev/sdb)"
    );
}

/// The number of its disk is not known, so the name in the menu may be any partition:
/// the file decides.
#[test]
fn a_mounted_tree() {
    let mut memory = Memory::default();
    let tree = memory.add(Properties::default());
    memory.file(tree, "/boot/k", b"");
    let at = Location::new(tree, "/grub/menu.lst").unwrap();
    memory.file(
        tree,
        &at.path,
        b"title a\nroot (hd0,5)\nkernel /boot/k\ntitle b\nroot (hd0,0)\nkernel /other",
    );
    let menu = read(&memory, &at);
    assert_eq!(boots(&menu.entries[0]), "0:/boot/k||");
    assert_eq!(menu.entries[0].notes.len(), 1);
    assert_eq!(
        boots(&menu.entries[1]),
        "nothing: there is no (hd0,0) among the disks"
    );
}

#[test]
fn hostile_files_end_in_notes() {
    let many = menu(&"title a\nkernel /k\n".repeat(10_000));
    assert_eq!(many.entries.len(), crate::limits::ENTRIES);
    assert_eq!(many.notes.len(), 1);
    let long = menu(&format!("title a\nkernel /k {}", "x".repeat(2000)));
    assert!(boots(&long.entries[0]).contains("longer than"));
    let mut memory = disk();
    memory.file(
        ROOT,
        "/boot/grub/menu.lst",
        b"title caf\xe9\nkernel /k\ntitle b\nkernel /k \xff\ntitle c\nkernel /k\ninitrd /\xff",
    );
    let bad = read(
        &memory,
        &Location::new(ROOT, "/boot/grub/menu.lst").unwrap(),
    );
    assert_eq!(bad.entries[0].title, "caf\u{fffd}");
    assert_eq!(boots(&bad.entries[0]), "2:/k||");
    for entry in &bad.entries[1..] {
        assert!(boots(entry).ends_with("not UTF-8"), "{entry:?}");
    }
    let mut memory = disk();
    for number in 0..100 {
        let next = format!("title t\nconfigfile /f{}", number + 1);
        memory.file(ROOT, &format!("/f{number}"), next.as_bytes());
    }
    let deep = menu_of(&mut memory, "title t\nconfigfile /f0");
    assert_eq!(deep.entries.len(), 1);
    assert!(boots(&deep.entries[0]).ends_with("too many menus are in each other"));
}
