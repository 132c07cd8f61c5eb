//! The demo: gapboot on a disk image with Debian's kernel, booted in QEMU.
//!
//! `./x demo` runs it in the terminal, down to a shell; `--check` does the
//! same without a user and reports, `--screen` opens a window. With `--bridge` the system
//! lies on a disk that the BIOS cannot see.
//!
//! | module | content |
//! |---|---|
//! | `bridge` | the system on such a disk, and the bridge |
//! | `system` | the system on the disk, and how a guest is shown and checked |

mod bridge;
mod system;

use crate::MIB;
use crate::gapboot;
use crate::images::{Disk, Fat, Partition};
use crate::machines::qemu::{Bus, Machine};
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::time::Instant;

pub use system::{MARKER, Options, use_shell};
use system::{TIME, files, show};

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

fn machine(image: &Path, options: Options) -> Machine {
    Machine::new(image)
        .bus(Bus::Virtio)
        .memory(1024)
        .kvm(options.kvm)
}

/// Waits until the guest has started, uses its shell, and lets it power off.
fn check(machine: &Machine) -> Result<()> {
    let start = Instant::now();
    let guest = machine.clone().timeout(TIME).start()?;
    let seconds = use_shell(guest, start)?;
    println!("The guest came up after {seconds:.1} s, its shell works, and it powered off.");
    Ok(())
}
