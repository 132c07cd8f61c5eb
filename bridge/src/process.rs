//! The duties of process 1: children, file systems, the end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{WaitOptions, wait};
use rustix::system::{RebootCommand, reboot};

/// File systems of the kernel: kind, and where.
const KERNEL: [(&str, &str); 4] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/run"),
];

/// Where EFI's variables are mounted.
const EFI_VARIABLES: &str = "/sys/firmware/efi/efivars";

/// Mounts what every program expects. What is there already stays.
pub fn mount_kernel() {
    for (kind, at) in KERNEL {
        // Without it, what needs it says so.
        let _ = fs::create_dir_all(at);
        let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
        let _ = mount(kind, at, kind, flags, None);
    }
}

/// Takes leave of children that have ended.
pub fn reap() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// Turns the machine off, or restarts it. Comes back only if the kernel refuses.
///
/// # Errors
/// Why the kernel refuses.
pub fn end(command: RebootCommand) -> io::Result<()> {
    rustix::fs::sync();
    Ok(reboot(command)?)
}

/// A file system that is mounted below the directory of the bridge, in the order of
/// mounting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// The name of the device.
    pub device: String,
    /// Where.
    pub at: PathBuf,
}

/// Lets nothing write to a device from now on, or permits it again.
pub fn protect(node: &Path, on: bool) {
    // The device is opened for reading only, whether it can be protected or not.
    let _ = fs::File::open(node).and_then(|device| kexec::block::set_read_only(&device, on));
}

/// Mounts EFI's variables, if there are any, for reading only.
pub fn mount_efi_variables() {
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NOEXEC | MountFlags::NODEV;
    // Without them the medium is not known.
    let _ = mount("efivarfs", EFI_VARIABLES, "efivarfs", flags, None);
}

/// Mounts a file system for reading only, without replaying its journal: nothing is
/// written to the device. `kind` is GRUB's name for it.
///
/// # Errors
/// Linux does not mount it: a sentence.
pub fn mount_read_only(node: &Path, kind: &str, at: &Path) -> Result<(), String> {
    let (kind, options) = options(kind);
    let fail = |error: io::Error| format!("Linux does not mount it as {kind}: {error}");
    fs::create_dir_all(at).map_err(fail)?;
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let options = std::ffi::CString::new(options).unwrap_or_default();
    protect(node, true);
    mount(node, at, kind, flags, Some(options.as_c_str())).map_err(|error| fail(error.into()))
}

/// Linux's name for a kind of file system, and the options that keep it from writing.
fn options(kind: &str) -> (&str, &str) {
    match kind {
        "ext2" | "ext3" | "ext4" => ("ext4", "noload"),
        "xfs" => ("xfs", "norecovery,nouuid"),
        // GRUB's paths begin at the top.
        "btrfs" => ("btrfs", "rescue=nologreplay,subvolid=5"),
        "f2fs" => ("f2fs", "norecovery"),
        "fat" => ("vfat", ""),
        "squash4" => ("squashfs", ""),
        other => (other, ""),
    }
}

/// The module of a kind of file system.
#[must_use]
pub fn module(kind: &str) -> String {
    format!("fs-{}", options(kind).0)
}

/// Unmounts file systems, the last one first. Gives those that are still in use.
#[must_use]
pub fn unmount_all(mounted: Vec<Mounted>) -> Vec<Mounted> {
    let mut kept = Vec::new();
    for one in mounted.into_iter().rev() {
        if unmount(&one.at, UnmountFlags::empty()).is_err() {
            // Nothing of it is written, so it may go as it is.
            if unmount(&one.at, UnmountFlags::DETACH).is_err() {
                kept.push(one);
            }
        }
    }
    kept.reverse();
    kept
}

/// Takes the controllers of USB 3 from their drivers, so that the next kernel finds them
/// as after a reset: some keyboards are dead otherwise.
pub fn unbind_xhci(root: &Path) {
    let driver = root.join("sys/bus/pci/drivers/xhci_hcd");
    for entry in fs::read_dir(&driver).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().contains(':') {
            // The next kernel may cope all the same.
            let _ = fs::write(driver.join("unbind"), name.as_encoded_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_are_not_replayed() {
        for (kind, expected) in [
            ("ext2", ("ext4", "noload")),
            ("ext4", ("ext4", "noload")),
            ("xfs", ("xfs", "norecovery,nouuid")),
            ("btrfs", ("btrfs", "rescue=nologreplay,subvolid=5")),
            ("f2fs", ("f2fs", "norecovery")),
        ] {
            assert_eq!(options(kind), expected);
        }
        assert_eq!(module("fat"), "fs-vfat");
    }

    #[test]
    fn controllers_of_usb_3() {
        let root = tempfile::tempdir().unwrap();
        let driver = root.path().join("sys/bus/pci/drivers/xhci_hcd");
        fs::create_dir_all(driver.join("0000:00:03.0")).unwrap();
        fs::write(driver.join("bind"), "").unwrap();
        unbind_xhci(root.path());
        let unbound = fs::read_to_string(driver.join("unbind")).unwrap();
        assert_eq!(unbound, "0000:00:03.0");
    }
}
