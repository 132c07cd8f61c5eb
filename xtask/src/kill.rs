//! `./x kill`: cuts a machine's power at random moments of a boot.

use anyhow::{Result, bail};
use tests::kill;
use tests::probe::Kernel;

use crate::workspace::Workspace;
use crate::{Usage, dist, packages, test};

/// The programs that this calls.
const TOOLS: &[&str] = &[
    "fsck.vfat",
    "mcopy",
    "mkfs.vfat",
    "qemu-system-x86_64",
    "sfdisk",
];

/// How often, where nobody says.
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
    let kernel = Kernel::read(&test::probe(workspace)?)?;
    println!("{}", kill::run_times(&kernel, times, kill::SEED)?);
    Ok(())
}
