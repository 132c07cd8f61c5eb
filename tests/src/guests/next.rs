//! A system that starts the next kernel by `gapboot kexec`: its files lie in its initrd.

use crate::debian::{self, Flavour};
use crate::gapboot::built;
use crate::images::initramfs::{self, Archive};
use crate::machines::qemu::{Guest, Machine};
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::running::START;

/// The command line of that system.
const CMDLINE: &str = "console=ttyS0 panic=-1 quiet no_timer_check";

/// What the system does: it says the checksum of the memory's first page, and what
/// `gapboot kexec -l` says; then it starts what was loaded.
const INIT: &str = r#"
# The firmware leaves an unfinished line.
echo
exec 2>/dev/null
say page 0 $(dd if=/dev/mem bs=4096 count=1 | sha256sum)
cd /next
say $(eval "gapboot kexec -l $(cat /arguments)" 2>&1)
gapboot kexec -e
"#;

/// A machine whose system starts the next kernel. `arguments` are those of `gapboot kexec
/// -l`; they name `files`, which lie in its working directory. What the machine needs is
/// kept in `directory`.
///
/// # Errors
///
/// Debian's packages cannot be had, or a file cannot be written.
pub fn machine(directory: &Path, files: &[(&str, &[u8])], arguments: &str) -> Result<Machine> {
    let mut archive = Archive::new()
        .directory("next")
        .program("arguments", arguments.as_bytes())
        .linked("bin/gapboot", &built("gapboot")?)?;
    for (name, content) in files {
        archive = archive.program(&format!("next/{name}"), content);
    }
    let mut initrd = initramfs::busybox(&(START.to_owned() + INIT))?;
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.extend(archive.finish());
    let path = directory.join("initrd");
    fs::write(&path, initrd)?;
    let kernel = debian::kernel(Flavour::Cloud)?.display().to_string();
    let machine = Machine::without_disk().timeout(Duration::from_secs(240));
    Ok(machine.memory(1024).arguments(&[
        "-kernel",
        &kernel,
        "-initrd",
        &path.display().to_string(),
        "-append",
        CMDLINE,
    ]))
}

/// Starts such a machine, and waits until the next kernel is loaded, which is the first
/// of the arguments.
///
/// # Errors
///
/// As [`machine`], or it is not loaded by `kexec_load`.
pub fn start(directory: &Path, files: &[(&str, &[u8])], arguments: &str) -> Result<Guest> {
    let mut guest = machine(directory, files, arguments)?.start()?;
    let name = arguments.split(' ').next().unwrap_or_default();
    guest.wait_for_serial(&format!("TEST {name}: loaded (kexec_load)"))?;
    Ok(guest)
}
