//! The files that are installed, in a directory of their own.

use anyhow::{Context, Result};
use clap_complete::Shell;
use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::manual;
use super::names::VERSION;
use crate::run::{output, run};
use crate::workspace::Workspace;

const DOC: &str = "usr/share/doc/gapboot";

/// Where the files of `dist/` go, and their modes.
const BUILT: [(&str, &str, u32); 6] = [
    ("gapboot", "usr/bin", 0o755),
    ("bootloader_emu", "usr/bin", 0o755),
    ("stage1.bin", "usr/lib/gapboot", 0o644),
    ("stage2.bin", "usr/lib/gapboot", 0o644),
    ("overlay.bin", "usr/lib/gapboot", 0o644),
    ("stub.bin", "usr/lib/gapboot", 0o644),
];

/// The completions of each shell.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "usr/share/bash-completion/completions/gapboot"),
    (Shell::Zsh, "usr/share/zsh/vendor-completions/_gapboot"),
    (
        Shell::Fish,
        "usr/share/fish/vendor_completions.d/gapboot.fish",
    ),
];

/// Texts that lie at the root of the source.
const TEXTS: [&str; 2] = ["README.md", "SECURITY.md"];

/// The directory with the files.
pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// The time of all files, in seconds since 1970.
    pub(super) epoch: u64,
}

impl Tree {
    /// Makes the directory anew.
    pub(super) fn make(workspace: &Workspace, epoch: u64) -> Result<Self> {
        let root = workspace.target.join("package");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        let tree = Self { root, epoch };
        tree.built(workspace)?;
        tree.copy(&workspace.root.join("integration/tree"), "")?;
        tree.manual(workspace)?;
        tree.completions()?;
        tree.documents(workspace)?;
        let overrides = fs::read(workspace.root.join("integration/debian/lintian-overrides"))?;
        tree.add("usr/share/lintian/overrides/gapboot", &overrides, 0o644)?;
        tree.settle(&tree.root)?;
        Ok(tree)
    }

    fn built(&self, workspace: &Workspace) -> Result<()> {
        for (name, directory, mode) in BUILT {
            let content = fs::read(workspace.dist().join(name))?;
            self.add(&format!("{directory}/{name}"), &content, mode)?;
        }
        Ok(())
    }

    fn manual(&self, workspace: &Workspace) -> Result<()> {
        let date = self.date("+%Y-%m-%d")?;
        let mut pages = manual::of_commands(&cli::command(), &date)?;
        let written = workspace.root.join("integration/man");
        for path in children(&written)? {
            let name = name(&path)?;
            let text = fs::read_to_string(&path)?;
            let text = text.replace("@VERSION@", VERSION).replace("@DATE@", &date);
            pages.push((name, text.into_bytes()));
        }
        for (name, text) in pages {
            let section = name.rsplit_once('.').context("a page with a section")?.1;
            self.compressed(&format!("usr/share/man/man{section}/{name}"), &text)?;
        }
        Ok(())
    }

    fn completions(&self) -> Result<()> {
        for (shell, path) in COMPLETIONS {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut cli::command(), "gapboot", &mut text);
            self.add(path, &text, 0o644)?;
        }
        Ok(())
    }

    fn documents(&self, workspace: &Workspace) -> Result<()> {
        for name in TEXTS {
            let text = fs::read(workspace.root.join(name))?;
            self.add(&format!("{DOC}/{name}"), &text, 0o644)?;
        }
        self.copy(&workspace.root.join("docs"), &format!("{DOC}/docs"))?;
        let examples = workspace.root.join("integration/examples");
        self.copy(&examples, &format!("{DOC}/examples"))?;
        let news = fs::read(workspace.root.join("CHANGELOG.md"))?;
        self.compressed(&format!("{DOC}/NEWS"), &news)?;
        self.compressed(
            &format!("{DOC}/changelog"),
            self.debian_changelog()?.as_bytes(),
        )?;
        let licence = fs::read_to_string(workspace.root.join("LICENSE-MIT"))?;
        let paragraph: Vec<_> = licence.lines().map(paragraph_line).collect();
        let copyright = fs::read_to_string(workspace.root.join("integration/debian/copyright"))?;
        let copyright = copyright.replace("@MIT@", &paragraph.join("\n"));
        self.add(&format!("{DOC}/copyright"), copyright.as_bytes(), 0o644)?;
        let crates = crates(workspace)?;
        self.add(&format!("{DOC}/crates"), crates.as_bytes(), 0o644)
    }

    /// What Debian's tools read of a package's changes.
    fn debian_changelog(&self) -> Result<String> {
        let date = self.date("--rfc-email")?;
        Ok(format!(
            "gapboot ({VERSION}) unstable; urgency=medium\n\n  \
             * What changes for users is in NEWS.gz.\n\n \
             -- gapboot developers <gapboot@users.noreply.github.com>  {date}\n"
        ))
    }

    /// The time of the tree, as `date` writes it.
    fn date(&self, format: &str) -> Result<String> {
        output(
            Command::new("date")
                .env("LC_ALL", "C")
                .args(["--utc", format, "--date"])
                .arg(format!("@{}", self.epoch)),
        )
    }

    /// Adds a file.
    fn add(&self, path: &str, content: &[u8], mode: u32) -> Result<()> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().context("a file in a directory")?)?;
        fs::write(&path, content)?;
        Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
    }

    /// Adds a file that gzip packs, which adds `.gz` to its name.
    fn compressed(&self, path: &str, content: &[u8]) -> Result<()> {
        self.add(path, content, 0o644)?;
        run(Command::new("gzip")
            .args(["-9", "--no-name"])
            .arg(self.root.join(path)))
    }

    /// Copies the files in a directory, and those in its directories.
    fn copy(&self, from: &Path, to: &str) -> Result<()> {
        for path in children(from)? {
            let to = format!("{to}/{}", name(&path)?);
            let to = to.trim_start_matches('/');
            if path.is_dir() {
                self.copy(&path, to)?;
                continue;
            }
            let is_program = fs::metadata(&path)?.permissions().mode() & 0o100 != 0;
            let mode = if is_program { 0o755 } else { 0o644 };
            self.add(to, &fs::read(&path)?, mode)?;
        }
        Ok(())
    }

    /// Gives everything in `directory` the time of the tree, and all directories their mode.
    fn settle(&self, directory: &Path) -> Result<()> {
        fs::set_permissions(directory, Permissions::from_mode(0o755))?;
        for path in children(directory)? {
            match path.is_dir() {
                true => self.settle(&path)?,
                false => self.set_time(&path)?,
            }
        }
        self.set_time(directory)
    }

    fn set_time(&self, path: &Path) -> Result<()> {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.epoch);
        Ok(File::open(path)?.set_modified(time)?)
    }

    /// The paths of all files, without the root in front of them, in order.
    pub(super) fn files(&self) -> Result<Vec<String>> {
        let mut files = Vec::new();
        list(&self.root, "", &mut files)?;
        Ok(files)
    }
}

fn list(directory: &Path, before: &str, files: &mut Vec<String>) -> Result<()> {
    for path in children(directory)? {
        let name = format!("{before}{}", name(&path)?);
        match path.is_dir() {
            true => list(&path, &format!("{name}/"), files)?,
            false => files.push(name),
        }
    }
    Ok(())
}

/// What lies in a directory, in the order of names.
fn children(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let paths: Result<BTreeSet<_>, _> = entries.map(|entry| entry.map(|e| e.path())).collect();
    Ok(paths?.into_iter().collect())
}

fn name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(name.context("a name in UTF-8")?.to_owned())
}

/// A line of a paragraph in a file that dpkg reads.
fn paragraph_line(line: &str) -> String {
    match line.trim_end() {
        "" => " .".to_owned(),
        line => format!(" {line}"),
    }
}

/// The crates that are in the programs, with their licences.
fn crates(workspace: &Workspace) -> Result<String> {
    let mut tree = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    tree.current_dir(&workspace.root)
        .args(["tree", "--quiet", "--locked", "--edges=normal"])
        .args(["--package=cli", "--package=emu", "--prefix=none"])
        .args(["--no-dedupe", "--format={p}\t{l}"]);
    let listed = output(&mut tree)?;
    // Crates of this workspace name their path.
    let foreign = listed.lines().filter(|line| !line.contains("(/"));
    let lines: BTreeSet<_> = foreign.filter(|line| !line.is_empty()).collect();
    let mut text = String::from("The crates of crates.io in these programs:\n\n");
    for line in lines {
        text += &format!(
            "{}\n",
            line.replace(" (proc-macro)", "").replace('\t', ": ")
        );
    }
    Ok(text)
}
