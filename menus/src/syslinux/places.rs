//! Where the loaders look for their configuration.
//!
//! Each loader takes the first file of its own list. Sources: Syslinux's documents
//! `syslinux.cfg.txt`, "Location/Name", and `pxelinux.txt`.

use alloc::vec::Vec;

use crate::storage::{Device, Location, Storage};

/// ISOLINUX, since 4.02.
pub const ISOLINUX: &[&str] = &[
    "/boot/isolinux/isolinux.cfg",
    "/boot/isolinux/syslinux.cfg",
    "/isolinux/isolinux.cfg",
    "/isolinux/syslinux.cfg",
    "/boot/syslinux/isolinux.cfg",
    "/boot/syslinux/syslinux.cfg",
    "/syslinux/isolinux.cfg",
    "/syslinux/syslinux.cfg",
    "/isolinux.cfg",
    "/syslinux.cfg",
];

/// EXTLINUX, in the directories in which it is installed as a rule.
pub const EXTLINUX: &[&str] = &[
    "/boot/extlinux/extlinux.conf",
    "/boot/extlinux/syslinux.cfg",
    "/extlinux/extlinux.conf",
    "/extlinux/syslinux.cfg",
];

/// SYSLINUX, since 4.00: after the directory in which it is installed, which is one of
/// these as a rule.
pub const SYSLINUX: &[&str] = &[
    "/boot/syslinux/extlinux.conf",
    "/boot/syslinux/syslinux.cfg",
    "/syslinux/extlinux.conf",
    "/syslinux/syslinux.cfg",
    "/extlinux.conf",
    "/syslinux.cfg",
];

/// SYSLINUX for UEFI, in the directories in which it is installed as a rule.
pub const EFI: &[&str] = &[
    "/EFI/syslinux/syslx64.cfg",
    "/EFI/syslinux/syslia32.cfg",
    "/EFI/syslinux/syslinux.cfg",
    "/EFI/BOOT/syslx64.cfg",
    "/EFI/BOOT/syslia32.cfg",
    "/EFI/BOOT/syslinux.cfg",
];

/// PXELINUX: the file for machines that have no file of their own, in the tree that a
/// server offers.
pub const PXELINUX: &[&str] = &["/pxelinux.cfg/default"];

/// The lists of all loaders of the family.
pub const PLACES: &[&[&str]] = &[ISOLINUX, EXTLINUX, SYSLINUX, EFI, PXELINUX];

/// The configurations on a device: what each loader of the family would take, each file
/// once.
#[must_use]
pub fn places(storage: &dyn Storage, device: Device) -> Vec<Location> {
    let mut found = Vec::new();
    for list in PLACES {
        let mut there = list.iter().filter_map(|path| Location::new(device, path));
        if let Some(file) = there.find(|file| file.is_file(storage))
            && !found.contains(&file)
        {
            found.push(file);
        }
    }
    found
}

/// The directory from which the paths of a configuration count: its own, and for
/// PXELINUX the one around `pxelinux.cfg`.
pub(super) fn folder(config: &Location) -> Location {
    let folder = config.parent();
    match is_pxelinux(config) {
        true => folder.parent(),
        false => folder,
    }
}

/// Whether it is PXELINUX that reads this file.
pub(super) fn is_pxelinux(config: &Location) -> bool {
    config.parent().path.ends_with("/pxelinux.cfg")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::storage::Properties;

    #[test]
    fn each_loader_takes_its_first_file() {
        let mut memory = Memory::default();
        let device = memory.add(Properties::default());
        memory.file(device, "/isolinux/isolinux.cfg", b"");
        memory.file(device, "/isolinux.cfg", b"");
        memory.file(device, "/syslinux/syslinux.cfg", b"");
        memory.file(device, "/syslinux.cfg", b"");
        memory.file(device, "/extlinux/extlinux.conf", b"");
        let found = places(&memory, device);
        let paths: Vec<&str> = found.iter().map(|at| at.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "/isolinux/isolinux.cfg",
                "/extlinux/extlinux.conf",
                "/syslinux/syslinux.cfg"
            ]
        );
    }

    #[test]
    fn folders() {
        let at = |path| folder(&Location::new(Device(0), path).unwrap()).path;
        assert_eq!(at("/isolinux/isolinux.cfg"), "/isolinux");
        assert_eq!(at("/syslinux.cfg"), "/");
        assert_eq!(at("/tftp/pxelinux.cfg/default"), "/tftp");
    }
}
