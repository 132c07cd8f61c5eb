//! `./x check`: formatting, lints, licences, the shape of the source, documentation.
//!
//! | module | content |
//! |---|---|
//! | `licences` | the licences of the crates that we build on |
//! | `modules` | circles of imports, and modules that are too long |

mod licences;
mod modules;

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

use crate::freestanding;
use crate::packages;
use crate::roots;
use crate::run::{cargo, run, succeeds};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// Makes all checks, on every crate.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    // All checks run, even after a finding: one run shows as much as it can.
    let results = [
        format(workspace),
        lints(workspace),
        licences::check(workspace).context("licences"),
        modules::check(workspace).context("the shape of the source"),
        roots::check(workspace).context("overlay"),
        documentation(workspace),
    ];
    let errors = results.into_iter().filter_map(Result::err);
    let errors: Vec<String> = errors.map(|error| format!("{error:#}")).collect();
    if !errors.is_empty() {
        bail!("{}", errors.join("\n"));
    }
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    component(workspace, "fmt", "rustfmt", "/usr/bin/cargo-fmt")?;
    let mut fmt = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    run(fmt
        .current_dir(&workspace.root)
        .args(["fmt", "--all", "--check"]))
    .context("formatting differs: run `cargo fmt --all`")
}

/// Clippy on every crate, where every warning counts.
pub(crate) fn lints(workspace: &Workspace) -> Result<()> {
    let results = [host_lints(workspace), image_lints(workspace)];
    results.into_iter().collect()
}

fn host_lints(workspace: &Workspace) -> Result<()> {
    component(workspace, "clippy", "clippy", "/usr/bin/cargo-clippy")?;
    let mut clippy = cargo(workspace, "clippy");
    only_host(clippy.args(["--all-targets", "--keep-going"]));
    run(clippy.args(["--", "-D", "warnings"]))
}

fn image_lints(workspace: &Workspace) -> Result<()> {
    let tools = Toolchain::find()?;
    let bin = tools.rustc.parent().unwrap_or(Path::new("/usr/bin"));
    if !bin.join("cargo-clippy").exists() {
        packages::ensure(&["/usr/bin/cargo-clippy"])?;
    }
    // cargo looks for its subcommands on PATH.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path)?;
    let lint = |packages: &[&str]| {
        let mut clippy = freestanding::cargo(workspace, &tools, "clippy", packages)?;
        clippy.env("PATH", &path);
        run(clippy.args(["--keep-going", "--", "-D", "warnings"]))
    };
    lint(freestanding::PACKAGES).and(lint(&[freestanding::STUB]))
}

fn documentation(workspace: &Workspace) -> Result<()> {
    let arguments = ["--no-deps", "--document-private-items", "--keep-going"];
    let mut host = cargo(workspace, "doc");
    let host = run(only_host(
        host.env("RUSTDOCFLAGS", "-D warnings").args(arguments),
    ));

    let tools = Toolchain::find()?;
    let mut images = freestanding::cargo(workspace, &tools, "doc", freestanding::PACKAGES)?;
    let rustdoc = tools.rustc.with_file_name("rustdoc");
    images.env("RUSTDOC", rustdoc).env(
        "RUSTDOCFLAGS",
        format!("-D warnings {}", freestanding::REGISTERS),
    );
    host.and(run(images.args(arguments)))
}

/// The whole workspace except the freestanding packages.
pub(crate) fn only_host(cargo: &mut Command) -> &mut Command {
    cargo.arg("--workspace");
    for package in freestanding::PACKAGES {
        cargo.args(["--exclude", package]);
    }
    cargo
}

/// Makes sure that the host's cargo has a subcommand, which is a component of
/// rustup or a package of Debian's.
fn component(workspace: &Workspace, command: &str, component: &str, program: &str) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut version = Command::new(&cargo);
    version
        .current_dir(&workspace.root)
        .args([command, "--version"]);
    if succeeds(&mut version) {
        return Ok(());
    }
    if succeeds(Command::new("rustup").args(["component", "add", component])) {
        return Ok(());
    }
    packages::ensure(&[program])
}
