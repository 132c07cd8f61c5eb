//! `./x demo`: builds gapboot and shows it at work.

use anyhow::{Result, bail};
use tests::demo::{self, Options};

use crate::workspace::Workspace;
use crate::{Usage, dist, packages};

/// The programs that the demo calls.
const TOOLS: &[&str] = &["mcopy", "mkfs.vfat", "qemu-system-x86_64", "sfdisk"];

/// Runs the demo as `words` ask for it.
pub(crate) fn run(workspace: &Workspace, words: &[&str]) -> Result<()> {
    let mut options = Options::default();
    for word in words {
        match *word {
            "--check" => options.check = true,
            "--screen" => options.screen = true,
            "--kvm" => options.kvm = true,
            other => bail!(Usage(format!("demo {other}"))),
        }
    }
    packages::ensure(TOOLS)?;
    dist::build(workspace)?;
    demo::run(options)
}
