//! The counted boot, as the loader describes it.

use layout::node::{BOOT_COUNT_PATH, DEVICE_PART_UUID};
use rustix::fs::{Mode, OFlags};

use super::file::EntryFile;
use super::names::Names;
use crate::disk::Access;
use crate::error::Error;
use crate::system::{System, mounts};

/// Why there is nothing to mark.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NotCounted {
    /// UEFI started the system.
    Uefi,
    /// gapboot did not start the system.
    OtherLoader,
    /// The entry has no counter.
    WithoutCounter,
}

impl NotCounted {
    /// The reason, as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Uefi => "UEFI started this system, so systemd-bless-boot marks its boot",
            Self::OtherLoader => {
                "gapboot did not start this system; another loader did, or kexec started it anew"
            }
            Self::WithoutCounter => "this boot was not counted",
        }
    }

    /// The word of `gapboot bless status`.
    pub fn status(self) -> &'static str {
        match self {
            Self::Uefi => "uefi",
            Self::OtherLoader | Self::WithoutCounter => "clean",
        }
    }
}

/// The counted boot, as the loader describes it.
pub struct CountedBoot {
    names: Names,
    uuid: String,
}

impl CountedBoot {
    /// Asks the running system.
    ///
    /// # Errors
    /// What the system says of its start cannot be read.
    pub fn find(system: &System) -> Result<Result<Self, NotCounted>, Error> {
        if system.is_uefi() {
            return Ok(Err(NotCounted::Uefi));
        }
        let Some(node) = system.node()? else {
            return Ok(Err(NotCounted::OtherLoader));
        };
        let Some(path) = node.get(BOOT_COUNT_PATH) else {
            return Ok(Err(NotCounted::WithoutCounter));
        };
        let uuid = node.get(DEVICE_PART_UUID).ok_or_else(|| {
            Error::failed(format!(
                "the loader named {path}, the counted file, but not its partition: rename the file \
                 by hand (docs/boot-counting.md)"
            ))
        })?;
        Ok(Ok(Self {
            names: Names::parse(path)?,
            uuid: uuid.to_owned(),
        }))
    }

    /// Opens the entry's directory where its partition is mounted, or mounts it.
    ///
    /// # Errors
    /// The partition or the directory is not there, or cannot be mounted.
    pub fn open(self, system: &System, access: Access) -> Result<EntryFile, Error> {
        let device = system.partition(&self.uuid)?;
        let root = match mounts::of(system, &device)? {
            Some(mount) => mounts::open(system, &mount)?,
            None => mounts::privately(system, &device, access)?,
        };
        let names = self.names;
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let path = names.directory.trim_start_matches('/');
        match rustix::fs::openat(&root, path, flags, Mode::empty()) {
            Ok(directory) => Ok(EntryFile::new(root, directory, names)),
            Err(error) => Err(Error::file("open", names.directory.as_ref(), &error.into())),
        }
    }
}
