//! GRUB Legacy's configurations against `grub-menulst2cfg`: the same titles with the same
//! kernels, initrds and command lines.
//!
//! GRUB 2 counts partitions from 1 and so do both sides here: `(hd0,1)/path`. The
//! converter says nothing of multiboot kernels (it leaves it to GRUB to look at the
//! kernel), so those are compared as if they were Linux with the modules as initrds. Two
//! more things differ, and are left out:
//!
//! * A title with BSD's slices, `(hd0,2,a)`: nothing of gapboot starts from those.
//! * A line that a backslash joins with the next: the converter does not join them.

use crate::SEEDS;
use crate::random::Random;
use crate::script::{self, Boot, words};
use anyhow::Result;
use menus::memory::Memory;
use menus::menu::Boots;
use menus::storage::{Partition, Properties, Table};
use menus::{Location, Storage, search};
use std::fs;
use tests::debian;
use tests::tool::{command, run};

const DISKS: u32 = 3;
const PARTITIONS: u32 = 6;
/// The menu's partition, (hd0,1).
const OWN: &str = "hd0,1";

/// Disks with partitions, and nothing on them.
fn disks() -> Memory {
    let mut memory = Memory::default();
    for disk in 0..DISKS {
        memory.add(Properties {
            disk: Some(disk),
            ..Properties::default()
        });
        for number in 1..=PARTITIONS {
            memory.add(Properties {
                disk: Some(disk),
                partition: Some(Partition {
                    table: Table::Mbr,
                    number,
                    uuid: String::new(),
                    label: String::new(),
                }),
                ..Properties::default()
            });
        }
    }
    memory
}

fn by_grub(text: &str) -> Result<Vec<Boot>> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), text)?;
    let script = run(command("grub-menulst2cfg").arg(file.path()))?;
    Ok(script::entries(&script))
}

fn by_us(text: &str) -> Vec<Boot> {
    let mut memory = disks();
    let own = search::by_name(&memory, OWN).unwrap();
    let config = Location::new(own, "/boot/grub/menu.lst").unwrap();
    memory.file(own, &config.path, text.as_bytes());
    let menu = menus::grub_legacy::read(&memory, &config);
    let named = |file: &Location| named(&memory, file);
    let boots = menu.entries.iter().filter_map(|entry| {
        let (kernel, initrds, cmdline) = match &entry.boots {
            Boots::Linux {
                kernel,
                initrds,
                cmdline,
            } => (kernel, initrds.iter().map(named).collect(), cmdline),
            Boots::Multiboot {
                kernel,
                modules,
                cmdline,
                ..
            } => {
                let files = modules.iter().map(|module| named(&module.file));
                (kernel, files.collect(), cmdline)
            }
            _ => return None,
        };
        Some(Boot {
            name: entry.title.clone(),
            kernel: named(kernel),
            initrds,
            cmdline: words(cmdline),
        })
    });
    boots.collect()
}

/// `(hd0,1)/path`; a path of the menu's own device has no device in front, as in what
/// the converter writes without `root`.
fn named(memory: &Memory, file: &Location) -> String {
    let properties = memory.properties(file.device);
    match (properties.disk, properties.partition) {
        (Some(disk), Some(partition)) => {
            format!("(hd{disk},{}){}", partition.number, file.path)
        }
        _ => file.path.clone(),
    }
}

/// What the converter finds, with the device of the menu where it names none.
fn with_root(boots: Vec<Boot>) -> Vec<Boot> {
    let full = |path: String| match path.starts_with('/') {
        true => format!("({OWN}){path}"),
        false => path,
    };
    let full = |boot: Boot| Boot {
        kernel: full(boot.kernel),
        initrds: boot.initrds.into_iter().map(full).collect(),
        ..boot
    };
    boots.into_iter().map(full).collect()
}

fn assert_same(text: &str, what: &str) {
    let grub = with_root(by_grub(text).unwrap());
    assert!(!grub.is_empty(), "{what}");
    assert_eq!(by_us(text), grub, "{what}:\n{text}");
}

/// The example in the package of GRUB Legacy.
#[test]
fn the_example() {
    let package = debian::package("grub-legacy").unwrap();
    let example = package.join("usr/share/doc/grub-legacy/examples/menu.lst");
    let text = fs::read_to_string(example).unwrap();
    // The BSDs.
    let titles: Vec<&str> = text.split("\ntitle ").collect();
    let kept = titles.into_iter().filter(|title| !title.contains(",a)"));
    let kept: Vec<&str> = kept.filter(|title| !title.contains("(fd0)")).collect();
    assert_same(&kept.join("\ntitle "), "the example");
}

/// live-build's template, with the lines that it fills in.
#[test]
fn live_builds_template() {
    let package = debian::package("live-build").unwrap();
    let template = package.join("usr/share/live/build/bootloaders/grub-legacy/menu.lst");
    let text = fs::read_to_string(template).unwrap();
    let live = "title\t\tDebian GNU/Linux - live\nkernel\t\t/live/vmlinuz boot=live\n\
                initrd\t\t/live/initrd.img\n";
    let text = text
        .replace("LINUX_LIVE", live)
        .replace("LINUX_INSTALL", "")
        .replace("MEMTEST", "");
    assert_same(&text, "live-build");
}

fn generated(random: &mut Random) -> String {
    const TITLES: &[&str] = &[
        "a",
        "Debian GNU/Linux, kernel 2.6",
        "it's",
        "a  b",
        "é",
        "$x",
    ];
    const WORDS: &[&str] = &[
        "ro",
        "quiet",
        "root=/dev/sda1",
        "x=\"a",
        "b\"",
        "$x",
        "a\\b",
        "it's",
        "é",
    ];
    let mut text = String::from("default 0\ntimeout=5\ncolor cyan/blue white/blue\n# c\n\n");
    let between = |random: &mut Random| random.one_of(&[" ", "\t", "  ", "=", " = "]);
    for number in 0..1 + random.below(6) {
        text += &format!(
            "title{}{} {number}\n",
            between(random),
            random.one_of(TITLES)
        );
        if random.once_in(2) {
            text += random.one_of(&["root", "rootnoverify"]);
            text += &format!("{}{}\n", between(random), device(random));
        }
        text += random.one_of(&["", "quiet\n", "# c\n", "makeactive\n", "savedefault\n"]);
        text += &format!("kernel{}{}", between(random), file(random));
        for _ in 0..random.below(6) {
            text += random.one_of(&[" ", "  ", "\t"]);
            text += random.one_of(WORDS);
        }
        text += "\n";
        match random.below(3) {
            0 => {}
            1 => text += &format!("initrd{}{}\n", between(random), file(random)),
            _ => {
                for _ in 0..1 + random.below(3) {
                    text += &format!("module{}{} x y\n", between(random), file(random));
                }
            }
        }
        text += random.one_of(&["", "\n", "boot\n", "# c\n"]);
    }
    text
}

fn device(random: &mut Random) -> String {
    let disk = random.below(DISKS as usize);
    format!("(hd{disk},{})", random.below(PARTITIONS as usize))
}

fn file(random: &mut Random) -> String {
    let device = match random.once_in(3) {
        true => device(random),
        false => String::new(),
    };
    device + random.one_of(&["/k", "/boot/vmlinuz-2.6.32-5-amd64", "/a/b/c.gz"])
}

#[test]
fn generated_configurations() {
    for seed in 0..SEEDS {
        assert_same(&generated(&mut Random::new(seed)), &format!("seed {seed}"));
    }
}
