//! Tests of whole configurations. Those against GRUB itself are in the folder `tests` of
//! the crate.
//!
//! | module | content |
//! |---|---|
//! | [`language`] | what scripts print |
//! | [`menus`] | what configurations boot |
//! | [`hostile`] | limits |

mod hostile;
mod language;
mod menus;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::memory::Memory;
use crate::menu::{Boots, Chain, Entry, Menu};
use crate::storage::{Device, Location, Partition, Properties, Table};

/// A disk with a partition of each kind that configurations speak of.
pub(super) fn partition(number: u32, uuid: &str, label: &str) -> Properties {
    Properties {
        disk: Some(0),
        partition: Some(Partition {
            table: Table::Gpt,
            number,
            uuid: alloc::format!("part-{number}"),
            label: String::new(),
        }),
        file_system: Some("ext2".to_string()),
        label: Some(label.to_string()),
        uuid: Some(uuid.to_string()),
        subtree: None,
    }
}

/// One partition with files, and the configuration.
pub(super) fn disk(config: &str, files: &[&str]) -> (Memory, Location) {
    let mut memory = Memory::default();
    let device = memory.add(partition(2, "1234-abcd", "root"));
    for file in files {
        memory.file(device, file, b"x");
    }
    let at = Location::new(device, "/boot/grub/grub.cfg").unwrap();
    memory.file(device, &at.path, config.as_bytes());
    (memory, at)
}

/// The menu of a configuration on a disk with kernels and initrds.
pub(super) fn menu(config: &str) -> Menu {
    let files = [
        "/vmlinuz",
        "/initrd",
        "/initrd2",
        "/boot/vmlinuz",
        "/boot/initrd",
        "/xen.gz",
    ];
    let (memory, at) = disk(config, &files);
    super::read(&memory, &at)
}

fn place(at: &Location) -> String {
    match at.device {
        Device(0) => at.path.clone(),
        Device(number) => alloc::format!("{number}:{}", at.path),
    }
}

/// What an entry boots, on one line.
pub(super) fn boots(entry: &Entry) -> String {
    match &entry.boots {
        Boots::Linux {
            kernel,
            initrds,
            cmdline,
        } => {
            let initrds: Vec<String> = initrds.iter().map(place).collect();
            alloc::format!("linux {} [{cmdline}] {}", place(kernel), initrds.join(" "))
        }
        Boots::Multiboot {
            version,
            kernel,
            cmdline,
            modules,
        } => {
            let module = |module: &crate::menu::Module| {
                alloc::format!(" {} [{}]", place(&module.file), module.cmdline)
            };
            let modules: String = modules.iter().map(module).collect();
            alloc::format!("multiboot{version} {} [{cmdline}]{modules}", place(kernel))
        }
        Boots::Chain(Chain::Sector(device)) => alloc::format!("sector {}", device.0),
        Boots::Chain(Chain::File(file)) => alloc::format!("file {}", place(file)),
        Boots::Nothing(reason) => alloc::format!("nothing: {reason}"),
        other => alloc::format!("{other:?}"),
    }
}

/// Every entry: its way and what it boots.
pub(super) fn lines(menu: &Menu) -> Vec<String> {
    let line = |entry: &Entry| alloc::format!("{} = {}", entry.id, boots(entry));
    menu.entries.iter().map(line).collect()
}
