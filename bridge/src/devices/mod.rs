//! The devices of the machine, and their drivers.
//!
//! | module | content |
//! |---|---|
//! | [`uevent`] | the kernel's messages about devices that come and go |
//! | [`disks`](mod@disks) | the disks that Linux sees |
//! | [`settle`] | when everything is there that will be there soon |

pub mod disks;
pub mod settle;
pub mod uevent;

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::modules::loader::Loader;
use uevent::{Next, Socket};

/// How deep sysfs is walked.
const DEPTH: u32 = 24;
/// No message about disks came for so long: what there is can be looked at.
const NEWS: Duration = Duration::from_millis(400);

/// The devices.
pub struct Devices<'a> {
    loader: Loader<'a>,
    socket: Option<Socket>,
    log: Log,
    /// Drivers that would change the mode of the screen are not loaded for devices.
    pub keeps_text_mode: bool,
    /// When the last message came.
    last: Instant,
    /// When a disk came or went, if that was after the last look.
    changed: Option<Instant>,
}

impl<'a> Devices<'a> {
    /// The devices, whose modules this loads, with the kernel's messages from now on.
    #[must_use]
    pub fn new(loader: Loader<'a>, log: Log) -> Self {
        let mut devices = Self::without_messages(loader, log);
        match Socket::open() {
            Ok(socket) => devices.socket = Some(socket),
            Err(error) => devices
                .log
                .debug(&format!("no messages about devices: {error}")),
        }
        devices
    }

    /// The devices as they are now, for good.
    #[must_use]
    pub fn without_messages(loader: Loader<'a>, log: Log) -> Self {
        Self {
            loader,
            socket: None,
            log,
            keeps_text_mode: false,
            last: Instant::now(),
            changed: None,
        }
    }

    /// Loads the modules of all devices that there are.
    pub fn coldplug(&mut self, root: &Path) {
        let mut aliases = BTreeSet::new();
        collect(&root.join("sys/devices"), DEPTH, &mut aliases);
        for alias in aliases {
            self.drive(&alias);
        }
        self.last = Instant::now();
    }

    /// Loads the driver of a device.
    fn drive(&mut self, alias: &str) {
        if self.keeps_text_mode && self.loader.is_of_screen(alias) {
            self.log.debug(&format!("left out {alias}"));
            return;
        }
        self.load(alias, "");
    }

    /// Loads the modules that a device, a file system or a name stands for.
    pub fn load(&mut self, alias: &str, parameters: &str) {
        if let (1.., result) = self.loader.load(alias, parameters) {
            match result {
                Ok(()) => self.log.debug(&format!("loaded {alias}")),
                Err(error) => self.log.debug(&format!("{alias}: {error}")),
            }
        }
    }

    /// Takes in the messages that there are.
    pub fn take(&mut self) {
        loop {
            let next = self.socket.as_ref().map_or(Next::Nothing, Socket::next);
            let event = match next {
                Next::Event(event) => event,
                Next::Lost => {
                    self.changed = Some(Instant::now());
                    self.coldplug(Path::new("/"));
                    continue;
                }
                Next::Nothing => return,
            };
            self.last = Instant::now();
            if event.is_of_disk() {
                self.changed = Some(self.last);
                let about = ["ACTION", "DEVNAME"].map(|key| event.get(key).unwrap_or("?"));
                self.log.debug(&about.join(" "));
            }
            if let Some(alias) = event.alias() {
                self.drive(alias);
            }
        }
    }

    /// When the last message came.
    #[must_use]
    pub fn last(&self) -> Instant {
        self.last
    }

    /// How long until disks that came or went are to be looked at; nothing if none did.
    #[must_use]
    pub fn news(&self) -> Option<Duration> {
        let elapsed = self.changed?.elapsed();
        Some(NEWS.saturating_sub(elapsed))
    }

    /// All disks have been looked at.
    pub fn looked(&mut self) {
        self.changed = None;
    }

    /// Where messages come from, to wait for them.
    #[must_use]
    pub fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }
}

/// The aliases of all devices below a directory of sysfs.
fn collect(directory: &Path, depth: u32, aliases: &mut BTreeSet<String>) {
    let Some(below) = depth.checked_sub(1) else {
        return;
    };
    if let Ok(alias) = fs::read_to_string(directory.join("modalias")) {
        aliases.insert(alias.trim().to_owned());
    }
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        // Links lead back up.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), below, aliases);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn aliases_of_all_devices() {
        let root = tempfile::tempdir().unwrap();
        let path = |path: &str| root.path().join(path);
        for (device, alias) in [("a", "pci:1\n"), ("a/b/c", "usb:2\n"), ("d", "pci:1\n")] {
            fs::create_dir_all(path(device)).unwrap();
            fs::write(path(device).join("modalias"), alias).unwrap();
        }
        symlink(root.path(), path("a/b/up")).unwrap();
        let mut aliases = BTreeSet::new();
        collect(root.path(), DEPTH, &mut aliases);
        assert_eq!(Vec::from_iter(aliases), ["pci:1", "usb:2"]);
    }
}
