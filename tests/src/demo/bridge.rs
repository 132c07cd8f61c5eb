//! The demo of the bridge: the system lies on a virtio disk with sectors of 4096 bytes, which
//! SeaBIOS does not see; a small disk that it does see has gapboot and the bridge.

use super::system::{Options, TIME, files, line, show, use_shell};
use crate::MIB;
use crate::gapboot;
use crate::guests::bridge::{build, menu};
use crate::images::large_sectors::{FileSystem, large_sectors};
use crate::images::{Disk, Fat, Partition};
use crate::machines::qemu::{Bus, Machine};
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Makes both disks and boots the small one.
pub(super) fn run(directory: &Path, options: Options) -> Result<()> {
    let (small, system) = (directory.join("bridge.img"), directory.join("system.img"));
    println!("The demo of the bridge:");
    println!(
        "  - makes {}, a disk with sectors of 4096 bytes,",
        system.display()
    );
    println!(
        "    with Debian's kernel and /loader/entries/debian.conf: this BIOS does not see it,"
    );
    println!("  - makes {}, a disk that the BIOS sees,", small.display());
    println!("    with gapboot and the file of `gapboot bridge build` as /EFI/Linux/bridge.efi,");
    println!("  - and boots it in QEMU, on SeaBIOS. Choose Debian in the bridge's menu.");
    make_system(&system, &directory.join("system"), options.screen)?;
    let image = build(directory, &[])?;
    let esp = Partition::esp(Fat::new(32)).file("EFI/Linux/bridge.efi", image);
    Disk::new(300 * MIB).partition(esp).build(&small)?;
    gapboot::install(&small)?;
    let machine = machine(&small, &system, options);
    match options.check {
        true => check(&machine),
        false => show(&machine, options),
    }
}

/// Makes the disk that the BIOS does not see.
fn make_system(image: &Path, tree: &Path, screen: bool) -> Result<()> {
    for (path, content) in files(screen)? {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap_or(tree))?;
        fs::write(path, content)?;
    }
    large_sectors(image, 512 * MIB, FileSystem::Fat(tree))
}

fn machine(small: &Path, system: &Path, options: Options) -> Machine {
    let drive = format!(
        "if=none,id=system,format=raw,snapshot=on,file={}",
        system.display()
    );
    let device = "virtio-blk-pci,drive=system,logical_block_size=4096,physical_block_size=4096";
    Machine::new(small)
        .bus(Bus::Ahci)
        .memory(1024)
        .kvm(options.kvm)
        .arguments(&["-drive", &drive, "-device", device])
}

/// Chooses the system in the bridge's menu, uses its shell, and lets it power off.
fn check(machine: &Machine) -> Result<()> {
    let start = Instant::now();
    let mut guest = machine.clone().timeout(2 * TIME).start()?;
    menu::choose(&mut guest, &[&line("vda")?])?;
    let menu = start.elapsed().as_secs_f32();
    let seconds = use_shell(guest, start)?;
    println!(
        "The bridge showed its menu after {menu:.1} s. The system came up after {seconds:.1} s, its \
         shell works, and it powered off."
    );
    Ok(())
}
