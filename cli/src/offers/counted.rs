//! Counts the attempt to start an entry, as the loader does before it starts the entry: by
//! the loader's own code, in the name of the entry's file.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use boot::attempt::count::{Names, attempt};
use boot::disk::partition::Partition;
use boot::disk::storage::{Caches, Storage};
use boot::fat::Volume;
use boot::machine::{Disk, DiskError, Lba, Sector};
use boot::overlay::Overlay;
use layout::memory::MAX_TRANSFER_SECTORS;
use layout::node;
use menus::storage::Storage as _;
use volumes::Volumes;

use super::tree::TreeMenu;
use crate::error::Error;
use crate::menu::MenuEntry;
use crate::number::{sector_bytes, to_usize};

/// INT 13h statuses: the sector is not found, the disk is write-protected.
const NOT_FOUND: DiskError = DiskError(0x04);
const PROTECTED: DiskError = DiskError(0x03);
/// Bytes of each of the loader's caches.
const CACHE: usize = 64 << 10;
/// Kinds of entries by the ends of their files' names.
const SUFFIXES: [&str; 2] = [".conf", ".efi"];

/// Counts the attempt to start an entry, and gives what userspace is told of it: the data
/// of a node. Gives nothing, and writes nothing, if the entry has no counter or does not lie
/// on a partition with FAT. `nodes` is the directory of the devices.
///
/// # Errors
/// The device cannot be opened, or the loader's code does not count: the entry may be
/// started all the same.
pub fn count(
    volumes: &Volumes,
    tree: &TreeMenu,
    entry: &MenuEntry,
    nodes: &Path,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(at) = tree.place(entry) else {
        return Ok(None);
    };
    let properties = volumes.properties(at.device);
    let is_fat = properties.file_system.as_deref() == Some("fat");
    let Some(uuid) = properties.partition.map(|partition| partition.uuid) else {
        return Ok(None);
    };
    let suffix = SUFFIXES.iter().find(|suffix| at.path.ends_with(**suffix));
    let (Some(_), Some(suffix), true) = (entry.tries_left, suffix, is_fat) else {
        return Ok(None);
    };
    let device = nodes.join(volumes.called(at.device));
    let mut device =
        PartitionDevice::open(&device).map_err(|error| Error::file("open", &device, &error))?;
    let name = device.count(&at.path, suffix).map_err(Error::of_loader)?;
    Ok(name.map(|name| {
        let (directory, _) = at.path.rsplit_once('/').unwrap_or_default();
        report(tree, entry, &format!("{directory}/{name}"), &uuid)
    }))
}

/// The data of the node.
fn report(tree: &TreeMenu, entry: &MenuEntry, counted: &str, uuid: &str) -> Vec<u8> {
    let mut entries = tree.menu.entries.iter();
    let default = entries.find(|entry| entry.is_default == Some(true));
    let loader = concat!("gapboot ", env!("CARGO_PKG_VERSION"));
    let lines = [
        (node::FORMAT_NAME, node::FORMAT),
        (node::INFO, loader),
        (node::ENTRY_SELECTED, &entry.id),
        (node::ENTRY_DEFAULT, default.map_or("", |entry| &entry.id)),
        (node::BOOT_COUNT_PATH, counted),
        (node::DEVICE_PART_UUID, uuid),
    ];
    let lines = lines.map(|(name, value)| format!("{name}={value}\n"));
    lines.concat().into_bytes()
}

/// A partition's own device, as the loader reads and writes a disk.
struct PartitionDevice {
    file: File,
    sectors: u64,
    buffer: Vec<u8>,
}

impl PartitionDevice {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            sectors: size.div_euclid(sector_bytes(1)),
            buffer: vec![0; to_usize(sector_bytes(MAX_TRANSFER_SECTORS.into()))],
        })
    }

    /// Counts in the name of a file, and gives its new name.
    fn count(&mut self, path: &str, suffix: &str) -> Result<Option<String>, boot::Error> {
        let (mut blocks, mut table) = (vec![0; CACHE], vec![0; CACHE]);
        let partition = Partition {
            first: Lba(0),
            sectors: self.sectors,
            guid: [0; 16],
        };
        let caches = Caches {
            blocks: &mut blocks,
            table: &mut table,
        };
        let storage = &mut Storage::new(self, caches);
        let volume = Volume::open(storage, &partition)?;
        let file = volume.find(storage, path.as_bytes())?;
        let mut names = Box::new(Names::EMPTY);
        let counted = attempt(
            Some(Overlay::linked()),
            storage,
            &partition,
            &volume,
            &file,
            suffix.as_bytes(),
            &mut names,
        )?;
        Ok(counted.map(|name| String::from_utf8_lossy(name).into_owned()))
    }
}

impl Disk for PartitionDevice {
    fn sectors(&self) -> Option<u64> {
        Some(self.sectors)
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let size = to_usize(sector_bytes(count.into()));
        let buffer = self.buffer.get_mut(..size).ok_or(NOT_FOUND)?;
        let read = self.file.read_exact_at(buffer, sector_bytes(at.0));
        read.map_err(|_| NOT_FOUND)?;
        Ok(buffer)
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        let written = self.file.write_all_at(sector, sector_bytes(at.0));
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|_| PROTECTED)
    }
}
