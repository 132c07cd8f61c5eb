//! The menu that a loader shows on COM1: what is in it, and choosing an entry.

use super::medium::{Loader, Medium};
use crate::guests::report::{self, Report};
use crate::machines::qemu::Guest;
use crate::machines::terminal;
use anyhow::{Context, Result};
use std::time::Duration;

/// The time until a kernel has to report. Guests of a busy host take long.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Keys that both loaders understand.
const FIRST: u8 = 0x01; // Control and A
const DOWN: u8 = 0x0e; // Control and N
const ENTER: u8 = b'\r';

/// What the loader did.
#[derive(Clone, Debug)]
pub struct Started {
    /// The titles of the menu and of each submenu on the way, as the loader showed them.
    pub menus: Vec<Vec<String>>,
    /// What the kernel reported.
    pub report: Report,
}

/// Boots a medium, and chooses these titles in its menu and submenus. The medium is not
/// changed.
///
/// # Errors
///
/// A menu does not show a title, or no kernel reports.
pub fn start(medium: &Medium, titles: &[String]) -> Result<Started> {
    let machine = medium.machine()?.memory(1024).timeout(PATIENCE);
    let mut guest = machine.start()?;
    let menus = choose_all(&mut guest, medium.loader(), titles)?;
    guest.wait_for_serial(report::END)?;
    Ok(Started {
        menus,
        report: Report::parse(&guest.serial())?,
    })
}

/// Chooses these titles in the menu and its submenus, and returns the titles of all.
///
/// # Errors
///
/// A menu does not show a title.
pub fn choose_all(
    guest: &mut Guest,
    loader: Loader,
    titles: &[String],
) -> Result<Vec<Vec<String>>> {
    let mut seen = 0;
    let menus = titles.iter().map(|title| {
        let shown = choose(guest, loader, title, &mut seen);
        shown.with_context(|| format!("the menu never showed {title}"))
    });
    menus.collect()
}

/// Chooses an entry of the menu that comes after the `seen` bytes, and returns the titles
/// of all.
fn choose(guest: &mut Guest, loader: Loader, title: &str, seen: &mut usize) -> Result<Vec<String>> {
    let mut shown = Vec::new();
    guest.wait_for(|guest| {
        shown = titles(loader, &guest.serial()[*seen..]).unwrap_or_default();
        shown.iter().any(|shown| shown == title)
    })?;
    let place = shown.iter().position(|shown| shown == title);
    let mut keys = vec![FIRST];
    keys.resize(keys.len() + place.unwrap_or_default(), DOWN);
    keys.push(ENTER);
    *seen = guest.serial().len();
    guest.type_on_serial(&keys)?;
    Ok(shown)
}

/// The titles of the menu on the screen, once all of it is there.
fn titles(loader: Loader, serial: &str) -> Option<Vec<String>> {
    let (clear, edge) = match loader {
        Loader::Grub => ("\x1b[H\x1b[J", '|'),
        Loader::Syslinux => ("\x1b[2J", 'x'),
    };
    let menu = &serial[serial.rfind(clear)?..];
    let is_whole = match loader {
        // Beside the box, above it first and then below it: whether there is more.
        Loader::Grub => menu.matches(";80H").count() == 2,
        Loader::Syslinux => menu.contains("Press ENTER"),
    };
    // SYSLINUX draws lines in a second set of characters.
    let lines = terminal::screen(&menu.replace(['\x0e', '\x0f', '\x07'], ""));
    let rows = lines.iter().filter_map(|line| {
        let row = line.trim().strip_prefix(edge)?.strip_suffix(edge)?;
        Some(match loader {
            Loader::Grub => row.trim_start_matches('*').trim(),
            // A mark at a submenu, or at the way back.
            Loader::Syslinux => row.trim_end().trim_end_matches(['>', '<']).trim(),
        })
    });
    let titles = rows.filter(|row| !row.is_empty()).map(str::to_owned);
    // SYSLINUX has the menu's own title in the box.
    let heading = usize::from(loader == Loader::Syslinux);
    is_whole.then(|| titles.skip(heading).collect())
}

#[cfg(test)]
mod tests {
    use super::{Loader, titles};

    #[test]
    fn titles_of_both_loaders() {
        let grub = "\x1b[H\x1b[J\x1b[5;1H|*a, b  |\x1b[5;80H \x1b[6;1H|       |\x1b[6;80H ";
        assert_eq!(titles(Loader::Grub, grub).unwrap(), ["a, b"]);
        assert_eq!(titles(Loader::Grub, &grub[..30]), None);
        let syslinux = "\x1b[2J\x0elqqk\x0f\r\n\x0ex\x0f  All  x\r\nx a   x\r\nx b > x\r\nx     x\r\nPress ENTER";
        assert_eq!(titles(Loader::Syslinux, syslinux).unwrap(), ["a", "b"]);
    }
}
