//! `./x kill`: cuts a machine's power at random moments of a boot.

use anyhow::{Result, bail};
use tests::kernels::probe::Kernel;
use tests::kill;

use crate::usage::Usage;
use crate::workspace::Workspace;
use crate::{dist, fixtures, packages};

/// The programs that `./x kill` calls.
const TOOLS: &[&str] = &[
    "fsck.vfat",
    "mcopy",
    "mkfs.vfat",
    "qemu-system-x86_64",
    "sfdisk",
];

/// The default number of kills.
const TIMES: &str = "100";

/// `./x kill [TIMES]`.
pub(crate) fn run_words(workspace: &Workspace, words: &[&str]) -> Result<()> {
    let times = match words {
        [] => TIMES,
        [times] => times,
        _ => bail!(Usage(format!("kill {}", words.join(" ")))),
    };
    let Ok(times) = times.parse() else {
        bail!(Usage(format!("kill {times}")));
    };
    packages::ensure(TOOLS)?;
    dist::build(workspace)?;
    let kernel = Kernel::read(&fixtures::probe(workspace)?)?;
    println!("{}", kill::run_times(&kernel, times, kill::SEED)?);
    Ok(())
}
