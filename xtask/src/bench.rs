//! `./x bench`: measures gapboot next to other loaders.

use anyhow::{Context, Result};
use layout::memory::{OVERLAY, STAGE2, STAGE2_UNPACKED};
use tests::bench::Counter;

use crate::freestanding::{self, Image};
use crate::run::{cargo, run as run_command};
use crate::workspace::Workspace;
use crate::{dist, fixtures, packages};

/// The programs that the benchmark calls.
const TOOLS: &[&str] = &[
    "dpkg-deb",
    "grub-mkimage",
    "mcopy",
    "mkfs.vfat",
    "qemu-system-x86_64",
    "sfdisk",
];

/// Builds the loader and the benchmark, and measures.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    dist::build(workspace)?;
    let probe = fixtures::probe(workspace)?;
    tests::bench::run(&probe, &counter(workspace)?)
}

/// Builds the counter of instructions. It finds the parts of stage2 by their symbols.
fn counter(workspace: &Workspace) -> Result<Counter> {
    run_command(cargo(workspace, "build").args(["--release", "--package", "counter"]))?;
    let image = Image::read(&freestanding::directory(workspace).join("link/stage2"))?;
    let mut symbols = image.symbols.iter();
    let copy = symbols.find(|symbol| symbol.name == "memcpy");
    let copy = copy.context("stage2 has no memcpy")?;
    let ranges = [
        (
            "unpacking",
            image.symbol("unpack")?..image.symbol("unpack_end")?,
        ),
        ("copying", copy.address..copy.address + copy.size),
        ("all else", STAGE2.start..STAGE2.end),
        ("all else", STAGE2_UNPACKED.start..STAGE2_UNPACKED.end),
        ("all else", OVERLAY.start..OVERLAY.end),
    ];
    Ok(Counter {
        plugin: workspace.target.join("release/libcounter.so"),
        ranges: ranges.to_vec(),
    })
}
