//! The npm package of v86, an emulator that runs in node.

use anyhow::{Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages;
use crate::run::run;
use crate::workspace::Workspace;

/// The programs that run v86 and install it, and the BIOSes of its machines.
const TOOLS: &[&str] = &[
    "/usr/share/seabios/bios.bin",
    "/usr/share/seabios/vgabios-stdvga.bin",
    "node",
    "npm",
];

/// The files that npm installs by: the second has the package's version and its hash.
const MANIFEST: &str = "package.json";
const LOCK: &str = "package-lock.json";

/// Makes sure that the package is installed in the target directory, in the version of
/// `tests/v86/package-lock.json`. Returns the package's directory.
pub(super) fn installed(workspace: &Workspace) -> Result<PathBuf> {
    packages::ensure(TOOLS)?;
    let source = workspace.root.join("tests/v86");
    let directory = workspace.target.join("v86");
    let package = directory.join("node_modules/v86");
    if !is_installed(&source, &directory)? {
        install(&source, &directory).context("v86 cannot be installed")?;
    }
    Ok(package)
}

/// True if npm came to its end in `directory`, with the lock file that is in `source`.
fn is_installed(source: &Path, directory: &Path) -> Result<bool> {
    let wanted = fs::read(source.join(LOCK))?;
    let is = fs::read(directory.join(LOCK)).is_ok_and(|is| is == wanted);
    // npm writes this file last.
    Ok(is && directory.join("node_modules/.package-lock.json").exists())
}

/// Has npm fetch the package and check its hash.
fn install(source: &Path, directory: &Path) -> Result<()> {
    // Else what an older lock file has brought would pass for what this one brings.
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(directory)?,
    }
    for name in [MANIFEST, LOCK] {
        fs::copy(source.join(name), directory.join(name))?;
    }
    run(Command::new("npm").current_dir(directory).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))
}
