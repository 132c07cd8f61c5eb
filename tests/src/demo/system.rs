//! The system of the demo, and how a guest is shown and checked.

use crate::debian::{self, Flavour};
use crate::gapboot::type1;
use crate::images::initramfs;
use crate::machines::qemu::{Exit, Guest, Machine};
use crate::tool::{command, missing};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The options of `./x demo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Run unattended and report.
    pub check: bool,
    /// Open a window with the machine's screen.
    pub screen: bool,
    /// Let KVM run the guest.
    pub kvm: bool,
    /// Start a system that the BIOS cannot see, by the bridge.
    pub bridge: bool,
}

/// The time that a guest has.
pub(super) const TIME: Duration = Duration::from_secs(120);

/// The guest's message on its console when it has started.
pub const MARKER: &str = "gapboot demo: Linux is up";

/// The init script: prints the message, and starts a shell. The commands halt, poweroff
/// and reboot signal the script.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/ PS1='gapboot demo # '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo
echo "gapboot demo: Linux is up"
echo "  kernel        $(uname -sr)"
echo "  command line  $(cat /proc/cmdline)"
echo "  firmware      $(cat /sys/class/dmi/id/bios_vendor), $([ -d /sys/firmware/efi ] && echo UEFI || echo BIOS)"
echo "This is a shell in the initramfs; poweroff ends the machine."
echo
trap 'poweroff -f' USR1 USR2
trap 'reboot -f' TERM
setsid cttyhack sh &
wait
poweroff -f
"#;

/// The files of the system: an entry, a kernel and an initramfs.
pub(super) fn files(screen: bool) -> Result<[(&'static str, Vec<u8>); 3]> {
    let kernel = debian::kernel(Flavour::Generic)?;
    let version = kernel_version(&kernel);
    let consoles = if screen {
        "console=ttyS0 console=tty0"
    } else {
        "console=tty0 console=ttyS0"
    };
    let options = format!("{consoles} quiet");
    let entry = type1(
        &title(&version),
        "/debian/vmlinuz",
        &["/debian/initramfs.cpio"],
        &options,
    );
    Ok([
        (
            "loader/entries/debian.conf",
            format!("{entry}version {version}\n").into_bytes(),
        ),
        ("debian/vmlinuz", fs::read(kernel)?),
        ("debian/initramfs.cpio", initramfs::busybox(INIT)?),
    ])
}

/// The title of the entry.
fn title(version: &str) -> String {
    format!("Debian GNU/Linux ({version})")
}

/// The line of the bridge's menu with the entry on this disk.
pub(super) fn line(disk: &str) -> Result<String> {
    let kernel = debian::kernel(Flavour::Generic)?;
    Ok(format!("{disk}: {}", title(&kernel_version(&kernel))))
}

fn kernel_version(kernel: &Path) -> String {
    let name = kernel.file_name().unwrap_or_default().to_string_lossy();
    name.trim_start_matches("vmlinuz-").to_owned()
}

/// Hands the terminal to the guest.
pub(super) fn show(machine: &Machine, options: Options) -> Result<()> {
    println!("Press Ctrl-A, then X to stop QEMU; `poweroff` in the shell ends it too.\n");
    let mut qemu = command("qemu-system-x86_64");
    qemu.args(machine.command_line());
    qemu.args(["-no-reboot", "-serial", "mon:stdio"]);
    if !options.screen {
        qemu.args(["-display", "none"]);
    }
    let status = qemu
        .status()
        .map_err(|error| missing(qemu.get_program(), error))?;
    ensure!(status.success(), "QEMU ended with {status}");
    Ok(())
}

/// Waits for the shell of a guest, and ends the guest by a command there. Returns the
/// seconds from `start` to the shell.
pub fn use_shell(mut guest: Guest, start: Instant) -> Result<f32> {
    guest.wait_for_serial(MARKER)?;
    guest
        .wait_for_serial("gapboot demo #")
        .context("the guest came up without a shell")?;
    let seconds = start.elapsed().as_secs_f32();
    guest.type_on_serial(b"expr 6 \\* 7; poweroff\n")?;
    let outcome = guest.finish()?;
    match outcome.exit {
        Exit::Status(0) if outcome.serial.contains("\n42\r\n") => Ok(seconds),
        exit => bail!(
            "the guest's shell did not work, {exit:?}:\n{}",
            outcome.serial
        ),
    }
}
