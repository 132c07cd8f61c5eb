//! What configurations boot.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{boots, disk, lines, menu, partition};
use crate::grub::read;
use crate::memory::Memory;
use crate::menu::{Boots, Timeout};
use crate::storage::{Location, Properties};

/// By grub-mkconfig of Debian 12, on btrfs with the root in the subvolume `@`.
const MKCONFIG: &str = include_str!("mkconfig-btrfs.cfg");
const UUID: &str = "UUID-OF-THE-DISK";

fn block(lines: &str) -> Vec<u8> {
    let mut block = alloc::format!("# GRUB Environment Block\n{lines}").into_bytes();
    block.resize(1024, b'#');
    block
}

/// A mounted subvolume, with kernels and this environment.
fn mounted(environment: &str) -> (Memory, Location) {
    let mut memory = Memory::default();
    let device = memory.add(Properties {
        file_system: Some("btrfs".to_string()),
        uuid: Some(UUID.to_string()),
        subtree: Some("/@".to_string()),
        ..Properties::default()
    });
    for version in ["6.1.0-57-amd64", "6.1.0-55-amd64"] {
        memory.file(device, &alloc::format!("/boot/vmlinuz-{version}"), b"k");
        memory.file(device, &alloc::format!("/boot/initrd.img-{version}"), b"i");
    }
    memory.file(device, "/boot/grub/grubenv", &block(environment));
    memory.file(device, "/boot/grub/grub.cfg", MKCONFIG.as_bytes());
    (
        memory,
        Location::new(device, "/boot/grub/grub.cfg").unwrap(),
    )
}

#[test]
fn mkconfig() {
    let (memory, config) = mounted("");
    let menu = read(&memory, &config);
    let root = "root=UUID=UUID-OF-THE-DISK ro rootflags=subvol=@ console=ttyS0";
    let linux = |title: &str, version: &str, words: &str| {
        alloc::format!(
            "{title} = linux /boot/vmlinuz-{version}-amd64 [{root} {words}] /boot/initrd.img-{version}-amd64"
        )
    };
    let advanced = "Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux";
    assert_eq!(
        lines(&menu),
        [
            linux("Debian GNU/Linux", "6.1.0-57", "quiet"),
            linux(
                &alloc::format!("{advanced} 6.1.0-57-amd64"),
                "6.1.0-57",
                "quiet"
            ),
            linux(
                &alloc::format!("{advanced} 6.1.0-57-amd64 (recovery mode)"),
                "6.1.0-57",
                "single"
            )
            .replace("ro rootflags", "ro single rootflags")
            .replace(" single]", "]"),
            linux(
                &alloc::format!("{advanced} 6.1.0-55-amd64"),
                "6.1.0-55",
                "quiet"
            ),
            linux(
                &alloc::format!("{advanced} 6.1.0-55-amd64 (recovery mode)"),
                "6.1.0-55",
                "single"
            )
            .replace("ro rootflags", "ro single rootflags")
            .replace(" single]", "]"),
        ]
    );
    let second = &menu.entries[1];
    let saved = String::from_utf8_lossy(&second.writes[0].content).into_owned();
    // `savedefault` saves the way to the entry.
    assert!(
        saved.contains(&alloc::format!("saved_entry={}\n", second.aliases[1])),
        "{saved}"
    );
    let third = &menu.entries[2];
    assert_eq!(third.writes, []);
    assert_eq!(third.aliases[0], "1>1");
    assert_eq!(
        third.aliases[1],
        "gnulinux-advanced-UUID-OF-THE-DISK>gnulinux-6.1.0-57-amd64-recovery-UUID-OF-THE-DISK"
    );
    assert_eq!(
        third.title,
        "Debian GNU/Linux, with Linux 6.1.0-57-amd64 (recovery mode)"
    );
    let line = MKCONFIG
        .lines()
        .nth(usize::try_from(third.line).unwrap() - 1)
        .unwrap();
    assert!(line.contains(&*third.title), "{line}");
    assert_eq!(menu.timeout, Timeout::Tenths(50));
    assert_eq!(menu.notes, [""; 0]);
    for entry in &menu.entries {
        assert_eq!(entry.notes, [""; 0], "{}", entry.id);
    }
    let default = menu.default.unwrap();
    assert_eq!((default.entry, default.once), (0, false));
    assert_eq!(menu.writes, []);
}

#[test]
fn saved_and_next_entries() {
    let second =
        "gnulinux-advanced-UUID-OF-THE-DISK>gnulinux-6.1.0-55-amd64-advanced-UUID-OF-THE-DISK";
    for (environment, entry, once) in [
        (alloc::format!("saved_entry={second}\n"), 3, false),
        ("saved_entry=1>3\n".to_string(), 4, false),
        (
            "saved_entry=Advanced options for Debian GNU/Linux\n".to_string(),
            1,
            false,
        ),
        ("saved_entry=7\n".to_string(), 0, false),
        ("saved_entry=none\n".to_string(), 0, false),
        (
            alloc::format!("saved_entry=0\nnext_entry={second}\n"),
            3,
            true,
        ),
    ] {
        let (memory, config) = mounted(&environment);
        let menu = read(&memory, &config);
        let default = menu.default.unwrap();
        assert_eq!(
            (default.entry, default.once),
            (entry, once),
            "{environment}"
        );
        assert_eq!(menu.writes.len(), usize::from(once));
        for write in &menu.writes {
            assert_eq!(write.content.len(), 1024);
            assert_eq!(write.content, block("saved_entry=0\nnext_entry=\n"));
        }
    }
}

#[test]
fn kernels_and_their_words() {
    let menu = menu(
        "set root=hd0,gpt2\n\
         menuentry a { linux /vmlinuz root=/dev/sda1 'a b' \"q\\\"q\" b\\\\s; initrd /initrd /initrd2; initrd /initrd2 }\n\
         menuentry b { linux16 (hd0,gpt2)/vmlinuz; initrd16 ($root)/initrd }\n\
         menuentry c { multiboot /xen.gz placeholder x; module --nounzip /vmlinuz placeholder y; module /initrd }\n\
         menuentry d { linux /none }\n\
         menuentry e { linux /vmlinuz; initrd /none }\n\
         menuentry f { initrd /initrd }\n\
         menuentry g { chainloader +1 }\n\
         menuentry h { chainloader (hd0,gpt2)/initrd }\n\
         menuentry i { halt; }\n\
         menuentry j { reboot; }\n\
         menuentry k { fwsetup; }\n\
         menuentry l { exit 1; }\n\
         menuentry m { ntldr /bootmgr; }\n\
         menuentry n { set root=hd7; linux /vmlinuz; }\n\
         menuentry o { frobnicate x; linux /vmlinuz $1; boot; linux /none }\n\
         menuentry p { linux /vmlinuz 'a\nb' }\n",
    );
    assert_eq!(
        lines(&menu),
        [
            "a = linux /vmlinuz [root=/dev/sda1 \"a b\" q\\\"q b\\\\s] /initrd2",
            "b = linux /vmlinuz [] /initrd",
            "c = multiboot1 /xen.gz [placeholder x] /vmlinuz [placeholder y] /initrd []",
            "d = nothing: the file /none is missing",
            "e = nothing: the file /none is missing",
            "f = nothing: it loads nothing",
            "g = sector 0",
            "h = file /initrd",
            "i = PowerOff",
            "j = Restart",
            "k = Firmware",
            "l = Restart",
            "m = nothing: `ntldr` starts Windows, which is not started here",
            "n = nothing: the device (hd7) is not known here",
            "o = linux /vmlinuz [o] ",
            "p = nothing: its command line has a newline, or is not UTF-8",
        ]
    );
    assert_eq!(
        menu.entries[14].notes,
        ["/boot/grub/grub.cfg line 16: the command `frobnicate` is not known, and is left out"]
    );
    assert_eq!(menu.entries[14].line, 16);
}

#[test]
fn searches() {
    let mut memory = Memory::default();
    let first = memory.add(partition(1, "aaaa", "one"));
    let second = memory.add(partition(2, "bbbb", "two"));
    memory.file(first, "/k", b"");
    memory.file(second, "/k", b"");
    memory.file(second, "/mark", b"");
    let config = Location::new(first, "/grub/grub.cfg").unwrap();
    let script = |line: &str| alloc::format!("menuentry x {{ {line}; linux $where/k }}\n");
    for (line, expected) in [
        (
            "search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt1 --hint-future=x BBBB",
            "linux 1:/k [] ",
        ),
        ("search --set --label two", "linux 1:/k [] "),
        ("search --fs-uuid --set bbbb", "linux 1:/k [] "),
        ("search --file --set=root /mark", "linux 1:/k [] "),
        ("search --set=root -f --hint hd0,gpt2 /k", "linux 1:/k [] "),
        ("search --set=root -f --hint hd0,gpt9 /k", "linux /k [] "),
        ("search.fs_uuid bbbb root hd0,gpt1", "linux 1:/k [] "),
        ("search.fs_label two root", "linux 1:/k [] "),
        ("search.file /mark root", "linux 1:/k [] "),
        ("search.fs_uuid bbbb x; where=($x)", "linux 1:/k [] "),
        (
            "search.fs_uuid cccc root",
            "nothing: no device here has the file system UUID cccc, so the device of /k is not known",
        ),
        (
            "if search --fs-uuid --set=x cccc; then set root=hd0,gpt2; fi",
            "linux /k [] ",
        ),
        (
            "probe --set=u --fs-uuid (hd0,gpt2); search --set=root -u $u",
            "linux 1:/k [] ",
        ),
        (
            "regexp --set=1:d --set=2:p '^(hd.),(.*)$' hd0,gpt2; root=$d,$p",
            "linux 1:/k [] ",
        ),
    ] {
        memory.file(first, "/grub/grub.cfg", script(line).as_bytes());
        let menu = read(&memory, &config);
        assert_eq!(boots(&menu.entries[0]), expected, "{line}");
    }
}

#[test]
fn an_image_in_a_file() {
    let (mut memory, config) = disk(
        "menuentry x { loopback loop /x.iso; linux (loop)/k findiso=/x.iso; initrd (loop)/i }\n\
         menuentry y { loopback loop /y.iso; linux (loop)/k }",
        &["/x.iso", "/y.iso"],
    );
    let image = memory.add(Properties::default());
    memory.file(image, "/k", b"");
    memory.file(image, "/i", b"");
    memory.image(Location::new(config.device, "/x.iso").unwrap(), image);
    let menu = read(&memory, &config);
    assert_eq!(boots(&menu.entries[0]), "linux 1:/k [findiso=/x.iso] 1:/i");
    assert_eq!(
        boots(&menu.entries[1]),
        "nothing: the device (loop) is not known here"
    );
}

#[test]
fn submenus_see_exported_variables() {
    let menu = menu(
        "a=1; export b; b=2; function f { linux /vmlinuz $1 a=$a b=$b; }\n\
         submenu S --id s { c=3\n menuentry T --id t { f $c }\n submenu U { menuentry V { f $1 } } }\n\
         menuentry S { f x }\nmenuentry S { f y }\n",
    );
    assert_eq!(
        lines(&menu),
        [
            "S>T = linux /vmlinuz [3 a= b=2] ",
            "S>U>V = linux /vmlinuz [V a= b=2] ",
            "S = linux /vmlinuz [x a=1 b=2] ",
            "S#2 = linux /vmlinuz [y a=1 b=2] ",
        ]
    );
    assert_eq!(menu.entries[0].aliases, ["0>0", "s>t"]);
    assert_eq!(menu.entries[1].aliases, ["0>1>0", "s>U>V"]);
    assert_eq!(menu.default.unwrap().entry, 0);
}

#[test]
fn defaults() {
    let tail = "menuentry A --id a { halt }\nsubmenu B --id b { set default=1\n menuentry C { halt }\n menuentry D { halt } }\nmenuentry '2 E' { reboot }\nmenuentry 'F>G' { halt }\n";
    for (set, entry) in [
        ("", 0),
        ("default=1", 2),
        ("default='1>0'", 2),
        ("default=a", 0),
        ("default='b>C'", 2),
        ("default='2 E'", 3),
        ("default='F>>G'", 4),
        ("default=2x", 3),
        ("default=9", 0),
        ("default=0x2", 3),
    ] {
        let menu = menu(&alloc::format!("{set}\n{tail}"));
        assert_eq!(menu.default.unwrap().entry, entry, "{set}");
    }
    let menu = menu(
        "default=1; fallback='0 2'; timeout=-1\nmenuentry a { true }\nmenuentry b { linux /none }\nmenuentry c { halt }",
    );
    assert_eq!(menu.default.unwrap().entry, 2);
    assert_eq!(menu.timeout, Timeout::Never);
}

#[test]
fn passwords() {
    let menu = menu(
        "superusers=root; password_pbkdf2 root grub.x\n\
         menuentry a { halt }\nmenuentry b --unrestricted { halt }\nmenuentry c --users guest { halt }\n\
         submenu d { menuentry e --unrestricted { halt } }\nsubmenu f --unrestricted { menuentry g { halt }\n menuentry h --unrestricted { halt } }",
    );
    let open: Vec<&str> = menu
        .entries
        .iter()
        .filter(|entry| entry.boots == Boots::PowerOff)
        .map(|entry| &*entry.title)
        .collect();
    assert_eq!(open, ["b", "h"]);
    assert_eq!(
        boots(&menu.entries[0]),
        "nothing: GRUB starts it only for who gives a superuser's password"
    );
}

#[test]
fn other_files() {
    let (mut memory, config) = disk(
        "search.fs_uuid bbbb root\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
        &[],
    );
    let second = memory.add(partition(3, "bbbb", "boot"));
    memory.file(second, "/vmlinuz", b"");
    memory.file(
        second,
        "/grub/grub.cfg",
        b"timeout=3\nsource $config_directory/custom.cfg\nmenuentry a { linux /vmlinuz }\nmenuentry b { configfile /grub/more.cfg }\nmenuentry c { configfile /none.cfg }",
    );
    memory.file(second, "/grub/custom.cfg", b"default=a");
    memory.file(
        second,
        "/grub/more.cfg",
        b"menuentry m1 { halt }\nmenuentry m2 { linux /vmlinuz }",
    );
    let menu = read(&memory, &config);
    assert_eq!(
        lines(&menu),
        [
            "a = linux 1:/vmlinuz [] ",
            "b>m1 = PowerOff",
            "b>m2 = linux 1:/vmlinuz [] ",
            "c = nothing: it loads nothing"
        ]
    );
    assert_eq!(menu.timeout, Timeout::Tenths(30));
    assert_eq!(menu.config, config);
    assert_eq!(menu.entries[2].config.path, "/grub/more.cfg");
    assert_eq!(menu.entries[0].config.device, second);
}

#[test]
fn fedora() {
    let (mut memory, config) = disk(
        "set boot=hd0,gpt2\nset kernelopts=\"root=/dev/sda3 ro\"\nset tuned_params=nosmt\nset tuned_initrd=\ninsmod blscfg\nblscfg\n",
        &[
            "/vmlinuz-6.1",
            "/initramfs-6.1.img",
            "/vmlinuz-6.10",
            "/ucode",
        ],
    );
    let device = config.device;
    let entry = |version: &str, rest: &str| {
        alloc::format!(
            "title Fedora ({version})\nversion {version}\nlinux /vmlinuz-{version}\n{rest}"
        )
    };
    memory.file(device, "/loader/entries/id-6.1.conf", entry("6.1", "initrd /ucode\ninitrd /initramfs-6.1.img $tuned_initrd\noptions $kernelopts quiet $tuned_params \ngrub_class fedora\n").as_bytes());
    memory.file(
        device,
        "/loader/entries/id-6.10.conf",
        entry("6.10", "options root=x\n").as_bytes(),
    );
    memory.file(device, "/loader/entries/readme", b"");
    let menu = read(&memory, &config);
    assert_eq!(
        lines(&menu),
        [
            "Fedora (6.10) = linux /vmlinuz-6.10 [root=x] ",
            "Fedora (6.1) = linux /vmlinuz-6.1 [root=/dev/sda3 ro quiet nosmt] /ucode /initramfs-6.1.img",
        ]
    );
    assert_eq!(menu.entries[1].aliases, ["1", "id-6.1"]);
    assert_eq!(menu.entries[1].config.path, "/loader/entries/id-6.1.conf");
}

#[test]
fn a_configuration_without_a_menu() {
    let without = menu("linux /vmlinuz a\ninitrd /initrd\nboot\n");
    assert_eq!(lines(&without), ["boot = linux /vmlinuz [a] /initrd"]);
    assert_eq!(without.default.unwrap().entry, 0);
    assert!(menu("echo x\n").entries.is_empty());
}

#[test]
fn errors_cost_themselves() {
    let broken = menu("menuentry a { halt }\nif true; then }\nfi\nmenuentry b { halt }\n");
    assert_eq!(lines(&broken), ["a = PowerOff", "b = PowerOff"]);
    assert_eq!(broken.notes.len(), 2, "{:?}", broken.notes);
}
