//! A block device by what sysfs and the links of udev say of it.

use std::fs;
use std::path::{Path, PathBuf};

use menus::storage::{Partition, Table};

use super::{Host, Mount};

const BY_NUMBER: &str = "/sys/dev/block";
const BY_NAME: &str = "/sys/class/block";
/// Udev's links, each to the node of a device.
const BY_UUID: &str = "/dev/disk/by-uuid";
const BY_LABEL: &str = "/dev/disk/by-label";
const BY_PARTUUID: &str = "/dev/disk/by-partuuid";

/// Characters of the `PARTUUID` of a partition in a GPT.
const GPT_UUID: usize = 36;

/// A block device: a disk, a partition, or something built on them.
#[derive(Clone, Debug)]
pub(crate) struct BlockDevice {
    host: Host,
    /// The kernel's name for it.
    name: String,
    /// Its directory in sysfs.
    sysfs: PathBuf,
}

impl Host {
    /// The device from which something is mounted.
    pub(crate) fn mounted(&self, mount: &Mount) -> Option<BlockDevice> {
        match mount.device.starts_with("0:") {
            false => self.numbered(&mount.device),
            true => {
                let node = fs::canonicalize(self.path(&mount.source)).ok()?;
                self.at(&self.path(BY_NAME).join(node.file_name()?))
            }
        }
    }

    /// The device with these numbers, `259:1`.
    pub(crate) fn numbered(&self, number: &str) -> Option<BlockDevice> {
        self.at(&self.path(BY_NUMBER).join(number))
    }

    fn at(&self, link: &Path) -> Option<BlockDevice> {
        let sysfs = fs::canonicalize(link).ok()?;
        Some(BlockDevice {
            host: self.clone(),
            name: sysfs.file_name()?.to_str()?.to_owned(),
            sysfs,
        })
    }
}

impl BlockDevice {
    /// The disk that it is a partition of, or itself; `None` for what is built on other
    /// devices, as LVM, which the firmware does not number.
    pub(crate) fn disk(&self) -> Option<String> {
        let parent = match self.sysfs.join("partition").exists() {
            true => self.sysfs.parent()?,
            false => &self.sysfs,
        };
        let is_virtual = parent.join("dm").exists() || parent.join("md").exists();
        let name = parent.file_name()?.to_str()?;
        (!is_virtual).then(|| name.to_owned())
    }

    /// The UUID and label of its file system, as far as udev links to it by them.
    pub(crate) fn file_system(&self) -> (Option<String>, Option<String>) {
        let uuid = self.linked(BY_UUID);
        // Udev knows the file system, and saw no label.
        let label = self
            .linked(BY_LABEL)
            .or(uuid.as_ref().map(|_| String::new()));
        (uuid, label)
    }

    /// What the table of its disk says of it, if it is a partition.
    pub(crate) fn partition(&self) -> Option<Partition> {
        let number = fs::read_to_string(self.sysfs.join("partition")).ok()?;
        let uuid = self
            .event("PARTUUID")
            .or_else(|| self.linked(BY_PARTUUID))?;
        Some(Partition {
            table: match uuid.len() {
                GPT_UUID => Table::Gpt,
                _ => Table::Mbr,
            },
            number: number.trim().parse().ok()?,
            uuid: uuid.to_lowercase(),
            label: self.event("PARTNAME").unwrap_or_default(),
        })
    }

    /// A value that the kernel announces.
    fn event(&self, key: &str) -> Option<String> {
        let text = fs::read_to_string(self.sysfs.join("uevent")).ok()?;
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(known, _)| *known == key)?;
        Some(value.to_owned())
    }

    /// The name of the link to it in a directory of udev's.
    fn linked(&self, directory: &str) -> Option<String> {
        let links = fs::read_dir(self.host.path(directory)).ok()?;
        let mut links = links.flatten();
        let link = links.find(|link| {
            let target = fs::read_link(link.path()).unwrap_or_default();
            target.file_name().is_some_and(|name| *name == *self.name)
        })?;
        Some(unescape(link.file_name().to_str()?))
    }
}

/// Udev writes bytes that do not belong into a file's name as `\x20`.
fn unescape(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        let code = after.split_at_checked(2);
        let code = code.and_then(|(code, after)| Some((u8::from_str_radix(code, 16).ok()?, after)));
        match code {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_sysfs_and_udev_say() {
        let root = tempfile::tempdir().unwrap();
        let path = |path: &str| root.path().join(path);
        let write = |at: &str, text: &str| {
            fs::create_dir_all(path(at).parent().unwrap()).unwrap();
            fs::write(path(at), text).unwrap();
        };
        let link = |at: &str, target: &str| {
            fs::create_dir_all(path(at).parent().unwrap()).unwrap();
            symlink(target, path(at)).unwrap();
        };
        write("sys/devices/sda/dev", "8:0\n");
        write("sys/devices/sda/sda2/partition", "2\n");
        write("sys/devices/sda/sda2/uevent", "PARTN=2\nPARTNAME=my root\n");
        write("sys/devices/dm-0/dm/name", "vg-root\n");
        write("dev/dm-0", "");
        link("sys/dev/block/8:2", "../../devices/sda/sda2");
        link("sys/class/block/dm-0", "../../devices/dm-0");
        link("dev/mapper/vg-root", "../dm-0");
        link("dev/disk/by-uuid/1234", "../../sda2");
        link("dev/disk/by-label/a\\x20b\\xc3\\xa4\\x", "../../sda2");
        link("dev/disk/by-partuuid/0000abcd-02", "../../sda2");
        link("dev/disk/by-uuid/5678", "../../dm-0");
        let host = Host::below(root.path());
        let mount = |device: &str, source: &str| Mount {
            device: device.to_owned(),
            root: "/".to_owned(),
            at: "/".into(),
            kind: "btrfs".to_owned(),
            source: source.to_owned(),
        };
        let sda2 = host.mounted(&mount("8:2", "/dev/root")).unwrap();
        assert_eq!(sda2.disk().as_deref(), Some("sda"));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(sda2.file_system(), (text("1234"), text("a bä\\x")));
        let partition = sda2.partition().unwrap();
        assert_eq!((partition.table, partition.number), (Table::Mbr, 2));
        assert_eq!(partition.label, "my root");
        let logical = host.mounted(&mount("0:31", "/dev/mapper/vg-root")).unwrap();
        assert_eq!(logical.disk(), None);
        assert_eq!(logical.file_system(), (text("5678"), text("")));
        assert_eq!(logical.partition(), None);
        assert!(host.mounted(&mount("8:3", "/dev/sda3")).is_none());
    }
}
