//! The bridge, and systems on disks that it starts.
//!
//! | module | content |
//! |---|---|
//! | [`target`] | a disk with a system on it, which reports how it was started |
//! | [`menu`] | the bridge's menu: what it shows, and choosing an entry |

pub mod menu;
pub mod target;

pub use target::{Menu, Target};

use crate::debian::{self, Flavour};
use crate::gapboot::built;
use crate::loaders::uki;
use crate::tool::run;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the file of a bridge with Debian's kernel and the small set.
pub fn build(directory: &Path, arguments: &[&str]) -> Result<PathBuf> {
    let image = directory.join("bridge.efi");
    run(Command::new(built("gapboot")?)
        .args(["bridge", "build", "--set", "small"])
        // A host with much to do may leave guests without the interrupts that Linux tries its
        // timer with.
        .args(["--cmdline", "quiet no_timer_check", "--kernel"])
        .arg(debian::kernel(Flavour::Generic)?)
        .arg("--modules")
        .arg(debian::modules(Flavour::Generic)?)
        .arg("--stub")
        .arg(uki::stub()?)
        .arg("--output")
        .arg(&image)
        .args(arguments))?;
    Ok(image)
}
