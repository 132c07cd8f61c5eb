//! systemd-boot on a machine with UEFI, to compare with.

use super::uki;
use crate::debian::trixie;
use crate::decision::{Asked, Decision};
use crate::kernels::witness::Testimony;
use crate::machines::ovmf;
use crate::machines::qemu::Machine;
use crate::machines::terminal::screen;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A release of Debian, for its version of systemd-boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// This machine's release. Debian 12 has version 252.
    Own,
    /// Debian 13: version 257.
    Trixie,
}

impl Release {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Own, Self::Trixie];

    /// The program, for [`ovmf::PROGRAM`].
    pub fn program(self) -> Result<PathBuf> {
        let stub = match self {
            Self::Own => uki::stub()?,
            Self::Trixie => trixie::package("systemd-boot-efi")?.join(uki::STUB),
        };
        Ok(stub.with_file_name("systemd-bootx64.efi"))
    }
}

/// The result of a boot.
#[derive(Clone, Debug)]
pub struct Boot {
    /// systemd-boot's version.
    pub version: u32,
    /// Ids of the menu's entries in their order.
    pub entries: Vec<String>,
    /// The titles that the menu shows, as far as it has room.
    pub titles: Vec<String>,
    /// The decision.
    pub decision: Decision,
}

/// Boots a disk with [`crate::kernels::witness`] for a kernel, which may be changed. With
/// `enter`, somebody presses that key as soon as a menu shows this text.
pub fn boot(disk: &Path, enter: Option<&str>) -> Result<Boot> {
    let directory = tempfile::tempdir()?;
    let machine: Machine = ovmf::machine(disk, &directory.path().join("variables"))?
        .writable()
        .memory(256)
        .timeout(Duration::from_secs(120));
    let mut guest = machine.start()?;
    if let Some(text) = enter {
        guest.wait_for_serial(text)?;
        guest.type_on_serial(b"\r")?;
    }
    let serial = guest.finish()?.serial;
    let witnessed = Testimony::parse(&serial)?;
    let text = |name: &str| witnessed.text(name);
    let info = text("LoaderInfo").unwrap_or_default();
    let version = info.trim_start_matches("systemd-boot ");
    let version = version.split(|c: char| !c.is_ascii_digit()).next();
    let menu = menu(&serial);
    let asked = match menu.is_empty() {
        true => Asked::Not,
        false => Asked::of_menu(&serial),
    };
    // systemd-boot draws a line that is not ASCII below the entries.
    let titles = menu
        .into_iter()
        .filter(|line| !line.starts_with("Boot in "));
    let titles = titles.take_while(|line| line.is_ascii()).collect();
    Ok(Boot {
        version: version
            .and_then(|version| version.parse().ok())
            .with_context(|| format!("{info:?} is not systemd-boot"))?,
        entries: witnessed.texts("LoaderEntries"),
        titles,
        decision: Decision {
            selected: text("LoaderEntrySelected").context("nothing is selected")?,
            counted: text("LoaderBootCountPath").map(|path| path.replace('\\', "/")),
            // `@N` names the profile of an image.
            options: text("LoadOptions").filter(|options| !options.starts_with('@')),
            asked,
        },
    })
}

/// The lines of the menu that was on the screen last: without the firmware's own,
/// and without blanks around them.
fn menu(serial: &str) -> Vec<String> {
    const CLEAR: &str = "\x1b[2J";
    let said = serial.split("\nWITNESS").next().unwrap_or_default();
    let Some((before, _)) = said.rsplit_once(CLEAR) else {
        return Vec::new();
    };
    let shown = before.rsplit(CLEAR).next().unwrap_or_default();
    if shown.contains("BdsDxe") {
        return Vec::new();
    }
    let lines = screen(shown).into_iter();
    lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}
