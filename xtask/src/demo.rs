//! `./x demo`: builds gapboot and shows it at work.

use anyhow::{Result, bail};
use std::process::Command;
use tests::demo::{self, Options};

use crate::usage::Usage;
use crate::workspace::Workspace;
use crate::{dist, packages};

/// The programs that the demo calls.
const TOOLS: &[&str] = &[
    "depmod",
    "mcopy",
    "mkfs.vfat",
    "qemu-system-x86_64",
    "sfdisk",
];

/// Runs the demo with the options in `words`.
pub(crate) fn run(workspace: &Workspace, words: &[&str]) -> Result<()> {
    let mut options = Options::default();
    for word in words {
        match *word {
            "--check" => options.check = true,
            "--screen" => options.screen = true,
            "--kvm" => options.kvm = true,
            "--bridge" => options.bridge = true,
            other => bail!(Usage(format!("demo {other}"))),
        }
    }
    packages::ensure(TOOLS)?;
    if options.screen && !qemu_has_window() {
        packages::ensure(&[packages::QEMU_WINDOW])?;
    }
    dist::build(workspace)?;
    demo::run(options)
}

/// True if QEMU can open a window as it is.
fn qemu_has_window() -> bool {
    let displays = Command::new("qemu-system-x86_64")
        .args(["-display", "help"])
        .output();
    displays.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|line| matches!(line, "gtk" | "sdl"))
    })
}
