//! Devices with their properties, and the files on them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use menus::storage::{Device, Failure, Kind, Location, Properties, Storage};
use rustix::fs::{major, minor};

use crate::bytes::{self, Bytes, Cached, Pieces};
use crate::file_system::{FileSystem, Node, unreadable};
use crate::host::{Host, Mount};
use crate::image;
use crate::partitions::{Place, partitions};
use crate::probe::{Found, probe};
use crate::tree::Tree;

/// Files in files in files that are opened as devices, and all such devices.
const MOST_NESTED: u32 = 3;
const MOST_LOOPS: usize = 64;
/// Mounts below a directory that become devices.
const MOST_MOUNTS: usize = 64;

/// Where the boot partitions are mounted by custom, below the root.
const CUSTOMARY: [&str; 4] = ["", "boot", "efi", "boot/efi"];

/// The devices of a disk, of an image, or of a mounted tree.
pub struct Volumes {
    devices: RefCell<Vec<Rc<Volume>>>,
    loops: RefCell<BTreeMap<Location, Device>>,
}

/// A device.
#[derive(Clone)]
pub(crate) struct Volume {
    pub(crate) properties: Properties,
    /// What it is for a person: `partition 2`, a directory.
    pub(crate) called: String,
    content: Rc<Content>,
    /// A menu on it is a menu of what the person named.
    pub(crate) has_menus: bool,
    /// How many files it lies in.
    nested: u32,
}

enum Content {
    /// A disk or a part of one, with what the probe found.
    Bytes {
        bytes: Rc<dyn Bytes>,
        found: Option<Found>,
        files: OnceCell<Result<Rc<dyn FileSystem>, Failure>>,
    },
    /// A mounted directory.
    Tree(Rc<dyn FileSystem>),
}

impl Volumes {
    /// What a person names: an image file, a block device or a directory.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is none of these.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
        if metadata.is_dir() {
            return Self::tree(path, &Host::default());
        }
        let (bytes, sector) = image::open(path).map_err(|error| unreadable(&error))?;
        let bytes: Rc<dyn Bytes> = Rc::new(bytes);
        if metadata.file_type().is_block_device() {
            let number = metadata.rdev();
            let number = format!("{}:{}", major(number), minor(number));
            let device = Host::default().numbered(&number);
            if let Some(partition) = device.and_then(|device| device.partition()) {
                let called = path.display().to_string();
                let properties = Properties {
                    disk: Some(0),
                    partition: Some(partition),
                    ..Properties::default()
                };
                return Ok(Self::new(vec![Volume::of(bytes, properties, called)]));
            }
        }
        Ok(Self::disk(&bytes, sector))
    }

    /// The devices of a disk. `sector` is the size of its sectors, where it is known.
    #[must_use]
    pub fn disk(bytes: &Rc<dyn Bytes>, sector: Option<u32>) -> Self {
        Self::new(Volume::all(bytes, sector))
    }

    /// The devices of a mounted tree: the file system at `directory`, and those that are
    /// mounted below it.
    ///
    /// # Errors
    ///
    /// The directory cannot be opened.
    pub fn tree(directory: &Path, host: &Host) -> Result<Self, Failure> {
        let directory = fs::canonicalize(directory).map_err(|error| unreadable(&error))?;
        let mut mounts = host.mounts(&directory);
        mounts.truncate(MOST_MOUNTS);
        let mut disks = Vec::new();
        let mut volumes = Vec::new();
        if mounts.first().is_none_or(|mount| mount.at != directory) {
            let properties = Properties {
                disk: Some(0),
                ..Properties::default()
            };
            // An unknown disk has the first number.
            disks.push(String::new());
            volumes.push(Volume::tree(&directory, properties)?);
        }
        for mount in &mounts {
            let properties = properties(host, mount, &mut disks);
            let mut volume = match Volume::tree(&mount.at, properties) {
                Ok(volume) => volume,
                Err(failure) if mount.at == directory => return Err(failure),
                Err(_) => continue,
            };
            let customary = CUSTOMARY.map(|below| directory.join(below));
            volume.has_menus = customary.contains(&mount.at);
            volumes.push(volume);
        }
        Ok(Self::new(volumes))
    }

    pub(crate) fn new(volumes: impl IntoIterator<Item = Volume>) -> Self {
        let devices: Vec<_> = volumes.into_iter().map(Rc::new).collect();
        Self {
            devices: RefCell::new(devices),
            loops: RefCell::default(),
        }
    }

    /// The devices on which menus are to be looked for: not those that others have too,
    /// as the first partition of an isohybrid image, nor other file systems of the running
    /// system.
    #[must_use]
    pub fn with_menus(&self) -> Vec<Device> {
        let devices = self.devices();
        let has_menus = |device: &Device| self.volume(*device).is_ok_and(|volume| volume.has_menus);
        devices.into_iter().filter(has_menus).collect()
    }

    /// What a device is for a person: `partition 2`, or the directory where it is mounted.
    #[must_use]
    pub fn called(&self, device: Device) -> String {
        self.volume(device)
            .map(|volume| volume.called.clone())
            .unwrap_or_default()
    }

    /// Where a device is mounted, if it is a tree.
    #[must_use]
    pub fn mounted_at(&self, device: Device) -> Option<PathBuf> {
        let volume = self.volume(device).ok()?;
        match &*volume.content {
            Content::Tree(_) => Some(PathBuf::from(&volume.called)),
            Content::Bytes { .. } => None,
        }
    }

    /// Why the files of a device cannot be read, if it has some.
    #[must_use]
    pub fn problem(&self, device: Device) -> Option<Failure> {
        self.volume(device).ok()?.problem()
    }

    /// A file, to be read piece by piece.
    ///
    /// # Errors
    ///
    /// As they say.
    pub fn file(&self, at: &Location) -> Result<Rc<dyn Bytes>, Failure> {
        match self.volume(at.device)?.files()?.node(&at.path)? {
            Node::File(file) => Ok(file),
            Node::Directory => Err(Failure::Missing),
        }
    }

    fn volume(&self, device: Device) -> Result<Rc<Volume>, Failure> {
        let place = usize::try_from(device.0).map_err(|_| Failure::Missing)?;
        let devices = self.devices.borrow();
        devices.get(place).cloned().ok_or(Failure::Missing)
    }
}

impl Storage for Volumes {
    fn devices(&self) -> Vec<Device> {
        (0..)
            .map(Device)
            .take(self.devices.borrow().len())
            .collect()
    }

    fn properties(&self, device: Device) -> Properties {
        let volume = self.volume(device);
        volume
            .map(|volume| volume.properties.clone())
            .unwrap_or_default()
    }

    fn read(&self, at: &Location, limit: usize) -> Result<Vec<u8>, Failure> {
        let file = self.file(at)?;
        if file.size() > bytes::to_u64(limit) {
            return Err(Failure::Large);
        }
        let mut content = vec![0; bytes::to_usize(file.size())];
        let read = file.read_at(0, &mut content);
        read.map_err(|error| unreadable(&error))?;
        Ok(content)
    }

    fn kind(&self, at: &Location) -> Result<Kind, Failure> {
        Ok(match self.volume(at.device)?.files()?.node(&at.path)? {
            Node::Directory => Kind::Directory,
            Node::File(file) => Kind::File { size: file.size() },
        })
    }

    fn directory(&self, at: &Location, limit: usize) -> Result<Vec<String>, Failure> {
        self.volume(at.device)?.files()?.names(&at.path, limit)
    }

    fn loopback(&self, at: &Location) -> Result<Device, Failure> {
        if let Some(known) = self.loops.borrow().get(at) {
            return Ok(*known);
        }
        let file = self.file(at)?;
        let nested = self.volume(at.device)?.nested.saturating_add(1);
        if nested > MOST_NESTED || self.loops.borrow().len() >= MOST_LOOPS {
            return Err(Failure::Unsupported(
                "the file lies in too many others: copy it out".to_owned(),
            ));
        }
        let file: Rc<dyn Bytes> = Rc::new(Cached::new(file));
        let mut volume = Volume::of(file, Properties::default(), at.path.clone());
        volume.nested = nested;
        let mut devices = self.devices.borrow_mut();
        let number = u32::try_from(devices.len()).map_err(|_| Failure::Large)?;
        devices.push(Rc::new(volume));
        self.loops.borrow_mut().insert(at.clone(), Device(number));
        Ok(Device(number))
    }
}

impl Volume {
    /// A disk, and its partitions.
    pub(crate) fn all(bytes: &Rc<dyn Bytes>, sector: Option<u32>) -> Vec<Self> {
        let properties = Properties {
            disk: Some(0),
            ..Properties::default()
        };
        let places = partitions(&**bytes, sector);
        let whole = Volume::of(bytes.clone(), properties, "the disk".to_owned());
        let parts = places.into_iter().map(|place| {
            let begins_with_disk = place.start == 0;
            let mut volume = Volume::partition(bytes, place);
            let is_seen_already = begins_with_disk || volume.is_twin(&whole);
            volume.has_menus &= !(is_seen_already && whole.has_menus);
            volume
        });
        let parts: Vec<_> = parts.collect();
        std::iter::once(whole).chain(parts).collect()
    }

    /// The same device, where it is mounted.
    pub(crate) fn mounted(&self, path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            content: Rc::new(Content::Tree(Rc::new(Tree::open(path)?))),
            ..self.clone()
        })
    }

    /// A device of these bytes, with what can be seen of its file system.
    fn of(bytes: Rc<dyn Bytes>, properties: Properties, called: String) -> Self {
        let found = probe(&bytes);
        let text = |text: fn(&Found) -> &String| {
            let text = found.as_ref().map(text);
            Some(text.cloned().unwrap_or_default())
        };
        Self {
            properties: Properties {
                file_system: found
                    .as_ref()
                    .and_then(|found| found.name)
                    .map(str::to_owned),
                label: text(|found| &found.label),
                uuid: text(|found| &found.uuid),
                ..properties
            },
            called,
            has_menus: found.as_ref().is_some_and(Found::has_files),
            content: Rc::new(Content::Bytes {
                bytes,
                found,
                files: OnceCell::new(),
            }),
            nested: 0,
        }
    }

    /// Whether both are one ISO 9660 file system: images with a partition offset have
    /// descriptors in two places, for the disk and for a partition.
    fn is_twin(&self, other: &Self) -> bool {
        let (own, other) = (&self.properties, &other.properties);
        own.file_system.as_deref() == Some("iso9660")
            && own.file_system == other.file_system
            && own.uuid == other.uuid
            && own.label == other.label
    }

    fn partition(disk: &Rc<dyn Bytes>, place: Place) -> Self {
        let called = format!("partition {}", place.partition.number);
        let part = Pieces::new(disk.clone(), vec![(place.start, place.size)]);
        let properties = Properties {
            disk: Some(0),
            partition: Some(place.partition),
            ..Properties::default()
        };
        Self::of(Rc::new(part), properties, called)
    }

    fn tree(path: &Path, properties: Properties) -> Result<Self, Failure> {
        Ok(Self {
            properties,
            called: path.display().to_string(),
            content: Rc::new(Content::Tree(Rc::new(Tree::open(path)?))),
            has_menus: true,
            nested: 0,
        })
    }

    /// Why its files cannot be read, if it has some.
    pub(crate) fn problem(&self) -> Option<Failure> {
        match &*self.content {
            Content::Bytes { found: None, .. } => None,
            _ => self.files().err(),
        }
    }

    fn files(&self) -> Result<Rc<dyn FileSystem>, Failure> {
        match &*self.content {
            Content::Tree(tree) => Ok(tree.clone()),
            Content::Bytes {
                bytes,
                found,
                files,
            } => {
                let open = || match found {
                    Some(found) => found.open(bytes),
                    None => Err(Failure::Unsupported(
                        "the device has no file system that is known".to_owned(),
                    )),
                };
                files.get_or_init(open).clone()
            }
        }
    }
}

/// What is known of a mounted file system. `disks` has the names of the disks that were
/// seen so far, in the order of their numbers.
fn properties(host: &Host, mount: &Mount, disks: &mut Vec<String>) -> Properties {
    let device = host.mounted(mount);
    let disk = device.as_ref().and_then(|device| device.disk());
    let disk = disk.and_then(|name| {
        let known = disks.iter().position(|known| *known == name);
        let number = known.unwrap_or_else(|| {
            disks.push(name);
            disks.len().saturating_sub(1)
        });
        u32::try_from(number).ok()
    });
    let (uuid, label) = match &device {
        Some(device) => device.file_system(),
        None => (None, None),
    };
    Properties {
        disk,
        partition: device.and_then(|device| device.partition()),
        file_system: Some(grub_name(&mount.kind).to_owned()),
        label,
        uuid,
        subtree: (mount.root != "/").then(|| mount.root.clone()),
    }
}

/// GRUB's name for a kind of file system, of which Linux gives its own.
fn grub_name(kind: &str) -> &str {
    match kind {
        "vfat" | "msdos" => "fat",
        "ext3" | "ext4" => "ext2",
        "squashfs" => "squash4",
        kind => kind,
    }
}
