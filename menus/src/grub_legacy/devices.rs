//! Names of devices and files to places. Disks and partitions count from 0.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::lines::split;
use crate::reading::{Notes, shown};
use crate::search;
use crate::storage::{Device, Location, Storage};

/// Bytes of a `device.map`.
const MAP: usize = 1 << 14;

/// The device from which paths without a device count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Root {
    Device(Device),
    /// By its name, without parentheses, and as [`search::by_name`] calls it.
    Named {
        name: String,
        disk: String,
    },
    /// A reason why it is not known, as a sentence without a full stop.
    Unknown(String),
}

/// What a title's names are looked up with.
#[derive(Clone, Copy)]
pub(super) struct Devices<'a> {
    pub(super) storage: &'a dyn Storage,
    /// The device of the menu.
    pub(super) own: Device,
    pub(super) map: &'a DeviceMap,
}

impl Devices<'_> {
    /// A device by its name, `(hd0,1)`.
    pub(super) fn root(&self, name: &str) -> Root {
        let inner = name
            .strip_prefix('(')
            .and_then(|name| name.strip_suffix(')'));
        match inner.and_then(name_from_1) {
            Some(disk) => Root::Named {
                name: inner.unwrap_or_default().to_string(),
                disk,
            },
            None => Root::Unknown(format!("{} is no disk or partition of one", shown(name))),
        }
    }

    /// A file by its name, `(hd0,1)/path` or `/path`.
    ///
    /// # Errors
    ///
    /// A reason, as a sentence without a full stop.
    pub(super) fn file(
        &self,
        root: &Root,
        name: &str,
        notes: &mut Notes,
    ) -> Result<Location, String> {
        let (root, path) = match name.split_once(')') {
            Some((device, path)) if device.starts_with('(') && device != "(" => {
                (self.root(&format!("{device})")), path)
            }
            Some(("(", path)) => (root.clone(), path),
            _ => (root.clone(), name),
        };
        if !path.starts_with('/') {
            return Err(format!(
                "{} is no path from the root of a device",
                shown(name)
            ));
        }
        let file = |device| {
            Location::new(device, path).ok_or_else(|| format!("{} is no path", shown(path)))
        };
        match self.device(&root) {
            Ok(device) => file(device),
            // The number of a mounted tree's disk is not known.
            Err(reason) => match self.unnumbered() {
                Some(device) if matches!(root, Root::Named { .. }) => {
                    let file = file(device)?;
                    if !file.is_file(self.storage) {
                        return Err(reason);
                    }
                    notes.add(format!(
                        "{reason}; the file is taken from where the menu is"
                    ));
                    Ok(file)
                }
                _ => Err(reason),
            },
        }
    }

    /// The device of a root.
    ///
    /// # Errors
    ///
    /// A reason, as a sentence without a full stop.
    pub(super) fn device(&self, root: &Root) -> Result<Device, String> {
        match root {
            Root::Device(device) => Ok(*device),
            Root::Unknown(reason) => Err(reason.clone()),
            Root::Named { name, disk } => search::by_name(self.storage, disk).ok_or_else(|| {
                format!(
                    "there is no ({name}) among the disks{}",
                    self.map.says(name)
                )
            }),
        }
    }

    /// The device of the menu, if it is the only one and its disk has no number.
    fn unnumbered(&self) -> Option<Device> {
        match *self.storage.devices().as_slice() {
            [only] if only == self.own => {
                let number = self.storage.properties(only).disk;
                number.is_none().then_some(only)
            }
            _ => None,
        }
    }
}

/// The file `device.map`: GRUB's installer wrote there which disk had which number on the
/// machine on which it ran. It says nothing of this machine, but helps a person to know
/// the disk.
pub(super) struct DeviceMap(Vec<(String, String)>);

impl DeviceMap {
    /// The one next to a configuration.
    pub(super) fn read(storage: &dyn Storage, config: &Location) -> Self {
        let file = config.parent().join("device.map");
        let content = file.and_then(|file| storage.read(&file, MAP).ok());
        let content = content.unwrap_or_default();
        let text = String::from_utf8_lossy(&content);
        let short = |text: &str| shown(text).chars().take(80).collect();
        let disks = text.lines().map(split).map(|(disk, device)| {
            let disk = disk.trim_start_matches('(').trim_end_matches(')');
            (disk.to_string(), short(split(device).0))
        });
        Self(disks.collect())
    }

    /// What it says of a disk or partition.
    fn says(&self, name: &str) -> String {
        let disk = name.split(',').next().unwrap_or_default();
        match self.0.iter().find(|(known, _)| known == disk) {
            Some((_, device)) => format!(" (device.map says that {disk} was {device})"),
            None => String::new(),
        }
    }
}

/// `hd0,1` with the partition counted from 1, as GRUB 2 does it. Logical partitions
/// begin at 4, there at 5.
fn name_from_1(name: &str) -> Option<String> {
    let (disk, partition) = match name.split_once(',') {
        Some((disk, partition)) => (disk, Some(partition)),
        None => (name, None),
    };
    let number: u32 = disk.strip_prefix("hd")?.parse().ok()?;
    let Some(partition) = partition else {
        return Some(format!("hd{number}"));
    };
    let partition: u32 = partition.parse().ok()?;
    Some(format!("hd{number},{}", partition.checked_add(1)?))
}

#[cfg(test)]
mod tests {
    use super::name_from_1;

    #[test]
    fn partitions_count_from_0() {
        for (name, expected) in [
            ("hd0", Some("hd0")),
            ("hd1,0", Some("hd1,1")),
            ("hd0,4", Some("hd0,5")),
            ("hd0,4294967295", None),
            ("hd0,2,a", None),
            ("fd0", None),
            ("cd", None),
            ("", None),
        ] {
            assert_eq!(name_from_1(name).as_deref(), expected, "{name}");
        }
    }
}
