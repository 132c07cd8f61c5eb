//! Devices by label, UUID or file, and by GRUB's names for them.
//!
//! A device whose label or UUID is not known (a mounted tree without its device) is
//! found by every label or UUID that no other device has, if it is the only one of
//! that kind: it is what the person named, so its own menu means it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::storage::{Device, Kind, Location, Properties, Storage, Table};

/// The first device with this label of the file system.
#[must_use]
pub fn by_label(storage: &dyn Storage, label: &str) -> Option<Device> {
    by_property(
        storage,
        |properties| properties.label,
        |known| known == label,
    )
}

/// The first device with this UUID of the file system, in any case.
#[must_use]
pub fn by_uuid(storage: &dyn Storage, uuid: &str) -> Option<Device> {
    by_property(
        storage,
        |properties| properties.uuid,
        |known| !known.is_empty() && known.eq_ignore_ascii_case(uuid),
    )
}

/// The first device that has this file or directory.
#[must_use]
pub fn by_file(storage: &dyn Storage, path: &str) -> Option<Device> {
    let mut devices = storage.devices().into_iter();
    devices.find(|&device| match Location::new(device, path) {
        Some(at) => storage.kind(&at).is_ok(),
        None => false,
    })
}

/// A device by GRUB's name, without parentheses: `hd0`, `hd0,1`, `hd0,gpt2`,
/// `hd0,msdos5`. GRUB Legacy counts from 0: see its reader.
#[must_use]
pub fn by_name(storage: &dyn Storage, name: &str) -> Option<Device> {
    let (disk, partition) = match name.split_once(',') {
        Some((disk, partition)) => (disk, Some(partition)),
        None => (name, None),
    };
    let disk: u32 = disk.strip_prefix("hd")?.parse().ok()?;
    let (table, number) = match partition {
        None => (None, None),
        Some(partition) => {
            let digits = partition.trim_start_matches(|c: char| !c.is_ascii_digit());
            let table = match partition.strip_suffix(digits)? {
                "" => None,
                "gpt" => Some(Table::Gpt),
                "msdos" => Some(Table::Mbr),
                _ => return None,
            };
            (table, Some(digits.parse::<u32>().ok()?))
        }
    };
    let mut devices = storage.devices().into_iter();
    devices.find(|&device| {
        let properties = storage.properties(device);
        if properties.disk != Some(disk) {
            return false;
        }
        match (properties.partition, number) {
            (None, None) => true,
            (Some(partition), Some(number)) => {
                partition.number == number && table.is_none_or(|table| table == partition.table)
            }
            _ => false,
        }
    })
}

/// GRUB's name of a device, without parentheses. `None` if the disk has no number.
#[must_use]
pub fn name(properties: &Properties) -> Option<String> {
    let disk = properties.disk?;
    Some(match &properties.partition {
        None => alloc::format!("hd{disk}"),
        Some(partition) => {
            let table = match partition.table {
                Table::Gpt => "gpt",
                Table::Mbr => "msdos",
            };
            alloc::format!("hd{disk},{table}{}", partition.number)
        }
    })
}

fn by_property(
    storage: &dyn Storage,
    property: impl Fn(Properties) -> Option<String>,
    fits: impl Fn(&str) -> bool,
) -> Option<Device> {
    let mut unknown = Vec::new();
    for device in storage.devices() {
        match property(storage.properties(device)) {
            Some(known) if fits(&known) => return Some(device),
            Some(_) => {}
            None => unknown.push(device),
        }
    }
    match *unknown.as_slice() {
        [device] => Some(device),
        _ => None,
    }
}

impl Location {
    /// A path from the root of a device. Slashes at the beginning or end, several in a
    /// row, and `.` make no difference; `..` goes up, and at the root stays there.
    /// `None` if the path has a NUL or a newline, which no file of a menu has.
    #[must_use]
    pub fn new(device: Device, path: &str) -> Option<Self> {
        if path.contains(['\0', '\n']) {
            return None;
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let path = alloc::format!("/{}", parts.join("/"));
        Some(Self { device, path })
    }

    /// A path as a configuration file in this directory names it: from the root of the
    /// same device if it begins with `/`, else from here.
    #[must_use]
    pub fn join(&self, path: &str) -> Option<Self> {
        match path.starts_with('/') {
            true => Self::new(self.device, path),
            false => Self::new(self.device, &alloc::format!("{}/{path}", self.path)),
        }
    }

    /// The directory around it; of the root, the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        let path = match self.path.rsplit_once('/') {
            None | Some(("", _)) => "/",
            Some((parent, _)) => parent,
        };
        Self {
            device: self.device,
            path: path.into(),
        }
    }

    /// Whether a file is there.
    #[must_use]
    pub fn is_file(&self, storage: &dyn Storage) -> bool {
        matches!(storage.kind(self), Ok(Kind::File { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::storage::Partition;
    use alloc::string::ToString;

    fn partition(number: u32, table: Table) -> Option<Partition> {
        Some(Partition {
            table,
            number,
            uuid: String::new(),
            label: String::new(),
        })
    }

    fn known(uuid: &str, label: &str) -> Properties {
        Properties {
            uuid: Some(uuid.to_string()),
            label: Some(label.to_string()),
            disk: Some(0),
            ..Properties::default()
        }
    }

    #[test]
    fn devices() {
        let mut memory = Memory::default();
        let disk = memory.add(known("", ""));
        let first = memory.add(Properties {
            partition: partition(1, Table::Gpt),
            ..known("ABCD-0123", "boot")
        });
        let second = memory.add(Properties {
            partition: partition(5, Table::Mbr),
            ..known("abcd-0123", "root")
        });
        memory.file(second, "/boot/x", b"");
        assert_eq!(by_uuid(&memory, "abcd-0123"), Some(first));
        assert_eq!(by_uuid(&memory, ""), None);
        assert_eq!(by_label(&memory, "root"), Some(second));
        assert_eq!(by_label(&memory, "Root"), None);
        assert_eq!(by_file(&memory, "boot//x"), Some(second));
        assert_eq!(by_file(&memory, "/boot/y"), None);
        for (name, device) in [
            ("hd0", Some(disk)),
            ("hd0,1", Some(first)),
            ("hd0,gpt1", Some(first)),
            ("hd0,msdos1", None),
            ("hd0,msdos5", Some(second)),
            ("hd1", None),
            ("hd0,", None),
            ("hd0,gpt", None),
            ("hd", None),
            ("fd0", None),
        ] {
            assert_eq!(by_name(&memory, name), device, "{name}");
        }
        assert_eq!(name(&memory.properties(second)).unwrap(), "hd0,msdos5");
    }

    #[test]
    fn a_tree_without_its_device_is_found_by_what_no_other_has() {
        let mut memory = Memory::default();
        let tree = memory.add(Properties::default());
        assert_eq!(by_uuid(&memory, "abcd"), Some(tree));
        let other = memory.add(known("abcd", ""));
        assert_eq!(by_uuid(&memory, "abcd"), Some(other));
        assert_eq!(by_label(&memory, "x"), Some(tree));
        memory.add(Properties::default());
        assert_eq!(by_label(&memory, "x"), None);
    }

    #[test]
    fn paths() {
        let at = |path| Location::new(Device(3), path).map(|at| at.path);
        assert_eq!(at("//a/./b/../c/").unwrap(), "/a/c");
        assert_eq!(at("../..").unwrap(), "/");
        assert_eq!(at("a\nb"), None);
        let folder = Location::new(Device(3), "/boot/grub").unwrap();
        assert_eq!(folder.join("x.cfg").unwrap().path, "/boot/grub/x.cfg");
        assert_eq!(folder.join("/x.cfg").unwrap().path, "/x.cfg");
        assert_eq!(folder.join("../x").unwrap().path, "/boot/x");
        assert_eq!(folder.parent().path, "/boot");
        assert_eq!(folder.parent().parent().parent().path, "/");
    }
}
