//! `./x test`: every test and check there is.

use anyhow::{Result, bail};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use crate::check::{self, only_host};
use crate::freestanding::{self, Image};
use crate::run::{cargo, run};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;
use crate::{dist, packages, reproduce, size};

/// The programs that tests call, whatever the crate.
const TOOLS: &[&str] = &[
    "as",
    "fsck.vfat",
    "ld",
    "mcopy",
    "mkfs.vfat",
    "qemu-system-i386",
    "qemu-system-x86_64",
    "sfdisk",
    "sgdisk",
];

/// Runs all of it; goes on after a failure, to show as much as there is, and
/// then fails.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    let mut failed = Vec::new();
    let mut step = |name: &'static str, result: &dyn Fn() -> Result<()>| {
        eprintln!("x: {name} ...");
        let start = Instant::now();
        let outcome = result();
        eprintln!("x: {name}: {} s", start.elapsed().as_secs());
        if let Err(error) = outcome {
            eprintln!("x: {name}: {error:#}");
            failed.push(name);
        }
    };
    // Without these there is nothing to test.
    eprintln!("x: dist ...");
    let loader = dist::build(workspace)?;
    let probe = probe(workspace)?;

    step("tests", &|| {
        let mut test = cargo(workspace, "test");
        test.env("GAPBOOT_DIST", workspace.dist())
            .env("GAPBOOT_PROBE", &probe);
        run(only_host(&mut test).arg("--no-fail-fast"))
    });
    step("check", &|| check::all(workspace));
    step("reproduce", &|| reproduce::compare(workspace));
    step("size", &|| size::print(&loader));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

/// Builds the kernel that tests boot, and returns where its file lies.
fn probe(workspace: &Workspace) -> Result<PathBuf> {
    freestanding::build(workspace, &Toolchain::find()?, &["probe"])?;
    let image = Image::read(&freestanding::image(workspace, "probe"))?;
    let file = freestanding::directory(workspace).join("probe.bin");
    fs::write(&file, image.whole()?)?;
    Ok(file)
}
