//! Finds a Rust toolchain that can build `core` for our own target.
//!
//! The toolchain must contain the standard library's source, and its compiler must not be
//! too old. The order is: the toolchain on `PATH`, any other of rustup's (nightly first),
//! and Debian's `rustc-web`, `cargo-web` and `rust-web-src`, which are installed if
//! necessary.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages;
use crate::run::output;

/// The oldest minor version of Rust 1 that builds gapboot, the same as in Cargo.toml.
const OLDEST: u32 = 95;

/// A compiler with everything that is needed to build freestanding images.
pub(crate) struct Toolchain {
    pub(crate) cargo: PathBuf,
    pub(crate) rustc: PathBuf,
    /// LLVM's linker.
    pub(crate) linker: PathBuf,
    /// The source of the standard library.
    pub(crate) library: PathBuf,
}

impl Toolchain {
    /// Finds one, or installs Debian's.
    pub(crate) fn find() -> Result<Self> {
        let found = sysroots().into_iter().find_map(|root| Self::at(&root));
        let mut toolchain = match found {
            Some(toolchain) => toolchain,
            None => debian()?,
        };
        if !toolchain.linker.is_absolute() {
            packages::ensure(&["ld.lld"])?;
            toolchain.linker = "ld.lld".into();
        }
        Ok(toolchain)
    }

    /// The toolchain in `sysroot`, if it is complete.
    fn at(sysroot: &Path) -> Option<Self> {
        let rustc = sysroot.join("bin/rustc");
        let library = sysroot.join("lib/rustlib/src/rust/library");
        if !rustc.is_file() || !library.join("core").is_dir() {
            return None;
        }
        let version = version(&rustc).ok()?;
        if minor(&version)? < OLDEST {
            return None;
        }
        // A toolchain that the user built may come without cargo; any cargo of about the
        // same age works with it.
        let cargo = Some(sysroot.join("bin/cargo")).filter(|cargo| cargo.is_file());
        let linker = field(&version, "host: ")
            .map(|host| sysroot.join("lib/rustlib").join(host).join("bin/rust-lld"))
            .filter(|linker| linker.is_file());
        Some(Self {
            cargo: cargo.unwrap_or_else(|| "cargo".into()),
            rustc,
            linker: linker.unwrap_or_else(|| "ld.lld".into()),
            library,
        })
    }

    /// A cargo command of this toolchain that is allowed to build `core`.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        // rustup and cargo have set these to the toolchain that runs this program.
        for name in ["LD_LIBRARY_PATH", "RUSTUP_TOOLCHAIN", "CARGO", "RUSTFLAGS"] {
            command.env_remove(name);
        }
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", &self.rustc)
            .env("CARGO_TARGET_X86_UNKNOWN_NONE_LINKER", &self.linker)
            .env("CARGO_TARGET_X86_64_UNKNOWN_NONE_LINKER", &self.linker);
        command
    }
}

fn debian() -> Result<Toolchain> {
    // An installed package may be too old.
    packages::install(&[
        "/usr/bin/rustc",
        "/usr/bin/cargo",
        "/usr/lib/rustlib/src/rust/library/core",
        "ld.lld",
    ])?;
    Toolchain::at(Path::new("/usr"))
        .with_context(|| format!("Debian's Rust in /usr is older than 1.{OLDEST}: install another"))
}

/// Every toolchain that is installed, the best first.
fn sysroots() -> Vec<PathBuf> {
    let mut roots = Vec::new();
    roots.extend(sysroot(&mut Command::new("rustc")));
    let list = Command::new("rustup").args(["toolchain", "list"]).output();
    if let Ok(list) = list.map(|list| String::from_utf8_lossy(&list.stdout).into_owned()) {
        let mut names: Vec<&str> = list.lines().filter_map(|l| l.split(' ').next()).collect();
        names.sort_by_key(|name| !name.starts_with("nightly"));
        for name in names {
            roots.extend(sysroot(Command::new("rustup").args(["run", name, "rustc"])));
        }
    }
    roots.push("/usr".into());
    roots
}

fn sysroot(rustc: &mut Command) -> Option<PathBuf> {
    let output = rustc.args(["--print", "sysroot"]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| path.trim_end().into())
}

/// The output of `rustc` about its version.
fn version(rustc: &Path) -> Result<String> {
    output(Command::new(rustc).arg("-vV").env_remove("LD_LIBRARY_PATH"))
}

/// The minor version of Rust 1 in rustc's output about its version.
fn minor(version: &str) -> Option<u32> {
    let release = field(version, "release: 1.")?;
    release.split('.').next()?.parse().ok()
}

fn field<'a>(version: &'a str, name: &str) -> Option<&'a str> {
    version.lines().find_map(|line| line.strip_prefix(name))
}
