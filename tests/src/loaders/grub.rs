//! GRUB from Debian's packages, with its core image in the gap after the partition table,
//! where `grub-install` would put it too.

use crate::debian;
use crate::images::SECTOR;
use crate::tool::{command, run};
use anyhow::{Result, ensure};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

const BOOT_CODE: usize = 440;
/// The first sector after the partition table, and the first sector of the first
/// partition.
const CORE: u64 = 34;
const PARTITIONS: u64 = 2048;
/// The place in `boot.img` of the number of the core image's first sector, and the place
/// in that sector of the number of the second one.
const IN_BOOT_SECTOR: usize = 0x5c;
const IN_CORE: usize = 0x1f4;

/// GRUB's modules for starting a kernel from a file system.
const MODULES: [&str; 5] = ["biosdisk", "part_gpt", "fat", "linux", "boot"];

/// Installs GRUB, which will run the commands of `configuration`.
pub fn install(image: &Path, configuration: &str) -> Result<()> {
    let modules = debian::package("grub-pc-bin")?.join("usr/lib/grub/i386-pc");
    let files = tempfile::tempdir()?;
    let (script, output) = (files.path().join("script"), files.path().join("core"));
    fs::write(&script, configuration)?;
    run(command("grub-mkimage")
        .args(["-O", "i386-pc", "-p", "(hd0,gpt1)/grub", "-d"])
        .arg(&modules)
        .arg("-c")
        .arg(&script)
        .arg("-o")
        .arg(&output)
        .args(MODULES))?;
    let mut core = fs::read(output)?;
    ensure!(
        core.len() as u64 <= (PARTITIONS - CORE) * SECTOR,
        "GRUB's core image has {} bytes",
        core.len()
    );
    let mut sector = fs::read(modules.join("boot.img"))?;
    sector.truncate(BOOT_CODE);
    sector[IN_BOOT_SECTOR..][..8].copy_from_slice(&CORE.to_le_bytes());
    core[IN_CORE..][..8].copy_from_slice(&(CORE + 1).to_le_bytes());
    let disk = OpenOptions::new().write(true).open(image)?;
    disk.write_all_at(&sector, 0)?;
    disk.write_all_at(&core, CORE * SECTOR)?;
    Ok(())
}
