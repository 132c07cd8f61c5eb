//! The pictures of the documents, made of machines that run: QEMU's screen as PNG, and what
//! a terminal shows at the other end of the serial line as text.

use crate::MIB;
use crate::gapboot::{self, type1};
use crate::images::{Disk, Fat, Partition};
use crate::machines::qemu::{Guest, Machine};
use crate::machines::terminal;
use anyhow::Result;
use std::fs;
use std::path::Path;

/// What the last line of the menu says.
const HINT: &str = "Enter boot   e edit   p details   h help";

/// Makes all pictures in `directory`.
///
/// # Errors
///
/// A tool is missing, or the machine does not show the menu.
pub fn make(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    let place = crate::scratch()?;
    let disk = place.path().join("disk.img");
    build(&disk)?;
    let mut guest = Machine::new(&disk).start()?;
    guest.wait_for_screen(HINT)?;
    guest.screenshot(&directory.join("menu.png"))?;
    fs::write(directory.join("menu.txt"), serial(&guest))?;
    guest.press(&["p"])?;
    guest.wait_for(|guest| {
        let screen = guest.screen();
        screen.is_ok_and(|screen| !screen.text().contains(HINT))
    })?;
    guest.screenshot(&directory.join("details.png"))?;
    guest.stop()?;
    Ok(())
}

/// A disk with a menu as a Debian has it: two kernels, of which the new one is counted.
fn build(disk: &Path) -> Result<()> {
    let entry = |title: &str, version: &str| {
        let path = format!("/debian/{version}");
        let text = type1(
            title,
            &format!("{path}/linux"),
            &[&format!("{path}/initrd.img")],
            "root=/dev/gpt-auto-root ro quiet",
        );
        format!("{text}version {version}\nsort-key debian\n")
    };
    let (new, old) = ("6.12.57+deb13-amd64", "6.12.48+deb13-amd64");
    let title = "Debian GNU/Linux 13 (trixie)";
    let mut esp = Partition::esp(Fat::new(16).cluster(2048))
        .file("loader/loader.conf", "timeout menu-force\n")
        .file(
            &format!("loader/entries/debian-{new}+3-0.conf"),
            entry(title, new),
        )
        .file(
            &format!("loader/entries/debian-{old}.conf"),
            entry(title, old),
        );
    for version in [new, old] {
        for name in ["linux", "initrd.img"] {
            esp = esp.file(&format!("debian/{version}/{name}"), "a file");
        }
    }
    Disk::new(24 * MIB).partition(esp).build(disk)?;
    gapboot::install(disk)
}

/// What a terminal shows.
fn serial(guest: &Guest) -> String {
    let lines = terminal::screen(&guest.serial()).join("\n");
    format!("{}\n", lines.trim_end())
}
