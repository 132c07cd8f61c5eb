//! `gapboot` on a running system: an initramfs with `gapboot`, and with the modules that
//! Debian's kernel needs for FAT on a virtio disk.

use crate::debian::Flavour;
use crate::gapboot::built;
use crate::images::initramfs::{self, Archive};
use crate::images::modules::VIRTIO_AND_FAT;
use crate::machines::rig::Outcome;
use anyhow::Result;

/// The start of an init script: all of busybox by name, the modules, and the command
/// `say`, whose words [`said`] returns.
pub const START: &str = r#"#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(ls /modules 2>/dev/null); do insmod /modules/$module; done
say() { echo "TEST $*"; }
trap poweroff\ -f EXIT
"#;

/// An initrd with this init script, gapboot, and the modules of a kernel.
pub fn initrd(script: &str, flavour: Flavour) -> Result<Vec<u8>> {
    let archive = Archive::new()
        .directory("modules")
        .linked("bin/gapboot", &built("gapboot")?)?
        .modules(flavour, &VIRTIO_AND_FAT)?;
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
