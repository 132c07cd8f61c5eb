//! GRUB's names of devices and files, and what they mean here.

use alloc::string::{String, ToString};

use super::machine::Machine;
use crate::search;
use crate::storage::{Device, Failure, Kind, Location};

/// In front of the number of a device that has no name of GRUB's.
const NAMELESS: &str = "device";

impl Machine<'_> {
    /// The device of this name, without parentheses.
    pub(super) fn device(&self, name: &str) -> Option<Device> {
        if let Some(device) = self.state.loopbacks.get(name) {
            return Some(*device);
        }
        if let Some(device) = search::by_name(self.storage, name) {
            return Some(device);
        }
        let devices = self.storage.devices();
        if let Some(number) = name.strip_prefix(NAMELESS) {
            let number = number.parse().ok().map(Device)?;
            return devices.contains(&number).then_some(number);
        }
        // A CD is a CD, whatever its number.
        if name.strip_prefix("cd").is_some_and(is_number) {
            let iso = |device: &&Device| {
                let properties = self.storage.properties(**device);
                properties.file_system.as_deref() == Some("iso9660")
            };
            return devices.iter().find(iso).copied();
        }
        // One tree, of which nobody knows where it lies: it is what the person named.
        match *devices.as_slice() {
            [device] if is_disk(name) => {
                let properties = self.storage.properties(device);
                (properties.disk.is_none() && properties.partition.is_none()).then_some(device)
            }
            _ => None,
        }
    }

    /// A name that [`Machine::device`] knows.
    pub(super) fn device_name(&self, device: Device) -> String {
        if let Some((name, _)) = self
            .state
            .loopbacks
            .iter()
            .find(|(_, known)| **known == device)
        {
            return name.clone();
        }
        match search::name(&self.storage.properties(device)) {
            Some(name) if search::by_name(self.storage, &name) == Some(device) => name,
            _ => alloc::format!("{NAMELESS}{}", device.0),
        }
    }

    /// The whole name of a file, as GRUB writes it.
    pub(super) fn file_name(&self, at: &Location) -> String {
        let subtree = self.storage.properties(at.device).subtree;
        let subtree = subtree.unwrap_or_default();
        let subtree = subtree.trim_end_matches('/');
        alloc::format!("({}){subtree}{}", self.device_name(at.device), at.path)
    }

    /// What a file's name means: `(device)/path`, or `/path` on `$root`. The reason if it
    /// means nothing.
    pub(super) fn locate(&self, name: &str) -> Result<Location, String> {
        let (device, path) = self.split(name)?;
        self.locate_on(device, path)
    }

    /// The device in a file's name, and the path after it.
    pub(super) fn split<'n>(&self, name: &'n str) -> Result<(Device, &'n str), String> {
        let (device_name, path) = match name.strip_prefix('(') {
            Some(rest) => match rest.split_once(')') {
                Some((device, path)) => (device, path),
                None => return Err(alloc::format!("{name} is no name of a file")),
            },
            None => match self.state.variables.get("root") {
                Some(root) => (root, name),
                None => return Err("no device is set as root".to_string()),
            },
        };
        match self.device(device_name) {
            Some(device) => Ok((device, path)),
            None => Err(alloc::format!(
                "the device ({device_name}) is not known here"
            )),
        }
    }

    /// A path from the top of a device's file system.
    pub(super) fn locate_on(&self, device: Device, path: &str) -> Result<Location, String> {
        let wrong = || alloc::format!("{path} is no name of a file");
        if !path.starts_with('/') {
            return Err(wrong());
        }
        let at = Location::new(device, path).ok_or_else(wrong)?;
        let Some(subtree) = self.storage.properties(device).subtree else {
            return Ok(at);
        };
        let subtree = subtree.trim_end_matches('/');
        match at.path.strip_prefix(subtree) {
            Some("") => Location::new(device, "/").ok_or_else(wrong),
            Some(inner) if inner.starts_with('/') => Ok(Location {
                device,
                path: inner.to_string(),
            }),
            // openSUSE's GRUB counts from the subvolume when it is told to.
            _ if self.counts_from_subvolume() => Ok(at),
            _ => Err(alloc::format!(
                "{path} is outside of the subvolume {subtree}, which is all that is mounted here"
            )),
        }
    }

    fn counts_from_subvolume(&self) -> bool {
        let value = self.state.variables.get("btrfs_relative_path");
        value.is_some_and(|value| value.starts_with(['y', '1']))
    }

    /// A file that is there, or the reason.
    pub(super) fn file(&self, name: &str) -> Result<Location, String> {
        let at = self.locate(name)?;
        match self.storage.kind(&at) {
            Ok(Kind::File { .. }) => Ok(at),
            Ok(Kind::Directory) => Err(alloc::format!("{} is a directory", at.path)),
            Err(failure) => Err(reason(&at, &failure)),
        }
    }
}

/// Why a file could not be had.
pub(super) fn reason(at: &Location, failure: &Failure) -> String {
    match failure {
        Failure::Missing => alloc::format!("the file {} is missing", at.path),
        Failure::Large => alloc::format!("{} is too large", at.path),
        Failure::Unsupported(why) | Failure::Unreadable(why) => {
            alloc::format!("{} cannot be read: {why}", at.path)
        }
    }
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// Whether it names a disk or a partition of one.
fn is_disk(name: &str) -> bool {
    let disk = name.split(',').next().unwrap_or_default();
    disk.strip_prefix("hd")
        .is_some_and(|n| !n.is_empty() && is_number(n))
}
