//! Debian systems with GRUB on a BIOS: `/boot` as grub-install and grub-mkconfig make it.
//!
//! Those two tools ask the running system for devices and mounts. So they run as root, in
//! the new system's file tree, on a loop device: `system.sh`.

use super::medium::{Loader, Medium};
use crate::debian::{self, Flavour};
use crate::guests::report;
use crate::images::{Disk, Partition};
use crate::tool::{command, need, run};
use crate::{MIB, scratch};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// `/etc/default/grub`: a menu on COM1 that waits, and starts what was started last. The
/// command line has words that shells and GRUB like to change.
const SETTINGS: &str = r#"
GRUB_DEFAULT=saved
GRUB_SAVEDEFAULT=true
GRUB_TIMEOUT=-1
GRUB_DISTRIBUTOR=Debian
GRUB_TERMINAL=serial
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="console=ttyS0 panic=-1 no_timer_check test.words=\"a b\" test.dollar=a\\\$b"
GRUB_CMDLINE_XEN="com1=115200 console=com1"
"#;

/// The programs that `system.sh` calls, besides those of every Debian system.
const TOOLS: [&str; 9] = [
    "blkid",
    "btrfs",
    "grub-editenv",
    "grub-mkconfig",
    "grub-script-check",
    "losetup",
    "mkfs.btrfs",
    "mkfs.ext4",
    "partx",
];

/// Types of partitions, for sfdisk.
const MBR_LINUX: &str = "83";
const BIOS_BOOT: &str = "21686148-6449-6E6F-744E-656564454649";

/// Where the system lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One ext4 partition, in an MBR.
    Ext4,
    /// The subvolume `@` of btrfs, in a GPT with a BIOS boot partition.
    Btrfs,
    /// `/boot` and `/` on one ext4 partition each, in an MBR.
    SeparateBoot,
}

/// The disk of a system with two kernels, and with Xen, if it is wanted. Their initrds
/// report.
///
/// # Errors
///
/// This process is not root, a tool is missing, or Debian's packages cannot be had.
pub fn disk(layout: Layout, xen: bool) -> Result<Medium> {
    disk_with(layout, xen, &|_, release| report::initrd(release))
}

/// Makes the initrd of a kernel and its release.
pub type MakeInitrd<'a> = &'a dyn Fn(Flavour, &str) -> Result<Vec<u8>>;

/// The same with other initrds.
///
/// # Errors
///
/// As [`disk`], and those of `initrd`.
pub fn disk_with(layout: Layout, xen: bool, initrd: MakeInitrd) -> Result<Medium> {
    need(&TOOLS)?;
    let medium = Medium {
        directory: scratch()?,
        loader: Loader::Grub,
        is_cd: false,
        needs_mount: layout == Layout::Btrfs,
    };
    let linux = || Partition::linux().kind(MBR_LINUX);
    let (disk, root, boot) = match layout {
        Layout::Ext4 => (Disk::mbr(200 * MIB).partition(linux()), "1", "1"),
        Layout::Btrfs => {
            let core = Partition::linux().kind(BIOS_BOOT).size(MIB);
            let disk = Disk::new(260 * MIB).partition(core);
            (disk.partition(Partition::linux()), "2", "2")
        }
        Layout::SeparateBoot => {
            let disk = Disk::mbr(240 * MIB).partition(linux().size(180 * MIB));
            (disk.partition(linux()), "2", "1")
        }
    };
    let place = medium.directory.path();
    disk.build(&medium.image())?;
    fs::write(place.join("settings"), SETTINGS)?;
    fs::write(place.join("system.sh"), include_str!("system.sh"))?;
    files(&place.join("boot"), xen, initrd)?;
    tools(&place.join("tools"))?;
    let file_system = match layout {
        Layout::Btrfs => "btrfs",
        Layout::Ext4 | Layout::SeparateBoot => "ext4",
    };
    run(command("unshare")
        .args(["--mount", "sh"])
        .arg(place.join("system.sh"))
        .arg(medium.image())
        .args([file_system, root, boot])
        .args(["boot", "settings", "tools"].map(|name| place.join(name))))
    .context("making a system with GRUB takes root's rights and loop devices")?;
    for name in ["boot", "tools"] {
        fs::remove_dir_all(place.join(name))?;
    }
    Ok(medium)
}

/// The files of `/boot`: kernels under their own names, with their configurations, which
/// grub-mkconfig reads; and the place where an EFI system partition would be mounted.
fn files(boot: &Path, xen: bool, initrd: MakeInitrd) -> Result<()> {
    fs::create_dir_all(boot.join("efi"))?;
    for flavour in [Flavour::Generic, Flavour::Cloud] {
        let kernel = debian::kernel(flavour)?;
        let name = kernel.file_name().context("a file")?.to_string_lossy();
        let release = name.trim_start_matches("vmlinuz-");
        for name in [&*name, &format!("config-{release}")] {
            fs::copy(kernel.with_file_name(name), boot.join(name))?;
        }
        let initrd = initrd(flavour, release)?;
        fs::write(boot.join(format!("initrd.img-{release}")), initrd)?;
    }
    if xen {
        let package = debian::package("xen-hypervisor-4.17-amd64")?.join("boot");
        for name in ["xen-4.17-amd64.gz", "xen-4.17-amd64.config"] {
            fs::copy(package.join(name), boot.join(name))?;
        }
    }
    Ok(())
}

/// The tools that are not installed here.
fn tools(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory.join("i386-pc"))?;
    let install = debian::package("grub2-common")?.join("usr/sbin/grub-install");
    fs::copy(install, directory.join("grub-install"))?;
    let udevadm = debian::package("udev")?.join("bin/udevadm");
    fs::copy(udevadm, directory.join("udevadm"))?;
    let modules = debian::package("grub-pc-bin")?.join("usr/lib/grub/i386-pc");
    for entry in fs::read_dir(modules)? {
        let entry = entry?;
        fs::copy(
            entry.path(),
            directory.join("i386-pc").join(entry.file_name()),
        )?;
    }
    Ok(())
}
