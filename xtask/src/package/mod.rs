//! `./x package`: what people install, in `dist/`.
//!
//! Two files with the same tree: a package for Debian, and an archive for other
//! distributions. The same source gives the same bytes.
//!
//! | module | content |
//! |---|---|
//! | [`names`] | the version, and the names of the two files |
//! | `tree` | the files that are installed |
//! | `manual` | manual pages of the description of the command line |
//! | `deb` | the package for Debian |

mod deb;
mod manual;
pub(crate) mod names;
mod tree;

use anyhow::{Context, Result};
use std::fs;
use std::process::Command;

use crate::dist::{self, Loader};
use crate::packages;
use crate::run::{output, run};
use crate::workspace::Workspace;
use tree::Tree;

/// The programs that this module calls.
const TOOLS: &[&str] = &["dpkg-deb", "git", "gzip", "md5sum", "tar", "zstd"];

/// Builds `dist/` anew, with the packages.
pub(crate) fn build(workspace: &Workspace) -> Result<Loader> {
    packages::ensure(TOOLS)?;
    let loader = dist::build(workspace)?;
    make(workspace, epoch(workspace)?)?;
    Ok(loader)
}

/// Makes the packages of the files that are in `dist/`, with this time of all files, in
/// seconds since 1970.
pub(crate) fn make(workspace: &Workspace, epoch: u64) -> Result<()> {
    remove_old(workspace)?;
    let tree = Tree::make(workspace, epoch)?;
    archive(workspace, &tree)?;
    deb::make(workspace, &tree)
}

/// The time of the last commit, or SOURCE_DATE_EPOCH where it is set.
pub(crate) fn epoch(workspace: &Workspace) -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(epoch) => epoch,
        Err(_) => output(Command::new("git").current_dir(&workspace.root).args([
            "log",
            "-1",
            "--format=%ct",
        ]))
        .context("this is no clone of the repository, so set SOURCE_DATE_EPOCH")?,
    };
    text.parse()
        .with_context(|| format!("{text:?} is no time: SOURCE_DATE_EPOCH has seconds since 1970"))
}

/// Removes packages of any version from `dist/`.
fn remove_old(workspace: &Workspace) -> Result<()> {
    for entry in fs::read_dir(workspace.dist())? {
        let path = entry?.path();
        let kind = path.extension().unwrap_or_default();
        if kind == "deb" || kind == "zst" {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes the archive, whose files lie in a folder with the name of the version.
fn archive(workspace: &Workspace, tree: &Tree) -> Result<()> {
    let [_, name] = names::files();
    let folder = name.trim_end_matches(".tar.zst");
    let file = workspace.dist().join(format!("{folder}.tar"));
    run(Command::new("tar")
        .args(["--create", "--format=gnu", "--sort=name", "--numeric-owner"])
        .args(["--owner=0", "--group=0", "--mode=go=rX,u+rw,a-s"])
        .arg(format!("--mtime=@{}", tree.epoch))
        .arg(format!("--transform=s,^\\.,{folder},"))
        .arg("--directory")
        .arg(&tree.root)
        .arg("--file")
        .arg(&file)
        .arg("."))?;
    run(Command::new("zstd")
        .args(["--quiet", "--force", "--rm", "-19", "-T1"])
        .arg(&file))
}
