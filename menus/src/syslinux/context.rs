//! Where a command stands, and what it may ask.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::locate::locate;
use super::places::is_pxelinux;
use super::tree::{Config, Tree};
use super::words::{split, words};
use crate::menu::{Boots, Chain};
use crate::reading::Notes;
use crate::search;
use crate::storage::{Location, Storage};

/// Where a command stands.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) tree: &'a Tree,
    pub(super) config: &'a Config,
    /// How many commands led here: one may run another.
    pub(super) depth: u32,
}

/// What becomes of a command.
pub(super) enum Outcome {
    Boots(Boots),
    /// It opens another configuration.
    Link(Link),
}

/// Another configuration.
pub(super) struct Link {
    pub(super) files: Vec<Location>,
    /// The file that `~` names there.
    pub(super) main: Location,
    /// Where its paths begin.
    pub(super) folder: Location,
}

/// Initrds or modules of one entry.
pub(super) const FILES: usize = 64;

pub(super) fn nothing(reason: impl Into<String>) -> Outcome {
    Outcome::Boots(Boots::Nothing(reason.into()))
}

impl Context<'_> {
    /// Whether PXELINUX reads the configuration.
    pub(super) fn is_pxelinux(&self) -> bool {
        self.config.files.iter().any(is_pxelinux)
    }

    /// The file that the configuration names.
    pub(super) fn file(&self, name: &str) -> Result<Location, String> {
        locate(self.storage, &self.config.folder, name)
    }

    /// Linux with these initrds.
    pub(super) fn linux_with<'b>(
        &self,
        name: &str,
        cmdline: String,
        initrds: impl Iterator<Item = &'b str>,
        notes: &mut Notes,
    ) -> Boots {
        let named = initrds.filter(|name| !name.is_empty());
        let named: Vec<&str> = named.take(FILES.saturating_add(1)).collect();
        if named.len() > FILES {
            return Boots::Nothing(format!("it has more than {FILES} initrds"));
        }
        let named = named.into_iter();
        let initrds: Result<Vec<_>, _> = named.map(|name| self.file(name)).collect();
        let (kernel, initrds) = match (self.file(name), initrds) {
            (Ok(kernel), Ok(initrds)) => (kernel, initrds),
            (Err(reason), _) | (_, Err(reason)) => return Boots::Nothing(reason),
        };
        if words(&cmdline).any(|word| word.starts_with("vga=")) {
            notes.add("`vga=` does nothing by kexec: the screen stays as it is");
        }
        if kernel.path.rsplit('/').next() == Some("memdisk") {
            notes.add("memdisk needs the BIOS, which kexec does not offer");
        }
        Boots::Linux {
            kernel,
            initrds,
            cmdline,
        }
    }

    /// A configuration, and the directory from which its paths count if that is named.
    pub(super) fn link(&self, name: &str, arguments: &str) -> Outcome {
        let (folder, _) = split(arguments);
        let folder = match folder {
            "" => Ok(self.config.folder.clone()),
            folder => self.file(folder),
        };
        match (self.file(name), folder) {
            (Ok(file), Ok(folder)) => Outcome::Link(Link {
                files: [file.clone()].into(),
                main: file,
                folder,
            }),
            (Err(reason), _) | (_, Err(reason)) => nothing(reason),
        }
    }

    /// The first sector of a device by GRUB's name. A disk that nobody has numbered
    /// counts as the first one: `localboot 0x80` on a CD means another one.
    pub(super) fn sector(&self, name: &str) -> Boots {
        let own = self.config.folder.device;
        match search::by_name(self.storage, name) {
            Some(device) if device != own => Boots::Chain(Chain::Sector(device)),
            Some(_) => Boots::Nothing(format!(
                "it boots from {name} of the firmware, and this menu may be on another disk then"
            )),
            None => Boots::Nothing(format!("there is no {name} among the disks")),
        }
    }
}
