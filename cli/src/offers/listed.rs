//! Another loader's entry with its keys in JSON, and as a table for a person.

use std::io::Write;

use menus::menu::{Boots, Chain, Entry, Loader, Menu, Module};
use menus::storage::Location;
use serde::Serialize;
use volumes::Volumes;

use super::others::Others;
use crate::printable::printable;

/// An entry of another loader's menu.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// `grub`, `syslinux` or `grub-legacy`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The configuration file that the loader reads first.
    pub source: String,
    /// The way to it through the menu.
    pub id: String,
    /// As the loader shows it.
    pub title: String,
    /// The command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// The kernel, from the root of its file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux: Option<String>,
    /// The initrds, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub initrd: Vec<String>,
    /// A kernel with a Multiboot header, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiboot: Option<String>,
    /// What such a kernel gets: each a file, and after a space its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// The line on which it begins, in the file in which it stands.
    pub line: u32,
    /// Whether it starts when nobody chooses; absent where no entry does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// What it does not start, or what was not understood, as sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Listed {
    /// All entries of a menu.
    pub fn all(volumes: &Volumes, menu: &Menu) -> Vec<Self> {
        let entries = menu.entries.iter().enumerate();
        let listed = entries.map(|(place, entry)| {
            let default = menu.default.as_ref();
            let is_default = default.map(|default| default.entry == place);
            Self::of(volumes, menu, entry, is_default)
        });
        listed.collect()
    }

    fn of(volumes: &Volumes, menu: &Menu, entry: &Entry, is_default: Option<bool>) -> Self {
        let mut listed = Self {
            kind: match menu.loader {
                Loader::Grub => "grub",
                Loader::Syslinux => "syslinux",
                Loader::GrubLegacy => "grub-legacy",
            },
            source: menu.config.path.clone(),
            id: entry.id.clone(),
            title: entry.title.clone(),
            options: None,
            linux: None,
            initrd: Vec::new(),
            multiboot: None,
            modules: Vec::new(),
            line: entry.line,
            is_default,
            warnings: Vec::new(),
        };
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        match &entry.boots {
            Boots::Linux {
                kernel,
                initrds,
                cmdline,
            } => {
                listed.linux = Some(kernel.path.clone());
                listed.initrd = initrds.iter().map(|initrd| initrd.path.clone()).collect();
                listed.options = text(cmdline);
            }
            Boots::Multiboot {
                kernel,
                cmdline,
                modules,
                ..
            } => {
                listed.multiboot = Some(kernel.path.clone());
                listed.modules = modules.iter().map(module).collect();
                listed.options = text(cmdline);
            }
            other => listed.warnings.extend(not_started(volumes, menu, other)),
        }
        listed
            .warnings
            .extend(entry.notes.iter().map(|note| format!("{note}.")));
        listed
    }
}

/// A module's file, and its arguments.
fn module(module: &Module) -> String {
    match module.cmdline.as_str() {
        "" => module.file.path.clone(),
        cmdline => format!("{} {cmdline}", module.file.path),
    }
}

/// Why kexec does not start it, as a sentence; nothing for a kernel.
pub fn not_started(volumes: &Volumes, menu: &Menu, boots: &Boots) -> Option<String> {
    Some(match boots {
        Boots::Linux { .. } | Boots::Multiboot { .. } => return None,
        Boots::Nothing(reason) => format!("{reason}."),
        Boots::Chain(Chain::Sector(device)) => {
            let called = volumes.called(*device);
            format!("the boot loader in the first sector of {called}: kexec starts kernels only.")
        }
        Boots::Chain(Chain::File(file)) => {
            let file = place(volumes, menu, file);
            format!("the boot loader {file}: kexec starts kernels only.")
        }
        Boots::Firmware => "the setup of the firmware: kexec starts kernels only.".to_owned(),
        Boots::PowerOff => "turns the machine off.".to_owned(),
        Boots::Restart => "restarts the machine.".to_owned(),
    })
}

/// A file for a person: with its device, if that is not the one of the configuration.
fn place(volumes: &Volumes, menu: &Menu, file: &Location) -> String {
    match file.device == menu.config.device {
        true => file.path.clone(),
        false => format!("{} ({})", file.path, volumes.called(file.device)),
    }
}

/// Writes a menu for a person.
///
/// # Errors
/// Those of `out`.
pub fn write(others: &Others, menu: &Menu, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}", printable(&others.heading(menu)))?;
    if menu.entries.is_empty() {
        writeln!(out, "  -  no entries")?;
    }
    let listed = Listed::all(&others.volumes, menu);
    for ((entry, listed), number) in menu.entries.iter().zip(listed).zip(1..) {
        let once = menu.default.as_ref().is_some_and(|default| default.once);
        let mark = match listed.is_default {
            Some(true) if once => " (default, once)",
            Some(true) => " (default)",
            _ => "",
        };
        writeln!(out, "{number:3}  {}{mark}", printable(&listed.title))?;
        let mut rows = vec![("id", listed.id)];
        match &entry.boots {
            Boots::Linux { kernel, .. } => {
                rows.push(("kernel", place(&others.volumes, menu, kernel)));
            }
            Boots::Multiboot { kernel, .. } => {
                let kernel = place(&others.volumes, menu, kernel);
                rows.push(("kernel", format!("{kernel}, by Multiboot")));
            }
            _ => {}
        }
        rows.extend(
            listed
                .warnings
                .into_iter()
                .map(|warning| ("warning", warning)),
        );
        for (name, value) in rows {
            writeln!(out, "     {name:<9}{}", printable(&value))?;
        }
    }
    Ok(())
}
