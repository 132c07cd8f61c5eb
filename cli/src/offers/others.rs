//! The menus of other loaders on a disk or in a mounted tree.

use std::path::Path;

use clap::ValueEnum;
use menus::menu::{Loader, Menu};
use menus::storage::{Device, Failure, Location, Storage};
use volumes::Volumes;

use crate::disk;
use crate::error::Error;

/// Names in a directory that are looked at, and paths of one pattern.
const MOST_NAMES: usize = 256;

/// Whose menus are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// Entries of the Boot Loader Specification.
    Bls,
    /// GRUB's, and GRUB Legacy's.
    Grub,
    /// SYSLINUX's, ISOLINUX's, EXTLINUX's and PXELINUX's.
    Syslinux,
    /// All of them.
    All,
}

impl From {
    /// Whether entries of the Boot Loader Specification are wanted.
    pub fn has_bls(self) -> bool {
        matches!(self, Self::Bls | Self::All)
    }

    /// Whether a loader's menus are wanted.
    pub fn has(self, loader: Loader) -> bool {
        match self {
            Self::Bls => false,
            Self::Grub => matches!(loader, Loader::Grub | Loader::GrubLegacy),
            Self::Syslinux => loader == Loader::Syslinux,
            Self::All => true,
        }
    }
}

/// How the menus of a loader are found on a device and read.
struct Reader {
    loader: Loader,
    places: fn(&dyn Storage, Device) -> Vec<Location>,
    read: fn(&dyn Storage, &Location) -> Menu,
}

/// In the order in which they are listed.
const READERS: [Reader; 3] = [
    Reader {
        loader: Loader::Grub,
        places: grub,
        read: menus::grub::read,
    },
    Reader {
        loader: Loader::Syslinux,
        places: menus::syslinux::places,
        read: menus::syslinux::read,
    },
    Reader {
        loader: Loader::GrubLegacy,
        places: grub_legacy,
        read: menus::grub_legacy::read,
    },
];

/// GRUB's configurations on a device: each installation has its own.
fn grub(storage: &dyn Storage, device: Device) -> Vec<Location> {
    let places = menus::grub::PLACES.iter();
    let places = places.flat_map(|place| matching(storage, device, place));
    places.filter(|file| file.is_file(storage)).collect()
}

/// GRUB Legacy's configuration: the first one, to which others are often links.
fn grub_legacy(storage: &dyn Storage, device: Device) -> Vec<Location> {
    let places = menus::grub_legacy::PLACES.iter();
    let mut places = places.filter_map(|place| Location::new(device, place));
    let first = places.find(|file| file.is_file(storage));
    first.into_iter().collect()
}

/// The paths that a pattern stands for, in which `*` is any name of a directory.
fn matching(storage: &dyn Storage, device: Device, pattern: &str) -> Vec<Location> {
    let mut found: Vec<Location> = Location::new(device, "/").into_iter().collect();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let below = |folder: &Location| match part {
            "*" => {
                let names = storage.directory(folder, MOST_NAMES).unwrap_or_default();
                names.iter().filter_map(|name| folder.join(name)).collect()
            }
            name => Vec::from_iter(folder.join(name)),
        };
        found = found.iter().flat_map(below).take(MOST_NAMES).collect();
    }
    found
}

/// Leaves out menus that only pass on to others, as the configuration on an EFI system
/// partition that reads the one in `/boot`: their entries are the same.
fn without_twins(menus: Vec<Menu>) -> Vec<Menu> {
    let mut kept: Vec<Menu> = Vec::new();
    for menu in menus {
        let is_own = |menu: &Menu| {
            let mut entries = menu.entries.iter();
            entries.any(|entry| entry.config == menu.config)
        };
        let twin = kept.iter_mut().find(|other| {
            !menu.entries.is_empty() && other.loader == menu.loader && other.entries == menu.entries
        });
        match twin {
            None => kept.push(menu),
            Some(twin) if is_own(&menu) && !is_own(twin) => *twin = menu,
            Some(_) => {}
        }
    }
    kept
}

/// The menus of other loaders.
pub struct Others {
    /// Where they come from.
    pub volumes: Volumes,
    /// The menus, in the order of the devices.
    pub menus: Vec<Menu>,
}

impl Others {
    /// Looks for menus on a disk, in an image or in a mounted tree.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn of(path: &Path, from: From) -> Result<Self, Error> {
        if path.is_file() {
            // Its bytes would be taken for a disk's.
            disk::device::check_container(path)?;
        }
        let volumes = Volumes::open(path).map_err(Error::failed)?;
        Ok(Self::on(volumes, from))
    }

    /// Looks for menus on these devices.
    pub fn on(volumes: Volumes, from: From) -> Self {
        let mut menus = Vec::new();
        for device in volumes.with_menus() {
            for reader in READERS.iter().filter(|reader| from.has(reader.loader)) {
                let places = (reader.places)(&volumes, device);
                menus.extend(places.iter().map(|config| (reader.read)(&volumes, config)));
            }
        }
        Self {
            menus: without_twins(menus),
            volumes,
        }
    }

    /// The file systems on which there may be a menu, but which are not read here: a
    /// sentence for each.
    pub fn unread(&self) -> Vec<String> {
        let devices = self.volumes.with_menus().into_iter();
        let unread = devices.filter_map(|device| {
            let called = self.volumes.called(device);
            Some(match self.volumes.problem(device)? {
                Failure::Unsupported(text) => format!("{called}: {text}"),
                failure => format!("{called} {}", failure),
            })
        });
        unread.collect()
    }

    /// What should be known of the menus as wholes: a sentence for each.
    pub fn notes(&self) -> Vec<String> {
        let notes = self.menus.iter().flat_map(|menu| {
            let of_menu = |note: &String| format!("{}: {note}", self.place(menu));
            menu.notes.iter().map(of_menu)
        });
        notes.collect()
    }

    /// Whose menu it is, and where, for a person.
    pub fn heading(&self, menu: &Menu) -> String {
        format!("{}: {}", loader(menu.loader), self.place(menu))
    }

    /// The configuration file of a menu, with its device, if others may have menus too.
    fn place(&self, menu: &Menu) -> String {
        match self.volumes.with_menus().len() {
            0 | 1 => menu.config.path.clone(),
            _ => {
                let called = self.volumes.called(menu.config.device);
                format!("{} ({called})", menu.config.path)
            }
        }
    }
}

/// A loader's name for a person.
pub fn loader(loader: Loader) -> &'static str {
    match loader {
        Loader::Grub => "GRUB",
        Loader::Syslinux => "SYSLINUX",
        Loader::GrubLegacy => "GRUB Legacy",
    }
}
