//! SYSLINUX and ISOLINUX from Debian's packages: boot loaders that are not under test.

use crate::debian;
use crate::images::{SECTOR, Volume};
use crate::tool::{command, run};
use anyhow::{Result, ensure};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

const BOOT_CODE: usize = 440;

/// Installs SYSLINUX on partition 1 of a GPT image, with this configuration.
pub fn install(image: &Path, configuration: &str) -> Result<()> {
    install_with(image, configuration, "gptmbr.bin")?;
    // The boot sector starts the partition with attribute 2, "legacy BIOS
    // bootable".
    run(sfdisk("--part-attrs")
        .arg(image)
        .args(["1", "LegacyBIOSBootable"]))?;
    Ok(())
}

/// The same on an image with an MBR, whose boot sector starts the active partition.
pub fn install_mbr(image: &Path, configuration: &str) -> Result<()> {
    install_with(image, configuration, "mbr.bin")?;
    run(sfdisk("--activate").arg(image).arg("1"))?;
    Ok(())
}

fn sfdisk(what: &str) -> Command {
    let mut sfdisk = command("sfdisk");
    sfdisk.args(["-q", "--no-reread", "--no-tell-kernel", what]);
    sfdisk
}

fn install_with(image: &Path, configuration: &str, sector: &str) -> Result<()> {
    let volume = Volume::open(image, 1)?;
    volume.write("syslinux.cfg", configuration)?;
    let package = debian::package("syslinux")?;
    let sector = std::fs::read(package.join("usr/lib/SYSLINUX").join(sector))?;
    ensure!(
        sector.len() <= BOOT_CODE,
        "SYSLINUX's boot sector has {} bytes",
        sector.len()
    );
    let program = package.join("usr/bin/syslinux");
    let offset = (volume.start() * SECTOR).to_string();
    run(command(&program.to_string_lossy())
        .args(["-i", "-t", &offset])
        .arg(image))?;
    OpenOptions::new()
        .write(true)
        .open(image)?
        .write_all_at(&sector, 0)?;
    Ok(())
}

/// Makes a CD of a tree, which ISOLINUX starts with this configuration.
pub fn cd(tree: &Path, configuration: &str, medium: &Path) -> Result<()> {
    let own = tree.join("isolinux");
    fs::create_dir_all(&own)?;
    fs::write(own.join("isolinux.cfg"), configuration)?;
    let isolinux = debian::package("isolinux")?.join("usr/lib/ISOLINUX/isolinux.bin");
    fs::copy(isolinux, own.join("isolinux.bin"))?;
    let modules = debian::package("syslinux-common")?.join("usr/lib/syslinux/modules/bios");
    fs::copy(modules.join("ldlinux.c32"), own.join("ldlinux.c32"))?;
    run(command("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-r", "-V", "MEDIUM"])
        .args(["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat"])
        .args(["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"])
        .arg("-o")
        .args([medium, tree]))?;
    Ok(())
}
