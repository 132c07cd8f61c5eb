//! The demo: gapboot on a disk image with Debian's kernel, booted in QEMU.
//!
//! `./x demo` runs it in the terminal, down to a shell; `--check` does the
//! same without a user and reports, `--screen` opens a window. With `--bridge` the system
//! lies on a disk that the BIOS cannot see: [`bridge`].

mod bridge;

use crate::MIB;
use crate::debian::{self, Flavour};
use crate::gapboot::{self, type1};
use crate::images::initramfs;
use crate::images::{Disk, Fat, Partition};
use crate::machines::qemu::{Bus, Exit, Guest, Machine};
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
const TIME: Duration = Duration::from_secs(120);

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

/// Makes the disk, installs gapboot on it and boots it.
pub fn run(options: Options) -> Result<()> {
    let directory = crate::root().join("target/demo");
    fs::create_dir_all(&directory)?;
    if options.bridge {
        return bridge::run(&directory, options);
    }
    let image = directory.join("disk.img");
    println!("The gapboot demo:");
    println!(
        "  - takes a kernel and busybox out of Debian's packages (into cache/, nothing is installed),"
    );
    println!(
        "  - makes {} with sfdisk, mkfs.vfat and mtools:",
        image.display()
    );
    println!("    a GPT, an EFI System Partition, and /loader/entries/debian.conf on it,");
    println!("  - runs `gapboot install` on it,");
    println!("  - and boots it in QEMU, on SeaBIOS.");
    build(&image, options.screen)?;
    println!("$ gapboot install {}", image.display());
    gapboot::install(&image)?;
    let machine = machine(&image, options);
    match options.check {
        true => check(&machine),
        false => show(&machine, options),
    }
}

/// Makes the disk image, without a boot loader. `screen` makes the VGA screen
/// the guest's console, instead of COM1.
pub fn build(image: &Path, screen: bool) -> Result<()> {
    let mut esp = Partition::esp(Fat::new(32));
    for (path, content) in files(screen)? {
        esp = esp.file(path, content);
    }
    Disk::new(320 * MIB).partition(esp).build(image)
}

/// The files of the system: an entry, a kernel and an initramfs.
fn files(screen: bool) -> Result<[(&'static str, Vec<u8>); 3]> {
    let kernel = debian::kernel(Flavour::Generic)?;
    let version = kernel_version(&kernel);
    let consoles = if screen {
        "console=ttyS0 console=tty0"
    } else {
        "console=tty0 console=ttyS0"
    };
    let options = format!("{consoles} quiet");
    let entry = type1(
        &format!("Debian GNU/Linux ({version})"),
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

fn kernel_version(kernel: &Path) -> String {
    let name = kernel.file_name().unwrap_or_default().to_string_lossy();
    name.trim_start_matches("vmlinuz-").to_owned()
}

fn machine(image: &Path, options: Options) -> Machine {
    Machine::new(image)
        .bus(Bus::Virtio)
        .memory(1024)
        .kvm(options.kvm)
}

/// Hands the terminal to the guest.
fn show(machine: &Machine, options: Options) -> Result<()> {
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

/// Waits until the guest has started, uses its shell, and lets it power off.
fn check(machine: &Machine) -> Result<()> {
    let start = Instant::now();
    let guest = machine.clone().timeout(TIME).start()?;
    let seconds = use_shell(guest, start)?;
    println!("The guest came up after {seconds:.1} s, its shell works, and it powered off.");
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
