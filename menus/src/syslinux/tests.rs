//! Configurations and what they give.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::read;
use crate::memory::Memory;
use crate::menu::{Boots, Chain, Entry, Menu, Timeout};
use crate::storage::{Device, Location, Partition, Properties, Table};

const DEVICE: Device = Device(0);

/// The menu of files, of which the first is the one to begin with.
fn menu(files: &[(&str, &str)]) -> Menu {
    let mut memory = Memory::default();
    memory.add(Properties::default());
    for (path, text) in files {
        memory.file(DEVICE, path, text.as_bytes());
    }
    let first = Location::new(DEVICE, files[0].0).unwrap();
    read(&memory, &first)
}

fn isolinux(text: &str) -> Menu {
    menu(&[("/isolinux/isolinux.cfg", text)])
}

fn ids(menu: &Menu) -> Vec<&str> {
    menu.entries.iter().map(|entry| entry.id.as_str()).collect()
}

fn entry<'a>(menu: &'a Menu, id: &str) -> &'a Entry {
    let mut entries = menu.entries.iter();
    entries
        .find(|entry| entry.id == id)
        .unwrap_or_else(|| panic!("no {id} in {:?}", ids(menu)))
}

fn default(menu: &Menu) -> Option<&str> {
    menu.default
        .as_ref()
        .map(|default| menu.entries[default.entry].id.as_str())
}

/// `kernel|initrd,initrd|command line`, or the reason.
fn boots(entry: &Entry) -> String {
    match &entry.boots {
        Boots::Linux {
            kernel,
            initrds,
            cmdline,
        } => {
            let initrds: Vec<&str> = initrds.iter().map(|at| at.path.as_str()).collect();
            alloc::format!("{}|{}|{cmdline}", kernel.path, initrds.join(","))
        }
        Boots::Nothing(reason) => alloc::format!("nothing: {reason}"),
        other => alloc::format!("{other:?}"),
    }
}

fn only(text: &str) -> String {
    boots(&isolinux(text).entries[0])
}

#[test]
fn a_label() {
    let menu = isolinux(
        "# c\nDEFAULT live\nlabel live\n  menu label ^Live (x)\n  kernel /live/vmlinuz\n  \
         append boot=live initrd=/live/initrd,more.img  quiet\n  initrd\n",
    );
    let live = entry(&menu, "live");
    assert_eq!(live.title, "Live (x)");
    assert_eq!(
        (live.config.path.as_str(), live.line),
        ("/isolinux/isolinux.cfg", 3)
    );
    assert_eq!(default(&menu), Some("live"));
    assert_eq!(menu.timeout, Timeout::Tenths(0));
}

#[test]
fn paths_initrds_and_command_lines() {
    for (text, expected) in [
        ("label a\nkernel k\nappend x  y", "/isolinux/k||x  y"),
        ("label a\nlinux ../k\ninitrd /i,j", "/k|/i,/isolinux/j|"),
        ("label a\nkernel k b\nappend c", "/isolinux/k||b c"),
        ("label a", "/isolinux/a||"),
        ("append g\nlabel a\nlabel b", "/isolinux/a||g"),
        ("append g\nlabel a\nappend -", "/isolinux/a||"),
        ("append g\nlabel a\nappend x\nappend y", "/isolinux/a||y"),
        (
            "label a\nappend initrd=x initrd=y z",
            "/isolinux/a|/isolinux/x|z",
        ),
        (
            "label a\nappend initrd=x\ninitrd y",
            "/isolinux/a|/isolinux/x|",
        ),
        ("label a\nkernel vmlinuz-6.1.0", "/isolinux/vmlinuz-6.1.0||"),
        (
            "label a\nappend x=initrd=y",
            "/isolinux/a|/isolinux/y|x=initrd=y",
        ),
        ("label a\nkernel linux.img", "/isolinux/linux.img||"),
        ("label a\nkernel .linux x.bin y", "/isolinux/x.bin||y"),
        (
            "label a\ncom32 linux.c32\nappend -dhcpinfo k initrd=x b initrd+=y",
            "/isolinux/k|/isolinux/x,/isolinux/y|b",
        ),
        (
            "label a\nlinux http://x/k",
            "nothing: http://x/k is on a server",
        ),
        (
            "label a\nkernel\nappend",
            "nothing: it names nothing to boot",
        ),
        (
            "label a\nkernel hdt.c32",
            "nothing: hdt.c32 is a program of SYSLINUX",
        ),
        (
            "label a\nkernel k\nmenu passwd $4$x",
            "nothing: a password protects it",
        ),
        (
            "label a\nmenu disable",
            "nothing: the menu shows it, but it cannot be chosen",
        ),
        (
            "label a\nmenu quit",
            "nothing: it leaves the menu for the boot prompt",
        ),
    ] {
        assert_eq!(only(text), expected, "{text}");
    }
}

#[test]
fn power_and_other_loaders() {
    let mut memory = Memory::default();
    let numbered = |number| Properties {
        disk: Some(1),
        partition: Some(Partition {
            table: Table::Mbr,
            number,
            uuid: alloc::format!("0000abcd-{number:02}"),
            label: String::new(),
        }),
        ..Properties::default()
    };
    let own = memory.add(Properties {
        disk: Some(0),
        ..Properties::default()
    });
    let disk = memory.add(Properties {
        disk: Some(1),
        ..Properties::default()
    });
    let part = memory.add(numbered(2));
    let sector = |device| Boots::Chain(Chain::Sector(device));
    let file = |path| Boots::Chain(Chain::File(Location::new(own, path).unwrap()));
    for (text, expected) in [
        ("localboot -1", Boots::Restart),
        ("localboot 0x81", sector(disk)),
        ("kernel reboot.c32", Boots::Restart),
        ("kernel poweroff.c32", Boots::PowerOff),
        ("kernel /x/chain.c32\nappend hd1", sector(disk)),
        ("kernel chain.c32\nappend hd1 2", sector(part)),
        ("kernel chain.c32\nappend hd1,2 swap", sector(part)),
        ("kernel chain.c32\nappend mbr:0xABCD 2", sector(part)),
        ("kernel chain.c32\nappend guid=0000abcd-02", sector(part)),
        ("kernel chain.c32\nappend fs", sector(own)),
        (
            "kernel chain.c32\nappend fs ntldr=/bootmgr",
            file("/bootmgr"),
        ),
        ("kernel sector.bss", file("/sector.bss")),
        ("boot x", file("/x")),
    ] {
        memory.file(
            own,
            "/syslinux.cfg",
            alloc::format!("label a\n{text}").as_bytes(),
        );
        let menu = read(&memory, &Location::new(own, "/syslinux.cfg").unwrap());
        assert_eq!(menu.entries[0].boots, expected, "{text}");
    }
    for text in [
        "localboot 0x80",
        "localboot 0",
        "kernel chain.c32\nappend hd7",
        "kernel chain.c32",
    ] {
        memory.file(
            own,
            "/syslinux.cfg",
            alloc::format!("label a\n{text}").as_bytes(),
        );
        let menu = read(&memory, &Location::new(own, "/syslinux.cfg").unwrap());
        assert!(matches!(menu.entries[0].boots, Boots::Nothing(_)), "{text}");
    }
}

#[test]
fn multiboot_with_modules() {
    let menu = isolinux("label xen\nkernel mboot.c32\nappend xen.gz  a b --- vmlinuz c --- /i");
    let Boots::Multiboot {
        version: 1,
        kernel,
        cmdline,
        modules,
    } = &menu.entries[0].boots
    else {
        panic!("{:?}", menu.entries);
    };
    assert_eq!(
        (kernel.path.as_str(), cmdline.as_str()),
        ("/isolinux/xen.gz", "a b")
    );
    let modules: Vec<(&str, &str)> = modules
        .iter()
        .map(|module| (module.file.path.as_str(), module.cmdline.as_str()))
        .collect();
    assert_eq!(modules, [("/isolinux/vmlinuz", "c"), ("/i", "")]);
}

#[test]
fn one_kernel_for_64_bits() {
    let menu = isolinux(
        "label auto\ncom32 ifcpu64.c32\nappend big -- small\nlabel big\nkernel k64\nappend x\n\
         label small\nkernel k32\nlabel loop\ncom32 ifcpu64.c32\nappend loop",
    );
    assert_eq!(boots(entry(&menu, "auto")), "/isolinux/k64||x");
    assert_eq!(entry(&menu, "auto").notes.len(), 1);
    assert!(boots(entry(&menu, "loop")).starts_with("nothing: its commands run each other"));
}

#[test]
fn submenus() {
    let menu = isolinux(
        "ui menu.c32\nmenu title T\nlabel a\nmenu begin sub\nmenu label ^Sub\nlabel back\nmenu exit\n\
         label a\nmenu default\nmenu begin\nmenu title Deep\nlabel x\nmenu end\nmenu end\n\
         menu begin p\nmenu passwd x\nlabel secret\nmenu end\nlabel b\nlabel b\nlabel go\nmenu goto sub",
    );
    assert_eq!(
        ids(&menu),
        [
            "a",
            "sub>back",
            "sub>a",
            "sub>Deep>x",
            "p>secret",
            "b",
            "b#2",
            "go"
        ]
    );
    assert!(boots(entry(&menu, "p>secret")).starts_with("nothing: a password"));
    assert_eq!(default(&menu), Some("a"));
    assert_eq!(menu.timeout, Timeout::Never);
}

#[test]
fn defaults() {
    let labels = "\nlabel a\nlabel b\nmenu default\nlabel c\nmenu begin s\nlabel d\nlabel e\nmenu default\nmenu end";
    for (text, expected, timeout) in [
        ("default c", Some("c"), Timeout::Tenths(0)),
        ("default C", Some("default"), Timeout::Tenths(0)),
        (
            "default c\nprompt 1\ntimeout 50",
            Some("c"),
            Timeout::Tenths(50),
        ),
        (
            "default c\nprompt 1\nontimeout a\ntimeout 50",
            Some("a"),
            Timeout::Tenths(50),
        ),
        (
            "default c\nprompt 1\nontimeout a",
            Some("c"),
            Timeout::Never,
        ),
        (
            "default c\nprompt 1\ntotaltimeout 9",
            Some("c"),
            Timeout::Tenths(9),
        ),
        ("", None, Timeout::Never),
        ("default vesamenu.c32", Some("b"), Timeout::Never),
        (
            "default /x/menu.c32\ntimeout 30",
            Some("b"),
            Timeout::Tenths(30),
        ),
        (
            "ui menu.c32\ndefault c\ntimeout 30",
            Some("c"),
            Timeout::Tenths(30),
        ),
        ("ui menu.c32\ndefault e", Some("s>e"), Timeout::Never),
        ("ui menu.c32\ndefault zzz", Some("b"), Timeout::Never),
        (
            "ui menu.c32\ntimeout 1\nontimeout a",
            Some("a"),
            Timeout::Tenths(1),
        ),
        ("default s.img x", Some("default"), Timeout::Tenths(0)),
        ("default b x", Some("default"), Timeout::Tenths(0)),
    ] {
        let menu = isolinux(&(text.to_string() + labels));
        assert_eq!(
            (default(&menu), menu.timeout),
            (expected, timeout),
            "{text}"
        );
    }
}

#[test]
fn a_default_that_is_no_label() {
    let files = [("/syslinux.cfg", ""), ("/k", ""), ("/hdt.c32", "")];
    for (text, expected) in [
        ("k x initrd=i", "/k|/i|x"),
        ("K", "nothing: there is no label and no file K"),
        ("hdt", "nothing: hdt.c32 is a program of SYSLINUX"),
        (".linux k.c32 y", "/k.c32||y"),
        ("a b", "/k2||a b"),
        ("A", "nothing: there is no label and no file A"),
    ] {
        let text = alloc::format!("default {text}\nlabel a\nkernel k2\nappend a");
        let mut files = files;
        files[0].1 = &text;
        let menu = menu(&files);
        assert_eq!(
            boots(&menu.entries[menu.default.as_ref().unwrap().entry]),
            expected,
            "{text}"
        );
    }
}

#[test]
fn the_default_of_a_submenu() {
    let menu = isolinux(
        "ui menu.c32\ntimeout 9\nlabel a\nmenu begin s\nmenu default\nmenu start\nlabel b\nmenu disable\nlabel c\nmenu end",
    );
    assert_eq!(default(&menu), Some("s>c"));
    let menu = isolinux("ui menu.c32\nlabel a\nmenu begin s\nmenu default\nlabel b\nmenu end");
    assert_eq!(default(&menu), Some("s>b"));
    let menu = isolinux(
        "ui menu.c32\nlabel a\nmenu goto s\nmenu default\nmenu begin s\nlabel b\nmenu goto .top\nmenu end",
    );
    assert_eq!(default(&menu), None);
}

/// A file of Debian's installer has `default` inside a label, and a timeout that starts
/// a command line.
#[test]
fn the_traps_of_debians_installer() {
    let menu = menu(&[
        (
            "/isolinux/isolinux.cfg",
            "path \nprompt 0\ntimeout 0\ninclude menu.cfg\ndefault vesamenu.c32\n",
        ),
        (
            "/isolinux/menu.cfg",
            "menu title T\ninclude gone.cfg\ninclude txt.cfg\nmenu begin advanced\n\
             menu label ^Advanced\ninclude adtxt.cfg\nmenu end\nlabel help\nmenu label ^Help\n\
             text help\n label x\nendtext\nconfig prompt.cfg\ninclude spk.cfg",
        ),
        (
            "/isolinux/txt.cfg",
            "label install\ndefault install\n\tmenu label ^Install\n\tkernel /install/vmlinuz\n\
             \tappend vga=788 initrd=/install/initrd.gz --- quiet \n",
        ),
        (
            "/isolinux/adtxt.cfg",
            "label expert\n\tkernel /install/vmlinuz\n\tappend p",
        ),
        (
            "/isolinux/spk.cfg",
            "label installspk\nkernel /install/vmlinuz\nappend initrd=/install/initrd.gz s\n\
             timeout 300\nontimeout /install/vmlinuz initrd=/install/initrd.gz s",
        ),
        (
            "/isolinux/prompt.cfg",
            "prompt 1\ninclude txt.cfg\nlabel menu\nkernel vesamenu.c32\nconfig isolinux.cfg",
        ),
    ]);
    assert_eq!(
        ids(&menu),
        [
            "install",
            "advanced>expert",
            "help>install",
            "help>menu",
            "installspk"
        ]
    );
    assert_eq!(
        boots(entry(&menu, "install")),
        "/install/vmlinuz|/install/initrd.gz|vga=788 --- quiet"
    );
    assert_eq!(entry(&menu, "install").notes.len(), 1);
    assert!(boots(entry(&menu, "help>menu")).contains("is listed already"));
    assert_eq!(default(&menu), Some("installspk"));
    assert_eq!(menu.timeout, Timeout::Tenths(300));
    assert_eq!(menu.notes.len(), 1, "{:?}", menu.notes);
    assert!(menu.notes[0].starts_with("/isolinux/gone.cfg is included but"));
}

#[test]
fn links_to_other_configurations() {
    let menu = menu(&[
        (
            "/boot/syslinux/syslinux.cfg",
            "default a\nlabel a\nconfig /x/y.cfg /x\nlabel b\ncom32 menu.c32\nappend z.cfg ~\n\
             label c\ncom32 config.c32\nappend /x/y.cfg\nlabel d\nkernel vesamenu.c32",
        ),
        (
            "/x/y.cfg",
            "label one\nkernel k\nmenu begin s\nlabel two\nmenu end",
        ),
        ("/boot/syslinux/z.cfg", "label three"),
    ]);
    assert_eq!(
        ids(&menu),
        [
            "a>one", "a>s>two", "b>three", "b>a", "b>b", "b>c", "b>d", "c", "d"
        ]
    );
    assert_eq!(boots(entry(&menu, "a>one")), "/x/k||");
    assert_eq!(default(&menu), Some("a>one"));
}

#[test]
fn a_menu_of_another_file() {
    let menu = menu(&[
        ("/syslinux.cfg", "ui vesamenu.c32 menu.cfg\nlabel a"),
        ("/menu.cfg", "timeout 5\nlabel x\nlabel y\nmenu default"),
    ]);
    assert_eq!(ids(&menu), ["x", "y", "a"]);
    assert_eq!(default(&menu), Some("y"));
    assert_eq!(menu.timeout, Timeout::Tenths(5));
}

#[test]
fn paths_of_pxelinux_begin_around_its_folder() {
    let menu = menu(&[
        (
            "/pxelinux.cfg/default",
            "include d/x.cfg\nlabel l\nlocalboot 0\nlabel p\nkernel pxe.0",
        ),
        ("/d/x.cfg", "label x\nkernel d/linux\nipappend 2"),
    ]);
    assert_eq!(boots(entry(&menu, "x")), "/d/linux||");
    assert!(entry(&menu, "x").notes[0].ends_with("(SYSAPPEND 2)"));
    assert_eq!(entry(&menu, "l").boots, Boots::Restart);
    assert_eq!(
        boots(entry(&menu, "p")),
        "nothing: pxe.0 is a program for the network"
    );
}

#[test]
fn bytes_that_are_not_utf_8() {
    let mut memory = Memory::default();
    memory.add(Properties::default());
    memory.file(
        DEVICE,
        "/syslinux.cfg",
        b"label a\nmenu label caf\xe9\nkernel k\nlabel b\nkernel k\nappend \xff\nlabel c\nlinux \x80",
    );
    let menu = read(&memory, &Location::new(DEVICE, "/syslinux.cfg").unwrap());
    assert_eq!(menu.entries[0].title, "caf\u{fffd}");
    assert_eq!(boots(&menu.entries[0]), "/k||");
    for entry in &menu.entries[1..] {
        assert!(
            boots(entry).ends_with("bytes that are not UTF-8"),
            "{entry:?}"
        );
    }
}

#[test]
fn hostile_files_end_in_notes() {
    let circle = menu(&[
        ("/syslinux.cfg", "include b\nlabel a"),
        ("/b", "include syslinux.cfg\nlabel b"),
    ]);
    assert_eq!(ids(&circle), ["b", "a"]);
    assert_eq!(
        circle.notes,
        ["/syslinux.cfg includes itself: that include is left out"]
    );
    let many = "label a\n".repeat(10_000);
    let many = isolinux(&many);
    assert!(many.entries.len() <= crate::limits::ENTRIES);
    assert_eq!(many.notes.len(), 1);
    let twice = menu(&[("/syslinux.cfg", &"include b\n".repeat(1000)), ("/b", "#")]);
    assert!(
        twice.notes[0].contains("a menu may have 512 files"),
        "{:?}",
        twice.notes
    );
    let deep = isolinux(&("menu begin a\n".repeat(1000) + "label x\n"));
    assert_eq!(deep.entries.len(), 1);
    let long = isolinux(&alloc::format!(
        "label a\nappend {}\nlabel b",
        "x".repeat(5000)
    ));
    assert!(boots(&long.entries[0]).contains("longer than"));
    assert_eq!(boots(&long.entries[1]), "/isolinux/b||");
    let gone = read(&Memory::default(), &Location::new(DEVICE, "/x").unwrap());
    assert_eq!(gone.notes, ["/x does not exist"]);
}

#[test]
fn what_is_not_understood_is_noted_where_it_stands() {
    let menu = isolinux("frobnicate\nlabel a\nfdtdir /x\nfoo\n");
    assert_eq!(menu.notes, ["`frobnicate` is no directive of SYSLINUX"]);
    assert_eq!(menu.entries[0].notes.len(), 2);
}
