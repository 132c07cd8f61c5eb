//! A guest that reads a medium's menu by `gapboot list`, and starts an entry of it by
//! `gapboot kexec`.

use super::medium::Medium;
use super::menu::PATIENCE;
use crate::debian::{self, Flavour};
use crate::gapboot::built;
use crate::guests::report::{self, Report};
use crate::guests::running::START;
use crate::images::initramfs::{self, Archive};
use crate::images::modules::{BTRFS, CD_DRIVE, VIRTIO_AND_FAT};
use crate::machines::qemu::Machine;
use anyhow::{Context, Result};
use std::fs;

/// What the guest does. Where gapboot does not read the file system itself, Linux mounts
/// it as the system on it would: GRUB's paths begin at the top of btrfs all the same. A CD
/// lies in a drive, and is read from an image file too.
const SCRIPT: &str = r#"
# The firmware leaves an unfinished line.
echo
where=/dev/vda
if [ -e /mount ]; then
    where=/mnt
    mkdir /mnt
    mount -t btrfs -o ro,subvol=@ /dev/vda2 /mnt
fi
if [ -e /dev/sr0 ]; then
    where=/dev/sr0
    cat /dev/sr0 >/image.iso
    say of the image $(gapboot kexec -l --disk /image.iso "$(cat /entry)" 2>&1)
fi
gapboot list --json $where | sed 's/^/LISTED /'
say loaded $(gapboot kexec -l --disk $where "$(cat /entry)" 2>&1)
[ $where = /mnt ] && umount /mnt
gapboot kexec -e
"#;

/// The guest's own command line.
const CMDLINE: &str = "console=ttyS0 panic=-1 quiet no_timer_check";

/// What the guest did.
#[derive(Clone, Debug)]
pub struct Started {
    /// The output of `gapboot list --json`.
    pub listed: String,
    /// What `gapboot kexec -l` said.
    pub loaded: String,
    /// The same of an image file of a CD.
    pub of_image: String,
    /// What the kernel reported that it started.
    pub report: Report,
}

/// Boots a guest that may write to the medium, and that starts the entry with this id.
///
/// # Errors
///
/// Debian's packages cannot be had, or no kernel reports.
pub fn start(medium: &Medium, id: &str) -> Result<Started> {
    let mut modules = VIRTIO_AND_FAT.to_vec();
    let mut archive = Archive::new()
        .directory("modules")
        .program("entry", id.as_bytes())
        .linked("bin/gapboot", &built("gapboot")?)?;
    if medium.needs_mount() {
        modules.extend(BTRFS);
        archive = archive.program("mount", b"");
    }
    if medium.is_cd() {
        modules.extend(CD_DRIVE);
    }
    let archive = archive.modules(Flavour::Generic, &modules)?;
    let mut initrd = initramfs::busybox(&(START.to_owned() + SCRIPT))?;
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.extend(archive.finish());
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("initrd");
    fs::write(&path, initrd)?;
    let text = |path: &std::path::Path| path.display().to_string();
    let kernel = debian::kernel(Flavour::Generic)?;
    let machine = match medium.is_cd() {
        true => medium.machine()?,
        false => Machine::new(&medium.image()).writable(),
    };
    let mut guest = machine
        .memory(1024)
        .timeout(PATIENCE)
        .arguments(&["-kernel", &text(&kernel), "-initrd", &text(&path)])
        .arguments(&["-append", CMDLINE])
        .start()?;
    guest.wait_for_serial(report::END)?;
    let serial = guest.serial();
    let lines = |start: &'static str| {
        let lines = serial
            .lines()
            .filter_map(move |line| line.strip_prefix(start));
        lines.map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let report = Report::parse(&serial).context("after gapboot kexec")?;
    Ok(Started {
        listed: lines("LISTED "),
        loaded: lines("TEST loaded "),
        of_image: lines("TEST of the image "),
        report,
    })
}
