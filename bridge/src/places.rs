//! Devices and files by the names that people give them.

use menus::storage::{Device, Location};

use crate::offers::Offers;

/// The devices of all disks.
#[derive(Clone, Copy)]
pub struct Places<'a>(pub &'a dyn Offers);

impl Places<'_> {
    /// A device by its name (`sda1`, `/dev/sda1`), `LABEL=`, `UUID=`, `PARTUUID=` or
    /// `PARTLABEL=`; in front of it, `TYPE:` says which file system it must have. Of several
    /// on one disk the first one is meant, as an image for CDs and disks alike begins with
    /// its first partition.
    ///
    /// # Errors
    /// There is no such device, or there are some on several disks, of which one may be a
    /// stick that somebody plugged in: a sentence.
    pub fn device(&self, called: &str) -> Result<Device, String> {
        let called = called.trim_matches(['(', ')']);
        let (kind, name) = match called.split_once(':') {
            Some((kind, name)) => (Some(linux_name(kind)), name),
            None => (None, called),
        };
        let storage = self.0.storage();
        let devices = storage.devices().into_iter();
        let mut found = devices.filter(|device| {
            let properties = storage.properties(*device);
            let is_kind = kind.is_none_or(|kind| {
                let own = properties.file_system.as_deref();
                own.map(linux_name) == Some(kind)
            });
            is_kind && self.is(*device, name)
        });
        let first = found.next();
        let first = first.ok_or_else(|| format!("there is no device {called}"))?;
        let disk = |device: Device| storage.properties(device).disk;
        match found.find(|other| disk(*other) != disk(first)) {
            None => Ok(first),
            Some(other) => Err(format!(
                "{called} is not clear: {} and {} are called so; name one of them",
                self.0.called(first),
                self.0.called(other)
            )),
        }
    }

    fn is(&self, device: Device, name: &str) -> bool {
        let properties = self.0.storage().properties(device);
        let partition = properties.partition.as_ref();
        let same = |own: Option<&str>, wanted: &str| {
            own.is_some_and(|own| !own.is_empty() && own.eq_ignore_ascii_case(wanted))
        };
        match name.split_once('=') {
            Some(("LABEL", label)) => {
                !label.is_empty() && properties.label.as_deref() == Some(label)
            }
            Some(("UUID", uuid)) => same(properties.uuid.as_deref(), uuid),
            Some(("PARTUUID", uuid)) => same(partition.map(|own| own.uuid.as_str()), uuid),
            Some(("PARTLABEL", label)) => {
                partition.is_some_and(|own| !label.is_empty() && own.label == label)
            }
            _ => self.0.called(device) == name.strip_prefix("/dev/").unwrap_or(name),
        }
    }

    /// A file: `(sda1)/path`, or a path on the device that is given.
    ///
    /// # Errors
    /// No device is named, or there is none of that name: a sentence.
    pub fn file(&self, path: &str, root: Option<&str>) -> Result<Location, String> {
        let named = path.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (device, path) = match (named, root) {
            (Some(named), _) => named,
            (None, Some(root)) => (root, path),
            (None, None) => return Err(format!("{path}: which device? Write (sda1){path}")),
        };
        let location = Location::new(self.device(device)?, path);
        location.ok_or_else(|| format!("{path} leads out of the device"))
    }

    /// A file as [`Places::file`] takes it.
    #[must_use]
    pub fn name(&self, at: &Location) -> String {
        format!("({}){}", self.0.called(at.device), at.path)
    }
}

/// Linux's name for a kind of file system, of which GRUB gives its own.
fn linux_name(kind: &str) -> &str {
    match kind {
        "ext2" | "ext3" => "ext4",
        "fat" | "msdos" => "vfat",
        "squash4" => "squashfs",
        other => other,
    }
}
