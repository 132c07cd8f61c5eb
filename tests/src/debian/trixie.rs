//! Packages of Debian 13 on machines of any release, because of its newer EFI stubs. apt
//! downloads the packages with separate lists; they are unpacked.

use crate::tool::{command, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// The keys that Debian's package lists are signed with.
pub(super) const KEY: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The tree of a package.
pub fn package(name: &str) -> Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let cache = crate::root().join("cache").join("trixie");
    let unpacked = cache.join(name);
    if unpacked.exists() {
        return Ok(unpacked);
    }
    fs::create_dir_all(&cache)?;
    let work = tempfile::Builder::new()
        .prefix("unpack-")
        .tempdir_in(&cache)?;
    let place = work.path();
    for directory in ["lists/partial", "cache/archives/partial", "downloads"] {
        fs::create_dir_all(place.join(directory))?;
    }
    fs::write(place.join("sources.list"), source()?)?;
    fs::write(place.join("status"), "")?;
    run(apt(place).arg("update")).context("fetching the package lists of Debian 13")?;
    let downloads = place.join("downloads");
    run(apt(place).args(["download", name]).current_dir(&downloads))
        .with_context(|| format!("downloading {name} of Debian 13"))?;
    let archives: Vec<_> = fs::read_dir(&downloads)?.collect::<Result<_, _>>()?;
    ensure!(archives.len() == 1, "apt-get download left no package");
    let tree = place.join("tree");
    run(command("dpkg-deb")
        .arg("-x")
        .arg(archives[0].path())
        .arg(&tree))?;
    match fs::rename(&tree, &unpacked) {
        Err(_) if unpacked.exists() => {}
        result => result.with_context(|| format!("making {}", unpacked.display()))?,
    }
    Ok(unpacked)
}

/// A line for sources.list: Debian 13 from the source of this machine's packages.
fn source() -> Result<String> {
    Ok(format!("deb [signed-by={KEY}] {} trixie main\n", uri()?))
}

/// The address of this machine's source of Debian packages.
pub(super) fn uri() -> Result<String> {
    let mut indexes = command("apt-get");
    indexes.args(["indextargets", "--format", "$(REPO_URI)"]);
    indexes.args(["Created-By: Packages", "Origin: Debian", "Label: Debian"]);
    let output = indexes.output().context("asking apt for its sources")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let uri = text.lines().next();
    let uri = uri.context("apt knows no source of Debian packages; run apt-get update")?;
    Ok(uri.to_owned())
}

fn apt(place: &Path) -> Command {
    let mut apt = command("apt-get");
    let set = |name: &str, file: &str| format!("{name}={}", place.join(file).display());
    for option in [
        set("Dir::Etc::sourcelist", "sources.list"),
        "Dir::Etc::sourceparts=-".to_owned(),
        set("Dir::State::lists", "lists"),
        set("Dir::State::status", "status"),
        set("Dir::Cache", "cache"),
        "APT::Sandbox::User=root".to_owned(),
        "Acquire::Languages=none".to_owned(),
    ] {
        apt.args(["-o", &option]);
    }
    apt.arg("-q");
    apt
}
