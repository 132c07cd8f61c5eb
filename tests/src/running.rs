//! `gapboot` on a running system: an initramfs with it, and with what Debian's
//! kernel needs to find a virtio disk with FAT on it.

use crate::debian::{self, Flavour};
use crate::gapboot::built;
use crate::initramfs::{self, Archive};
use crate::rig::Outcome;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules, in this order.
const MODULES: [&str; 10] = [
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

/// What an init script begins with: all of busybox by name, the modules, and
/// `say`, of which [`said`] has the words.
pub const START: &str = r#"#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod $module; done
say() { echo "TEST $*"; }
trap poweroff\ -f EXIT
"#;

/// A module's file, in the tree of the kernel's package.
fn module(directory: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().find_map(|path| match path.is_dir() {
        true => module(&path, name),
        false => path
            .file_name()
            .is_some_and(|file| file == &*format!("{name}.ko"))
            .then_some(path),
    })
}

/// An initrd with this init script, gapboot, and the modules of a kernel.
pub fn initrd(script: &str, flavour: Flavour) -> Result<Vec<u8>> {
    let kernel = debian::kernel(flavour)?;
    let tree = kernel.ancestors().nth(2).unwrap_or(Path::new("/"));
    let mut archive = Archive::new()
        .directory("modules")
        .linked("bin/gapboot", &built("gapboot")?)?;
    for (name, number) in MODULES.into_iter().zip(10..) {
        let path = ["lib/modules", "usr/lib/modules"]
            .iter()
            .find_map(|directory| module(&tree.join(directory), name))
            .with_context(|| format!("{} holds no module {name}", tree.display()))?;
        archive = archive.program(&format!("modules/{number}"), &fs::read(path)?);
    }
    let mut initrd = initramfs::busybox(script)?;
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.extend(archive.finish());
    Ok(initrd)
}

/// The lines that the script said.
pub fn said(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.serial.lines();
    lines
        .filter_map(|line| line.strip_prefix("TEST "))
        .map(str::trim_end)
        .collect()
}
