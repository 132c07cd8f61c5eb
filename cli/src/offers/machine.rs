//! What the disks of a machine offer, for the bridge.

use std::fs;
use std::path::{Path, PathBuf};

use bridge::offers::{Disk, Entry, Menu, Offers, Unread};
use kexec::Payload;
use menus::menu::{self, Boots, Loader};
use menus::storage::{Device, Location, Storage};
use volumes::Volumes;
use volumes::machine::Machine;

use super::counted;
use super::listed::{Listed, not_started};
use super::others::{From, Others};
use super::payload;
use super::tree::TreeMenu;
use crate::menu::MenuEntry;
use crate::system::running::System;

/// The disks of a machine, with their menus.
pub struct MachineOffers {
    machine: Machine,
    /// The directory of the devices.
    nodes: PathBuf,
    /// All devices, from the first disk.
    all: Volumes,
    /// What each disk offers.
    disks: Vec<Offer>,
    /// Where each menu that was given comes from.
    places: Vec<Place>,
}

/// Who started this kernel: EFI's stub has this number. kexec has another one, and the
/// variables are those of an earlier start then.
const LOADER: &str = "/proc/sys/kernel/bootloader_type";
const EFI_STUB: &str = "33";
/// The EFI variable of the Boot Loader Interface with the partition of the loader, which
/// systemd's stub sets if no loader did.
const EFI_MEDIUM: &str =
    "/sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// What a disk offers.
struct Offer {
    bls: Vec<TreeMenu>,
    others: Others,
}

/// Where a menu comes from: by the number of the disk, and of the menu there.
#[derive(Clone, Copy)]
enum Place {
    Bls(usize, usize),
    Other(usize, usize),
}

impl Default for MachineOffers {
    fn default() -> Self {
        let machine = Machine::default();
        let all = machine.all();
        Self {
            machine,
            nodes: PathBuf::new(),
            all,
            disks: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl Offers for MachineOffers {
    fn open(&mut self, disks: &[Disk]) -> Vec<Unread> {
        *self = Self::default();
        let mut unread = Vec::new();
        for (number, disk) in disks.iter().enumerate() {
            // A name may have a directory in it, as cciss/c0d0.
            let depth = disk.name.split('/').count();
            let nodes = disk.node.ancestors().nth(depth);
            self.nodes = nodes.map(Path::to_owned).unwrap_or_default();
            if let Err(failure) = self.machine.add(&disk.name, &disk.node) {
                unread.push(Unread {
                    disk: number,
                    partition: 0,
                    device: disk.name.clone(),
                    file_system: None,
                    reason: failure.to_string(),
                });
            }
        }
        unread.extend(self.machine.unread().into_iter().map(|unread| Unread {
            disk: unread.disk,
            partition: unread.partition,
            device: unread.device,
            file_system: unread.file_system,
            reason: unread.failure.to_string(),
        }));
        self.all = self.machine.all();
        unread
    }

    fn mounted(&mut self, unread: &Unread, at: PathBuf) -> Result<(), String> {
        let mounted = self.machine.mounted(unread.disk, unread.partition, &at);
        self.all = self.machine.all();
        mounted.map_err(|failure| format!("{} {}", unread.device, failure))
    }

    fn menus(&mut self, numbers: &[(u32, usize)]) -> Vec<Menu> {
        self.machine.number(numbers);
        (self.disks, self.places) = (Vec::new(), Vec::new());
        let mut menus = Vec::new();
        for disk in 0..self.machine.count() {
            let volumes = self.machine.seen_from(disk);
            let bls = TreeMenu::of_disk(&volumes);
            let others = Others::on(volumes, From::All);
            for (number, tree) in bls.iter().enumerate() {
                self.places.push(Place::Bls(disk, number));
                menus.push(of_bls(disk, tree));
            }
            for (number, menu) in others.menus.iter().enumerate() {
                self.places.push(Place::Other(disk, number));
                menus.push(of_other(disk, &others, menu));
            }
            self.disks.push(Offer { bls, others });
        }
        menus
    }

    fn configuration(&mut self, loader: Loader, at: &Location) -> Result<Menu, String> {
        let read = match loader {
            Loader::Grub => menus::grub::read,
            Loader::Syslinux => menus::syslinux::read,
            Loader::GrubLegacy => menus::grub_legacy::read,
        };
        let volumes = self.machine.seen_from(0);
        let menu = read(&volumes, at);
        if menu.entries.is_empty() {
            let reason = menu
                .notes
                .first()
                .map_or("it has no entries", String::as_str);
            return Err(format!("{}: {reason}", at.path));
        }
        let others = Others {
            volumes,
            menus: vec![menu],
        };
        let disk = self.disks.len();
        let found = others
            .menus
            .iter()
            .map(|menu| of_other(disk, &others, menu));
        let found = found.last().unwrap_or_default();
        self.places.push(Place::Other(disk, 0));
        self.disks.push(Offer {
            bls: Vec::new(),
            others,
        });
        Ok(found)
    }

    fn storage(&self) -> &dyn Storage {
        &self.all
    }

    fn called(&self, device: Device) -> String {
        self.all.called(device)
    }

    fn payload(&self, menu: usize, entry: usize, cmdline: Option<&str>) -> Result<Payload, String> {
        let gone = || "the entry is gone: choose another one".to_owned();
        let place = self.places.get(menu).ok_or_else(gone)?;
        let (Place::Bls(disk, number) | Place::Other(disk, number)) = *place;
        let offer = self.disks.get(disk).ok_or_else(gone)?;
        let volumes = &offer.others.volumes;
        let payload = match place {
            Place::Bls(..) => {
                let tree = offer.bls.get(number).ok_or_else(gone)?;
                let entry = tree.menu.entries.get(entry).ok_or_else(gone)?;
                payload::of_tree(volumes, tree, entry, cmdline)
            }
            Place::Other(..) => {
                let menu = offer.others.menus.get(number).ok_or_else(gone)?;
                let entry = menu.entries.get(entry).ok_or_else(gone)?;
                payload::of_entry(volumes, menu, entry, cmdline)
            }
        };
        payload.map_err(|error| error.to_string())
    }

    fn count(&mut self, menu: usize, entry: usize) -> Result<Option<Vec<u8>>, String> {
        let Some(Place::Bls(disk, number)) = self.places.get(menu).copied() else {
            return Ok(None);
        };
        let offer = self.disks.get(disk);
        let tree = offer.and_then(|offer| Some((&offer.others.volumes, offer.bls.get(number)?)));
        let Some((volumes, tree)) = tree else {
            return Ok(None);
        };
        let Some(entry) = tree.menu.entries.get(entry) else {
            return Ok(None);
        };
        let counted = counted::count(volumes, tree, entry, &self.nodes);
        counted.map_err(|error| format!("The attempt is not counted: {}: {error}", entry.path))
    }

    fn kernel(&self, title: &str, boots: &Boots) -> Result<Payload, String> {
        let payload = payload::of_boots(&self.all, title, boots);
        payload.map_err(|error| error.to_string())
    }

    fn medium(&self) -> Option<String> {
        let node = System::default().node().ok().flatten();
        let uuid = node.and_then(|node| Some(node.get("LoaderDevicePartUUID")?.to_lowercase()));
        uuid.or_else(efi_medium)
    }
}

/// The same, as a loader of UEFI leaves it.
fn efi_medium() -> Option<String> {
    let loader = fs::read_to_string(LOADER).ok()?;
    if loader.trim() != EFI_STUB {
        return None;
    }
    // Four bytes of attributes, then text in UTF-16.
    let value = fs::read(EFI_MEDIUM).ok()?;
    let units = value.get(4..)?.chunks_exact(2);
    let units: Vec<u16> = units
        .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
        .collect();
    let text = String::from_utf16_lossy(&units);
    Some(text.trim_end_matches('\0').to_lowercase())
}

/// A menu of the Boot Loader Specification.
fn of_bls(disk: usize, tree: &TreeMenu) -> Menu {
    let menu = &tree.menu;
    let mut entries = menu.entries.iter();
    let skipped = menu.skipped.iter().filter(|file| file.should_be_one);
    let skipped = skipped.map(|file| format!("{}: {}", file.path, file.problem));
    Menu {
        disk,
        heading: "Boot Loader Specification".to_owned(),
        default: entries.position(|entry| entry.is_default == Some(true)),
        entries: menu.entries.iter().map(bls_entry).collect(),
        notes: menu.problems.iter().cloned().chain(skipped).collect(),
    }
}

fn bls_entry(entry: &MenuEntry) -> Entry {
    let tries = entry.tries_left.map(|left| match entry.tries_done {
        Some(done) => format!("{left} left, {done} done"),
        None => format!("{left} left"),
    });
    let rows = [
        ("id", Some(entry.id.clone())),
        ("file", Some(format!("{} ({})", entry.path, entry.source))),
        ("title", entry.title.clone()),
        ("version", entry.version.clone()),
        ("machine-id", entry.machine_id.clone()),
        ("attempts", tries),
        ("linux", entry.linux.clone()),
        ("efi", entry.efi.clone()),
        ("uki", entry.uki.clone()),
    ];
    let rows = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let initrds = entry
        .initrd
        .iter()
        .map(|path| ("initrd".to_owned(), path.clone()));
    let options = entry
        .options
        .iter()
        .map(|line| ("options".to_owned(), line.clone()));
    let warnings = entry
        .warnings
        .iter()
        .map(|text| ("warning".to_owned(), text.clone()));
    Entry {
        id: entry.id.clone(),
        title: entry.show_title.clone(),
        is_counted: entry.tries_left.is_some(),
        cmdline: Ok(entry.options.clone().unwrap_or_default()),
        details: rows.chain(initrds).chain(options).chain(warnings).collect(),
    }
}

/// A menu of another loader.
fn of_other(disk: usize, others: &Others, menu: &menu::Menu) -> Menu {
    let listed = Listed::all(&others.volumes, menu);
    let entries = menu.entries.iter().zip(listed);
    Menu {
        disk,
        heading: others.heading(menu),
        default: menu.default.as_ref().map(|default| default.entry),
        entries: entries
            .map(|(entry, listed)| other_entry(others, menu, entry, listed))
            .collect(),
        notes: menu.notes.clone(),
    }
}

fn other_entry(others: &Others, menu: &menu::Menu, entry: &menu::Entry, listed: Listed) -> Entry {
    let cmdline = match &entry.boots {
        Boots::Linux { cmdline, .. } | Boots::Multiboot { cmdline, .. } => Ok(cmdline.clone()),
        other => Err(not_started(&others.volumes, menu, other).unwrap_or_default()),
    };
    let mut details = vec![
        ("id", listed.id.clone()),
        ("menu", others.heading(menu)),
        ("line", listed.line.to_string()),
    ];
    details.extend(listed.linux.map(|path| ("linux", path)));
    details.extend(listed.multiboot.map(|path| ("multiboot", path)));
    details.extend(listed.initrd.into_iter().map(|path| ("initrd", path)));
    details.extend(listed.modules.into_iter().map(|module| ("module", module)));
    details.extend(listed.options.map(|line| ("options", line)));
    details.extend(listed.warnings.into_iter().map(|text| ("warning", text)));
    Entry {
        id: listed.id,
        title: listed.title,
        is_counted: false,
        cmdline,
        details: details
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}
