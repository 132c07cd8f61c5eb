//! The programs under test, which `./x dist` has built.

use crate::decision::{Asked, Decision};
use crate::kernels::probe::{Piece, Report};
use crate::machines::qemu::Machine;
use crate::tool::{missing, run};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The directory with stages and programs.
pub fn dist() -> PathBuf {
    std::env::var_os("GAPBOOT_DIST").map_or_else(|| crate::root().join("dist"), PathBuf::from)
}

/// A file of the distribution.
///
/// # Errors
///
/// The file is missing; the message says how to make it.
pub fn built(name: &str) -> Result<PathBuf> {
    let path = dist().join(name);
    ensure!(
        path.exists(),
        "{} is not there: run `./x dist`",
        path.display()
    );
    Ok(path)
}

/// Runs `gapboot`. Its exit status is not checked.
pub fn gapboot(arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(built("gapboot")?);
    let output = command.args(arguments).output();
    output.map_err(|error| missing(command.get_program(), error))
}

/// `gapboot install` on an image.
pub fn install(image: &Path) -> Result<()> {
    run(Command::new(built("gapboot")?).arg("install").arg(image))?;
    Ok(())
}

/// Puts version 0.1.0's own loader onto a disk, as its own installer does.
///
/// # Errors
///
/// The image cannot be written.
pub fn install_0_1_0(image: &Path) -> Result<()> {
    let stage1 = include_bytes!("../../cli/tests/fixtures/0.1.0/stage1.bin");
    let stage2 = include_bytes!("../../cli/tests/fixtures/0.1.0/stage2.bin");
    let overlay = include_bytes!("../../cli/tests/fixtures/0.1.0/overlay.bin");
    let file = File::options().write(true).open(image)?;
    file.write_all_at(&stage1[..440], 0)?;
    file.write_all_at(stage2, 34 * 512)?;
    file.write_all_at(overlay, 66 * 512)?;
    Ok(())
}

/// An entry in the output of `gapboot list --json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its title as the menu shows it.
    pub show_title: String,
    /// True if it boots when nobody chooses.
    #[serde(default)]
    pub is_default: bool,
}

/// The menu of an image.
pub fn list(image: &Path) -> Result<Vec<Listed>> {
    let printed = run(Command::new(built("gapboot")?)
        .args(["list", "--json"])
        .arg(image))?;
    serde_json::from_str(&printed).with_context(|| format!("reading the menu\n{printed}"))
}

/// Boots an image with the probe for a kernel, which may be changed. With `enter`,
/// somebody presses that key as soon as a menu shows this text.
pub fn boot(image: &Path, enter: Option<&str>) -> Result<Decision> {
    let mut guest = Machine::new(image).writable().start()?;
    if let Some(text) = enter {
        guest.wait_for_screen(text)?;
        guest.type_on_serial(b"\r")?;
    }
    let serial = guest.finish()?.serial;
    let report = Report::parse(&serial)?;
    let node = report.node();
    let selected = node.get("LoaderEntrySelected");
    Ok(Decision {
        selected: selected.context("nothing is selected")?.clone(),
        counted: node.get("LoaderBootCountPath").cloned(),
        options: Some(report.command_line()),
        asked: match serial.contains(KEYS) {
            true => Asked::of_menu(&serial),
            false => Asked::Not,
        },
    })
}

/// The menu's last line.
const KEYS: &str = "Enter boot   e edit";

/// The output of `bootloader_emu --json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Handoff {
    /// The chosen entry.
    pub id: String,
    /// The kernel's command line.
    pub cmdline: String,
    /// The protected-mode part.
    pub kernel: Piece,
    /// The initrd, if there is one.
    #[serde(default)]
    pub initrd: Option<Piece>,
    /// The header fields that were written, by the protocol's names.
    pub header: BTreeMap<String, u64>,
}

/// Runs `bootloader_emu --json` on an image, for a machine of `memory` MiB.
/// Its exit status is not checked.
pub fn emulate(image: &Path, memory: u32, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(built("bootloader_emu")?);
    command
        .args(["--json", "--memory", &memory.to_string()])
        .args(arguments)
        .arg(image);
    command
        .output()
        .map_err(|error| missing(command.get_program(), error))
}

/// The handoff that the emulator ends with.
pub fn handoff(image: &Path, memory: u32) -> Result<Handoff> {
    let output = emulate(image, memory, &[])?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "bootloader_emu failed: {printed}{errors}"
    );
    serde_json::from_str(&printed).with_context(|| format!("reading the handoff\n{printed}"))
}

/// The differences between the emulator's handoff and the report of a kernel in a
/// machine.
pub fn differences(handoff: &Handoff, report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, emulated: String, seen: String| {
        if emulated != seen {
            found.push(format!(
                "{what}: the emulator says {emulated}, the kernel saw {seen}"
            ));
        }
    };
    compare("cmdline", handoff.cmdline.clone(), report.command_line());
    compare(
        "kernel",
        format!("{:x?}", handoff.kernel),
        format!("{:x?}", report.kernel),
    );
    let initrd = Some(report.initrd.clone()).filter(|initrd| initrd.size != 0);
    let emulated = handoff.initrd.clone().filter(|initrd| initrd.size != 0);
    compare("initrd", format!("{emulated:x?}"), format!("{initrd:x?}"));
    for (name, value) in &handoff.header {
        compare(
            name,
            format!("{value:#x}"),
            format!("{:#x}", report.get(name)),
        );
    }
    found
}

/// A Type 1 entry, the text of a file in `/loader/entries`.
pub fn type1(title: &str, linux: &str, initrds: &[&str], options: &str) -> String {
    let mut text = format!("title {title}\nlinux {linux}\n");
    for initrd in initrds {
        text += &format!("initrd {initrd}\n");
    }
    if !options.is_empty() {
        text += &format!("options {options}\n");
    }
    text
}
