//! A disk image and the loader on it.

use crate::machines::qemu::Machine;
use crate::tool::{command, run};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A boot loader whose menu can be driven by serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// GRUB 2.
    Grub,
    /// SYSLINUX's menu.
    Syslinux,
}

/// A disk image with a loader on it.
#[derive(Debug)]
pub struct Medium {
    pub(super) directory: TempDir,
    pub(super) loader: Loader,
    pub(super) is_cd: bool,
    /// Linux has to mount it: gapboot does not read its file system.
    pub(super) needs_mount: bool,
}

impl Medium {
    /// The image.
    pub fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    /// Whose menu it has.
    pub fn loader(&self) -> Loader {
        self.loader
    }

    /// Whether it lies in a CD drive.
    pub fn is_cd(&self) -> bool {
        self.is_cd
    }

    /// Whether Linux has to mount it, because gapboot does not read its file system.
    pub fn needs_mount(&self) -> bool {
        self.needs_mount
    }

    /// A machine that boots from it.
    ///
    /// # Errors
    ///
    /// The path is not UTF-8.
    pub fn machine(&self) -> Result<Machine> {
        let image = self.image();
        Ok(match self.is_cd {
            true => {
                let path = image.to_str().context("a path in UTF-8")?;
                Machine::without_disk().arguments(&["-cdrom", path])
            }
            false => Machine::new(&image),
        })
    }

    /// The SHA-256 of all its bytes.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn checksum(&self) -> Result<String> {
        checksum(&self.image())
    }
}

/// The SHA-256 of a file, which may be larger than this process should be.
fn checksum(file: &Path) -> Result<String> {
    let printed = run(command("sha256sum").arg(file))?;
    let digits = printed.split_whitespace().next();
    Ok(digits.context("a checksum")?.to_owned())
}
