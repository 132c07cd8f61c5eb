//! `./x bench`: measures gapboot next to other loaders.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{dist, packages, test};

/// The programs that the benchmark calls.
const TOOLS: &[&str] = &[
    "dpkg-deb",
    "grub-mkimage",
    "mcopy",
    "mkfs.vfat",
    "qemu-system-x86_64",
    "sfdisk",
];

/// Builds what is to be measured, and measures it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    dist::build(workspace)?;
    tests::bench::run(&test::probe(workspace)?)
}
