//! Debian's installer for a BIOS, with the menu of its package
//! `debian-installer-12-netboot-amd64`: on a CD with ISOLINUX, on ext4 with EXTLINUX.
//! Its initrd gives way to one that reports.

use super::medium::{Loader, Medium};
use crate::debian;
use crate::guests::report;
use crate::images::{Disk, Partition};
use crate::tool::{command, need, run};
use crate::{MIB, scratch};
use anyhow::{Context, Result, ensure};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The directory of the package that a server would offer by TFTP.
const IMAGES: &str = "usr/lib/debian-installer/images/12/amd64/text";
/// Where kernel, initrd and configurations lie in it. The configurations name them by
/// this path, which begins where the loader's own configuration lies.
const FILES: &str = "debian-installer/amd64";

/// The loader's own configuration: the installer's, and the menu on COM1 too.
const CONFIGURATION: &str =
    "serial 0 115200\ninclude debian-installer/amd64/boot-screens/syslinux.cfg\n";

const BOOT_CODE: usize = 440;

/// A CD with ISOLINUX in `/isolinux`, which boots from a disk too: its MBR has a partition
/// that begins in sector 0.
///
/// # Errors
///
/// A tool is missing, or Debian's packages cannot be had.
pub fn cd() -> Result<Medium> {
    let medium = Medium {
        directory: scratch()?,
        loader: Loader::Syslinux,
        is_cd: true,
        needs_mount: false,
    };
    let tree = medium.directory.path().join("tree");
    let own = tree.join("isolinux");
    files(&own)?;
    fs::write(own.join("isolinux.cfg"), CONFIGURATION)?;
    let isolinux = debian::package("isolinux")?.join("usr/lib/ISOLINUX");
    fs::copy(isolinux.join("isolinux.bin"), own.join("isolinux.bin"))?;
    let core = own.join(FILES).join("boot-screens/ldlinux.c32");
    fs::copy(core, own.join("ldlinux.c32"))?;
    run(command("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-r", "-J", "-V", "INSTALLER"])
        .args(["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat"])
        .args(["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"])
        .arg("-isohybrid-mbr")
        .arg(isolinux.join("isohdpfx.bin"))
        .arg("-o")
        .args([medium.image(), tree]))?;
    Ok(medium)
}

/// A disk with EXTLINUX in `/boot/extlinux` of an ext4 partition.
///
/// # Errors
///
/// This process is not root, a tool is missing, or Debian's packages cannot be had.
pub fn disk() -> Result<Medium> {
    need(&["losetup", "mkfs.ext4", "partx"])?;
    let medium = Medium {
        directory: scratch()?,
        loader: Loader::Syslinux,
        is_cd: false,
        needs_mount: false,
    };
    let place = medium.directory.path();
    let partition = Partition::linux().kind("83, bootable");
    let disk = Disk::mbr(100 * MIB).partition(partition);
    disk.build(&medium.image())?;
    let tree = place.join("tree");
    files(&tree)?;
    fs::write(tree.join("extlinux.conf"), CONFIGURATION)?;
    let package = debian::package("extlinux")?;
    fs::write(place.join("extlinux.sh"), include_str!("extlinux.sh"))?;
    run(command("unshare")
        .args(["--mount", "sh"])
        .arg(place.join("extlinux.sh"))
        .args([medium.image(), tree])
        .arg(package.join("usr/bin/extlinux")))
    .context("installing EXTLINUX takes root's rights and loop devices")?;
    let sector = fs::read(package.join("usr/lib/EXTLINUX/mbr.bin"))?;
    ensure!(
        sector.len() <= BOOT_CODE,
        "EXTLINUX's boot sector has {} bytes",
        sector.len()
    );
    let image = OpenOptions::new().write(true).open(medium.image())?;
    image.write_all_at(&sector, 0)?;
    Ok(medium)
}

/// The installer's files in a directory, with an initrd that reports.
fn files(directory: &Path) -> Result<()> {
    let from = debian::package("debian-installer-12-netboot-amd64")?
        .join(IMAGES)
        .join(FILES);
    let to = directory.join(FILES);
    fs::create_dir_all(&to)?;
    run(command("cp")
        .arg("-r")
        .args([from.join("linux"), from.join("boot-screens")])
        .arg(&to))?;
    let initrd: PathBuf = to.join("initrd");
    fs::write(&initrd, report::initrd("installer")?)?;
    run(command("gzip").arg("-1").arg(&initrd))?;
    Ok(())
}
