//! Modules of Debian's kernel for initramfs archives.

use super::initramfs::Archive;
use crate::debian::{self, Flavour};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules for a virtio disk, and for FAT on it.
pub const VIRTIO_AND_FAT: [&str; 10] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "fat",
    "vfat",
    "nls_cp437",
    "nls_ascii",
];

/// Further modules, for ext4 and systemd.
pub const EXT4_AND_AUTOFS: [&str; 6] = [
    "crc16",
    "mbcache",
    "jbd2",
    "crc32c_generic",
    "ext4",
    "autofs4",
];

/// Further modules, for btrfs.
pub const BTRFS: [&str; 7] = [
    "crc32c_generic",
    "libcrc32c",
    "xor",
    "raid6_pq",
    "zstd_compress",
    "blake2b_generic",
    "btrfs",
];

/// Further modules, for a CD drive on IDE.
pub const CD_DRIVE: [&str; 6] = [
    "scsi_common",
    "scsi_mod",
    "libata",
    "ata_piix",
    "cdrom",
    "sr_mod",
];

impl Archive {
    /// Adds modules of a kernel to the directory `modules`, under names that sort
    /// in this order.
    pub fn modules(mut self, flavour: Flavour, names: &[&str]) -> Result<Self> {
        let kernel = debian::kernel(flavour)?;
        let tree = kernel
            .ancestors()
            .nth(2)
            .context("a kernel lies in /boot")?;
        for (name, number) in names.iter().zip(10..) {
            let path = ["lib/modules", "usr/lib/modules"]
                .iter()
                .find_map(|directory| find(&tree.join(directory), name))
                .with_context(|| format!("{} holds no module {name}", tree.display()))?;
            self = self.program(&format!("modules/{number}"), &fs::read(path)?);
        }
        Ok(self)
    }
}

fn find(directory: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find_map(|path| match path.is_dir() {
        true => find(&path, name),
        false => path
            .file_name()
            .is_some_and(|file| file == &*format!("{name}.ko"))
            .then_some(path),
    })
}
