//! `./x reproduce`: checks that the same source gives the same bytes in any directory.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist;
use crate::package;
use crate::run::output;
use crate::workspace::Workspace;

/// Builds a copy of the source tree in another directory, from nothing, and compares the
/// result with the files in `dist/`.
///
/// # Errors
///
/// The copy cannot be built, or a file differs.
pub(crate) fn from_nothing(workspace: &Workspace) -> Result<()> {
    let directory = TemporaryDirectory::new()?;
    compare(workspace, &directory.0)
}

/// Does the same in a directory that is kept, with foreign crates that were built there
/// earlier. Our crates are built again, because their files are new. Takes half the time.
///
/// # Errors
///
/// As [`from_nothing`].
pub(crate) fn with_dependencies(workspace: &Workspace) -> Result<()> {
    compare(workspace, &workspace.target.join("elsewhere"))
}

fn compare(workspace: &Workspace, place: &Path) -> Result<()> {
    let copy = Workspace {
        root: place.join("the same source elsewhere"),
        target: place.join("objects"),
    };
    if copy.root.exists() {
        fs::remove_dir_all(&copy.root)?;
    }
    copy_sources(workspace, &copy)?;
    dist::build(&copy)?;
    package::make(&copy, package::epoch(workspace)?)?;

    let mut different = Vec::new();
    let names = names(&workspace.dist())?;
    for name in &names {
        let [ours, theirs] = [workspace, &copy].map(|tree| fs::read(tree.dist().join(name)));
        if ours? != theirs.unwrap_or_default() {
            different.push(name.display().to_string());
        }
    }
    if !different.is_empty() {
        bail!("not reproducible: {} differ", different.join(", "));
    }
    println!(
        "reproducible: {} files are the same, built elsewhere",
        names.len()
    );
    Ok(())
}

/// Copies the files that git would commit.
fn copy_sources(from: &Workspace, to: &Workspace) -> Result<()> {
    let list = output(Command::new("git").current_dir(&from.root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    for name in list.split_terminator('\0') {
        let (source, target) = (from.root.join(name), to.root.join(name));
        // Deleted, but not yet in git.
        if !source.exists() {
            continue;
        }
        fs::create_dir_all(target.parent().context("a file has a directory")?)?;
        fs::copy(source, target)?;
    }
    Ok(())
}

fn names(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries: std::io::Result<Vec<_>> = fs::read_dir(directory)?.collect();
    Ok(entries?
        .iter()
        .map(|entry| entry.file_name().into())
        .collect())
}

/// A temporary directory.
struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    fn new() -> Result<Self> {
        let place = std::env::temp_dir().join(format!("gapboot-reproduce-{}", std::process::id()));
        fs::create_dir(&place).with_context(|| format!("cannot make {}", place.display()))?;
        Ok(Self(place))
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
