//! What an image's own menus start, and by what the bridge finds its disk again.

use std::path::Path;

use menus::menu::{Boots, Entry, Menu};
use menus::storage::{Device, Kind, Location, Storage};
use serde::Serialize;
use volumes::bytes::read;

use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::menu;
use crate::number::to_usize;
use crate::offers::listed::not_started;
use crate::offers::{From, Others};
use crate::uki::pe::Pe;

/// Bytes at the start of a kernel in which its headers are.
const HEAD: u64 = 32 << 10;

/// What an image offers to boot.
pub struct Offer {
    /// The entries of all menus.
    pub entries: Vec<Offered>,
    /// The disk's name for the bridge, as `UUID=…`.
    pub device: Option<String>,
    /// What should be known: sentences.
    pub notes: Vec<String>,
}

/// An entry of a menu.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Whose menu it is, and where.
    pub menu: String,
    /// Its id, as `gapboot list` shows it.
    pub id: String,
    /// Its text in the menu.
    pub title: String,
    /// It starts when nobody chooses.
    pub is_default: bool,
    /// Why the bridge cannot start it; absent if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Reads the menus of an image as the bridge will.
///
/// # Errors
/// It cannot be opened.
pub fn offer(image: &Path) -> Result<Offer, Error> {
    let others = Others::of(image, From::All)?;
    let mut entries = bls(image);
    let mut notes = Vec::new();
    let mut device = None;
    for menu in &others.menus {
        let default = menu.default.as_ref().map(|default| default.entry);
        let heading = others.heading(menu);
        let offered = menu
            .entries
            .iter()
            .enumerate()
            .map(|(place, entry)| Offered {
                menu: heading.clone(),
                id: entry.id.clone(),
                title: entry.title.clone(),
                is_default: default == Some(place),
                problem: problem(&others, menu, entry),
            });
        let offered: Vec<_> = offered.collect();
        if device.is_none() && offered.iter().any(|entry| entry.problem.is_none()) {
            device = name(&others, menu.config.device);
        }
        entries.extend(offered);
    }
    // The entries of the Boot Loader Specification have a menu that names no device.
    let mut devices = others.volumes.devices().into_iter();
    let device = device.or_else(|| devices.find_map(|device| name(&others, device)));
    notes.extend(others.unread());
    notes.extend(others.notes());
    Ok(Offer {
        entries,
        device,
        notes,
    })
}

/// The entries of the Boot Loader Specification.
fn bls(image: &Path) -> Vec<Offered> {
    let menu = Disk::open(image, Access::Read).and_then(menu::Menu::of);
    let entries = menu.map(|menu| menu.entries).unwrap_or_default();
    let offered = entries.into_iter().map(|entry| Offered {
        menu: "Boot Loader Specification".to_owned(),
        is_default: entry.is_default == Some(true),
        id: entry.id,
        title: entry.show_title,
        problem: None,
    });
    offered.collect()
}

/// The name by which the bridge finds a device on any machine, as a disk and as a CD.
fn name(others: &Others, device: Device) -> Option<String> {
    let properties = others.volumes.properties(device);
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let partition = properties.partition.map(|partition| partition.uuid);
    let uuid = filled(properties.uuid).map(|uuid| format!("UUID={uuid}"));
    let uuid = uuid.or_else(|| filled(partition).map(|uuid| format!("PARTUUID={uuid}")));
    uuid.or_else(|| filled(properties.label).map(|label| format!("LABEL={label}")))
}

/// Why the bridge cannot start an entry.
fn problem(others: &Others, menu: &Menu, entry: &Entry) -> Option<String> {
    match &entry.boots {
        Boots::Linux {
            kernel, initrds, ..
        } => kernel_problem(others, kernel).or_else(|| missing(others, initrds.iter())),
        Boots::Multiboot {
            kernel, modules, ..
        } => {
            let modules = modules.iter().map(|module| &module.file);
            kernel_problem(others, kernel).or_else(|| missing(others, modules))
        }
        other => not_started(&others.volumes, menu, other),
    }
}

/// The first file that is not there.
fn missing<'f>(others: &Others, mut files: impl Iterator<Item = &'f Location>) -> Option<String> {
    files.find_map(|file| match others.volumes.kind(file) {
        Ok(Kind::File { .. }) => None,
        Ok(Kind::Directory) => Some(format!("{} is a directory.", file.path)),
        Err(failure) => Some(format!("{} {}.", file.path, failure)),
    })
}

/// Why a file is no kernel that kexec starts.
fn kernel_problem(others: &Others, at: &Location) -> Option<String> {
    let file = match others.volumes.file(at) {
        Ok(file) => file,
        Err(failure) => return Some(format!("{} {}.", at.path, failure)),
    };
    let size = file.size();
    let head = match read(&*file, 0, to_usize(size.min(HEAD))) {
        Ok(head) => head,
        Err(error) => return Some(format!("{} cannot be read: {error}.", at.path)),
    };
    // What is compressed is looked at when it is started.
    if head.starts_with(b"\x1f\x8b") {
        return None;
    }
    if head.get(0x202..0x206) == Some(b"HdrS") {
        let error = kexec::check(&head, size).err()?;
        return Some(format!("{}: {error}.", at.path));
    }
    let is_image = Pe::parse(&head, &at.path)
        .is_ok_and(|pe| pe.sections.iter().any(|section| section.name() == ".linux"));
    match is_image || kexec::multiboot::is_kernel(&head) {
        true => None,
        false => Some(format!(
            "{} is no kernel that kexec starts, such as Linux.",
            at.path
        )),
    }
}

impl Offer {
    /// The words on the bridge's command line by which it finds this image, and starts
    /// `entry` if one is named.
    ///
    /// # Errors
    /// There is nothing that the bridge can start, no such entry, or nothing by which the
    /// image is known.
    pub fn words(&self, entry: Option<&str>) -> Result<String, Error> {
        let starts = |offered: &&Offered| offered.problem.is_none();
        if !self.entries.iter().any(|offered| starts(&offered)) {
            return Err(self.nothing_to_start());
        }
        let device = self.device.as_ref().ok_or_else(|| {
            Error::failed(
                "nothing tells this image from others: its file system has neither a UUID nor a \
                 label. Give it a label first",
            )
        })?;
        let mut words = word("device", device)?;
        if let Some(id) = entry {
            let mut entries = self.entries.iter().filter(|offered| offered.id == id);
            let found = entries.next().ok_or_else(|| {
                Error::failed(format!(
                    "there is no entry {id}: choose one that `gapboot list` shows"
                ))
            })?;
            if let Some(problem) = &found.problem {
                let problem = problem.trim_end_matches('.');
                return Err(Error::failed(format!(
                    "the bridge cannot start {id}: {problem}; choose another entry"
                )));
            }
            words += &format!(" {}", word("default", id)?);
        }
        Ok(words)
    }

    /// Why there is nothing for the bridge.
    fn nothing_to_start(&self) -> Error {
        let mut problems = self.entries.iter().filter_map(|offered| {
            let problem = offered.problem.as_ref()?.trim_end_matches('.');
            Some(format!("{}: {problem}", offered.id))
        });
        Error::failed(match problems.next() {
            None => "it has no menu of GRUB, SYSLINUX, ISOLINUX, EXTLINUX or of the Boot Loader \
                     Specification that can be read, so the bridge would have nothing to start"
                .to_owned(),
            Some(first) => format!(
                "its menu has no entry that starts a kernel, and the bridge starts nothing else \
                 ({first}; `gapboot adapt --inspect` shows all)"
            ),
        })
    }

    /// What will start when nobody chooses: nothing if the menu waits.
    pub fn default(&self, entry: Option<&str>) -> Option<&Offered> {
        let mut entries = self.entries.iter();
        match entry {
            Some(id) => entries.find(|offered| offered.id == id),
            None => entries.find(|offered| offered.is_default && offered.problem.is_none()),
        }
    }
}

/// An option of the bridge as Linux takes it from a command line.
fn word(key: &str, value: &str) -> Result<String, Error> {
    if value.contains(['"', '\n', '\0']) {
        return Err(Error::failed(format!(
            "{value} cannot stand on a command line, because of the quotation mark in it: choose \
             another name for it"
        )));
    }
    let word = format!("gapboot.{key}={value}");
    Ok(match word.contains(char::is_whitespace) {
        true => format!("\"{word}\""),
        false => word,
    })
}
