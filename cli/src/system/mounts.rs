//! How the running system gets at a boot partition's files: where the file
//! system is mounted, or by a mount of our own that nobody else sees.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

use super::running::{Device, System};
use crate::disk::Access;
use crate::error::Error;

/// The mounts of this process.
const MOUNTS: &str = "/proc/self/mountinfo";
/// Where the EFI system partition is mounted by custom, the usual place first.
const ESP_DIRECTORIES: [&str; 3] = ["/efi", "/boot/efi", "/boot"];

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Numbers of its device, `259:1`.
    pub device: String,
    /// Where it is mounted.
    pub at: String,
    /// Kind of file system.
    pub kind: String,
    /// It is mounted with its root, not with a directory in it.
    is_whole: bool,
}

/// All mounts, those on top of others last.
///
/// # Errors
/// The list of mounts cannot be read.
pub fn all(system: &System) -> Result<Vec<Mount>, Error> {
    let path = system.path(MOUNTS);
    let text = fs::read_to_string(&path).map_err(|error| Error::file("read", &path, &error))?;
    Ok(text.lines().filter_map(Mount::parse).collect())
}

/// Where a device, or what is built on it alone, is mounted.
///
/// # Errors
/// Those of [`all`].
pub fn of(system: &System, device: &Device) -> Result<Option<Mount>, Error> {
    let mut numbers = vec![device.number.clone()];
    let holders = system.holders(device);
    numbers.extend(holders.into_iter().map(|holder| holder.number));
    let mounts = all(system)?;
    let mut mounts = mounts.into_iter().filter(|mount| {
        mount.is_whole && numbers.contains(&mount.device) && mount.is_on_top(system)
    });
    Ok(mounts.next())
}

/// What is mounted where the EFI system partition is by custom.
///
/// # Errors
/// Those of [`all`].
pub fn customary_esp(system: &System) -> Result<Option<Mount>, Error> {
    let mounts = all(system)?;
    let at = |directory| {
        let mut mounts = mounts.iter().rev();
        mounts.find(|mount| mount.at == directory && mount.kind == "vfat")
    };
    Ok(ESP_DIRECTORIES.into_iter().find_map(at).cloned())
}

/// What is mounted at /boot, with any file system.
///
/// # Errors
/// Those of [`all`].
pub fn boot(system: &System) -> Result<Option<Mount>, Error> {
    let mut mounts = all(system)?.into_iter().rev();
    Ok(mounts.find(|mount| mount.at == "/boot"))
}

/// Opens the root directory of a mounted file system.
///
/// # Errors
/// The directory cannot be opened.
pub fn open(system: &System, mount: &Mount) -> Result<OwnedFd, Error> {
    let path = system.path(&mount.at);
    rustix::fs::open(&path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| Error::file("open", &path, &error.into()))
}

/// Mounts the FAT file system on a device where nobody else sees it; it goes
/// when what is returned is closed. A device that is mounted by others too gives
/// the same file system again.
///
/// # Errors
/// It cannot be mounted: not as root, or by this Linux.
pub fn privately(system: &System, device: &Device, access: Access) -> Result<OwnedFd, Error> {
    let file = system.file(device);
    let mount = || {
        let context = rustix::mount::fsopen("vfat", FsOpenFlags::FSOPEN_CLOEXEC)?;
        rustix::mount::fsconfig_set_string(&context, "source", &file)?;
        if access == Access::Read {
            rustix::mount::fsconfig_set_flag(&context, "ro")?;
        }
        rustix::mount::fsconfig_create(&context)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        rustix::mount::fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    mount().map_err(|error| match error {
        Errno::NOSYS => Error::failed(format!(
            "{} is not mounted, and this Linux is too old (before 5.2) for gapboot to mount it: \
             do it by hand",
            file.display()
        )),
        Errno::NODEV => Error::failed(format!(
            "cannot mount {}: this Linux has no driver for FAT: load it (`modprobe vfat`)",
            file.display()
        )),
        error => Error::file("mount", &file, &error.into()),
    })
}

impl Mount {
    /// Takes a line of `mountinfo` apart, see proc(5).
    fn parse(line: &str) -> Option<Self> {
        let (place, source) = line.split_once(" - ")?;
        let mut fields = place.split(' ').skip(2);
        let device = fields.next()?.to_owned();
        let is_whole = fields.next()? == "/";
        Some(Self {
            device,
            is_whole,
            at: unescape(fields.next()?),
            kind: source.split(' ').next()?.to_owned(),
        })
    }

    /// True if its directory is this file system, not one that was mounted
    /// over it.
    fn is_on_top(&self, system: &System) -> bool {
        let directory = system.path(&self.at);
        rustix::fs::stat(&directory).is_ok_and(|found| {
            let (major, minor) = (
                rustix::fs::major(found.st_dev),
                rustix::fs::minor(found.st_dev),
            );
            self.device == format!("{major}:{minor}")
        })
    }
}

/// Blanks and backslashes stand as `\040` in the kernel's lists.
fn unescape(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok())
        {
            Some(code) => {
                whole.push(code.into());
                whole += &piece[3..];
            }
            None => {
                whole.push('\\');
                whole += piece;
            }
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo() {
        let line = "36 25 259:1 / /boot/efi\\040x rw,relatime shared:15 master:1 - vfat \
            /dev/nvme0n1p1 rw,fmask=0077";
        let mount = Mount::parse(line).unwrap();
        assert_eq!(
            (&*mount.device, &*mount.at, &*mount.kind, mount.is_whole),
            ("259:1", "/boot/efi x", "vfat", true)
        );
        assert!(
            !Mount::parse("36 25 259:1 /EFI /mnt rw - vfat /dev/x rw")
                .unwrap()
                .is_whole
        );
        assert_eq!(Mount::parse("36 25 259:1 / /mnt rw"), None);
        assert_eq!(unescape("a\\134b\\04"), "a\\b\\04");
    }
}
