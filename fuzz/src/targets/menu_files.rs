//! What the targets for other loaders' menus share. An input is the files, each of which
//! ends with a NUL.

use crate::input::Input;
use menus::memory::Memory;
use menus::menu::{Boots, Chain};
use menus::storage::{Device, Partition, Properties, Table};
use menus::{Location, Menu, Storage, limits};
use std::collections::BTreeSet;

/// Two disks, of which the first has two partitions, and the files of an input, under
/// these paths, on the device.
pub(super) fn disks(data: &[u8], device: Device, paths: &[&str]) -> Memory {
    let mut memory = Memory::default();
    for disk in 0..2 {
        memory.add(Properties {
            disk: Some(disk),
            uuid: Some(String::new()),
            label: Some(String::new()),
            ..Properties::default()
        });
    }
    for number in 1..=2 {
        memory.add(Properties {
            disk: Some(0),
            partition: Some(Partition {
                table: Table::Mbr,
                number,
                uuid: format!("0000abcd-{number:02}"),
                label: format!("p{number}"),
            }),
            uuid: Some(format!("uuid{number}")),
            label: Some(format!("label{number}")),
            ..Properties::default()
        });
    }
    let mut input = Input(data);
    for path in paths {
        memory.file(device, path, input.text());
    }
    memory
}

/// Asserts what holds for the menu of any files.
pub(super) fn check(memory: &Memory, menu: &Menu) {
    assert!(menu.entries.len() <= limits::ENTRIES + 1);
    let ids: BTreeSet<&str> = menu.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), menu.entries.len(), "two entries have one id");
    if let Some(default) = &menu.default {
        assert!(default.entry < menu.entries.len());
    }
    assert!(menu.writes.is_empty());
    let devices = memory.devices();
    let place = |at: &Location| {
        assert!(devices.contains(&at.device));
        assert_eq!(Location::new(at.device, &at.path).as_ref(), Some(at));
    };
    for entry in &menu.entries {
        place(&entry.config);
        assert!(entry.line > 0);
        let shown = [&entry.id, &entry.title];
        assert!(!shown.iter().any(|text| text.contains(char::is_control)));
        let line = |text: &str| assert!(!text.contains(['\n', '\0']), "{text:?}");
        match &entry.boots {
            Boots::Linux {
                kernel,
                initrds,
                cmdline,
            } => {
                place(kernel);
                initrds.iter().for_each(place);
                line(cmdline);
            }
            Boots::Multiboot {
                kernel,
                cmdline,
                modules,
                ..
            } => {
                place(kernel);
                line(cmdline);
                for module in modules {
                    place(&module.file);
                    line(&module.cmdline);
                }
            }
            Boots::Chain(Chain::File(file)) => place(file),
            Boots::Chain(Chain::Sector(device)) => assert!(devices.contains(device)),
            Boots::Nothing(reason) => assert!(!reason.is_empty()),
            Boots::Firmware | Boots::PowerOff | Boots::Restart => {}
        }
    }
}
