//! The running system: how it was started, and its block devices.
//!
//! Everything is looked up below a directory, which is `/` but for tests: they
//! make one of plain files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use layout::node;

use super::node::LoaderNode;
use crate::disk::attached::DEVICES;
use crate::error::Error;

/// The EFI variable in which a loader of the Boot Loader Specification tells its name.
const LOADER_INFO: &str =
    "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
/// The nodes of the boot protocol that Linux was started with.
const NODES: &str = "/sys/kernel/boot_params/setup_data";

/// The system below a directory.
#[derive(Clone, Debug)]
pub struct System {
    root: PathBuf,
}

/// A block device: a disk or a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The kernel's name for it.
    pub name: String,
    /// Major and minor number as the kernel writes them, `259:1`.
    pub number: String,
}

impl Default for System {
    fn default() -> Self {
        Self::below(PathBuf::from("/"))
    }
}

impl System {
    /// The system whose files lie below `root`.
    pub fn below(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where a file of the system lies.
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// True if UEFI started the system.
    pub fn is_uefi(&self) -> bool {
        self.path("/sys/firmware/efi").exists()
    }

    /// What gapboot said when it started the system; nothing if it didn't.
    ///
    /// # Errors
    /// A node cannot be read, or a newer gapboot wrote it.
    pub fn node(&self) -> Result<Option<LoaderNode>, Error> {
        let nodes = self.path(NODES);
        for directory in list(&nodes)? {
            let kind = read(&directory.join("type"))?;
            if number(kind.trim()) != Some(node::TYPE) {
                continue;
            }
            let data = directory.join("data");
            let data = fs::read(&data).map_err(|error| Error::file("read", &data, &error))?;
            let node = LoaderNode::parse(&data).ok_or_else(|| {
                Error::failed(
                    "a newer gapboot started this system, and this one does not know its format: \
                     use the newer `gapboot`",
                )
            })?;
            return Ok(Some(node));
        }
        Ok(None)
    }

    /// Whether a loader started the system that shows the entries of the Boot Loader
    /// Specification: gapboot or systemd-boot.
    ///
    /// # Errors
    /// Those of [`System::node`].
    pub fn has_bls_loader(&self) -> Result<bool, Error> {
        // Four bytes of attributes, and text in UTF-16.
        let info = fs::read(self.path(LOADER_INFO)).unwrap_or_default();
        let text: Vec<u8> = info.iter().skip(4).step_by(2).copied().collect();
        Ok(text.starts_with(b"systemd-boot") || self.node()?.is_some())
    }

    /// The partition that `PARTUUID=` names.
    ///
    /// # Errors
    /// There is no such partition.
    pub fn partition(&self, uuid: &str) -> Result<Device, Error> {
        // It becomes part of a path, and comes from elsewhere.
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if uuid.is_empty() || !uuid.bytes().all(known) {
            return Err(Error::failed(format!(
                "the loader named the partition {uuid:?}, which is not a PARTUUID"
            )));
        }
        let link = self.path("/dev/disk/by-partuuid").join(uuid);
        let target = fs::read_link(&link).map_err(|error| Error::file("find", &link, &error))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        self.device(&name)
    }

    /// The device that the kernel calls `name`.
    ///
    /// # Errors
    /// There is no such device.
    pub fn device(&self, name: &str) -> Result<Device, Error> {
        // A name with a slash has an exclamation mark here.
        let name = name.replace('/', "!");
        let number = read(&self.path(DEVICES).join(&name).join("dev"))?;
        Ok(Device {
            number: number.trim().to_owned(),
            name,
        })
    }

    /// The device with these numbers.
    ///
    /// # Errors
    /// There is no such device.
    pub fn numbered(&self, number: &str) -> Result<Device, Error> {
        let devices = list(&self.path(DEVICES))?;
        let names = devices.iter().filter_map(|path| path.file_name());
        let mut devices = names.filter_map(|name| self.device(&name.to_string_lossy()).ok());
        devices
            .find(|device| device.number == number)
            .ok_or_else(|| Error::failed(format!("{DEVICES} holds no device {number}")))
    }

    /// The disk that a partition is part of; the device itself if it is not a partition.
    ///
    /// # Errors
    /// The disk is gone.
    pub fn disk(&self, device: &Device) -> Result<Device, Error> {
        let entry = self.path(DEVICES).join(&device.name);
        if !entry.join("partition").exists() {
            return Ok(device.clone());
        }
        let entry =
            fs::canonicalize(&entry).map_err(|error| Error::file("find", &entry, &error))?;
        let disk = entry.parent().and_then(Path::file_name).unwrap_or_default();
        self.device(&disk.to_string_lossy())
    }

    /// The partition of `disk` that begins at this sector.
    ///
    /// # Errors
    /// The kernel knows no such partition.
    pub fn partition_at(&self, disk: &Device, first: u64) -> Result<Device, Error> {
        let entries = list(&self.path(DEVICES).join(&disk.name))?;
        let mut entries = entries.iter().filter(|entry| {
            entry.join("partition").exists()
                && read(&entry.join("start")).is_ok_and(|start| start.trim() == first.to_string())
        });
        let entry = entries.next().and_then(|entry| entry.file_name());
        let Some(name) = entry else {
            return Err(Error::failed(format!(
                "the kernel knows no partition of {} that begins at sector {first}: \
                 let it read the partition table again (`partprobe`)",
                disk.name
            )));
        };
        self.device(&name.to_string_lossy())
    }

    /// The devices that are built on this one and keep it busy.
    pub fn holders(&self, device: &Device) -> Vec<Device> {
        let holders = self.path(DEVICES).join(&device.name).join("holders");
        let holders = list(&holders).unwrap_or_default();
        let names = holders.iter().filter_map(|path| path.file_name());
        names
            .filter_map(|name| self.device(&name.to_string_lossy()).ok())
            .collect()
    }

    /// The device's file.
    pub fn file(&self, device: &Device) -> PathBuf {
        self.path("/dev").join(device.name.replace('!', "/"))
    }
}

/// What lies in a directory, in the order of names; nothing if the directory does not exist.
fn list(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::file("read", directory, &error))?,
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::file("read", path, &error))
}

/// A number as the kernel writes it: `0x42504147`.
fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
