//! Freestanding programs that only tests start.

use anyhow::Result;
use std::fs;
use std::path::PathBuf;

use crate::freestanding::{self, Image};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// Builds the probe kernel, which reports what the loader gave it. Returns its file.
pub(crate) fn probe(workspace: &Workspace) -> Result<PathBuf> {
    flat(workspace, "probe")
}

/// Builds the BIOS with faults. Returns its file.
pub(crate) fn firmware(workspace: &Workspace) -> Result<PathBuf> {
    flat(workspace, "firmware")
}

/// Builds a freestanding package. Returns a file with its bytes as they lie in memory.
fn flat(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    freestanding::build(workspace, &Toolchain::find()?, &[package])?;
    let image = Image::read(&freestanding::image(workspace, package))?;
    let file = freestanding::directory(workspace).join(format!("{package}.bin"));
    fs::write(&file, image.whole()?)?;
    Ok(file)
}
