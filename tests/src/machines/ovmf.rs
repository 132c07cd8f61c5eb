//! A machine with UEFI: OVMF in QEMU.

use super::qemu::{Bus, Machine};
use crate::debian;
use anyhow::Result;
use std::fs;
use std::path::Path;

/// The program that OVMF starts from a disk that it does not know.
pub const PROGRAM: &str = "EFI/BOOT/BOOTX64.EFI";

/// A machine that starts [`PROGRAM`]. Its variables are made anew in a file.
pub fn machine(disk: &Path, variables: &Path) -> Result<Machine> {
    on(Machine::new(disk).bus(Bus::Ahci), variables)
}

/// A machine with OVMF in place of a BIOS.
pub fn on(machine: Machine, variables: &Path) -> Result<Machine> {
    let firmware = debian::package("ovmf")?.join("usr/share/OVMF");
    fs::copy(firmware.join("OVMF_VARS.fd"), variables)?;
    let drive = "if=pflash,format=raw";
    let code = format!(
        "{drive},readonly=on,file={}/OVMF_CODE.fd",
        firmware.display()
    );
    let variables = format!("{drive},file={}", variables.display());
    Ok(machine.arguments(&["-drive", &code, "-drive", &variables]))
}
