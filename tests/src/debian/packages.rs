//! Kernels and busybox from Debian's packages.
//!
//! Packages are downloaded by `apt-get download` into `cache/` at the root of
//! the source tree and unpacked there; nothing is installed. A package is
//! downloaded again when Debian has a newer version.

use crate::tool::{self, command, run};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A kernel as Debian ships and signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// `linux-image-amd64`
    Generic,
    /// `linux-image-cloud-amd64`
    Cloud,
}

impl Flavour {
    fn metapackage(self) -> &'static str {
        match self {
            Self::Generic => "linux-image-amd64",
            Self::Cloud => "linux-image-cloud-amd64",
        }
    }
}

/// Debian's kernel image, `vmlinuz-VERSION`.
pub fn kernel(flavour: Flavour) -> Result<PathBuf> {
    let unpacked = package(&dependency(flavour.metapackage())?)?;
    let boot = unpacked.join("boot");
    for entry in fs::read_dir(&boot).with_context(|| format!("reading {}", boot.display()))? {
        let path = entry?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-"))
        {
            return Ok(path);
        }
    }
    bail!(
        "{} holds no vmlinuz: remove cache/ and try again",
        boot.display()
    )
}

/// The directory with the modules of Debian's kernel, in which depmod has been run, as the
/// package's own script does it.
pub fn modules(flavour: Flavour) -> Result<PathBuf> {
    let kernel = kernel(flavour)?;
    let name = kernel.file_name().unwrap_or_default().to_string_lossy();
    let version = name.trim_start_matches("vmlinuz-");
    let tree = kernel.ancestors().nth(2).context("a kernel is in /boot")?;
    let bases = [tree.to_owned(), tree.join("usr")];
    let place = |base: &Path| base.join("lib/modules").join(version);
    let found = bases.iter().find(|base| place(base).exists());
    let base = found.with_context(|| format!("{} holds no modules", tree.display()))?;
    // The last file that depmod writes.
    if !place(base).join("modules.devname").exists() {
        run(command("depmod").arg("-b").arg(base).arg(version))?;
    }
    Ok(place(base))
}

/// A statically linked busybox.
pub fn busybox() -> Result<PathBuf> {
    let unpacked = package("busybox-static")?;
    let places = ["bin/busybox", "usr/bin/busybox"];
    let found = places
        .iter()
        .map(|place| unpacked.join(place))
        .find(|path| path.exists());
    found.with_context(|| {
        format!(
            "{} holds no busybox: remove cache/ and try again",
            unpacked.display()
        )
    })
}

/// The package that a metapackage of kernels depends on.
fn dependency(metapackage: &str) -> Result<String> {
    let printed = query("depends", &["--important", metapackage])?;
    let mut depends = printed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let image = depends.find(|name| name.starts_with("linux-image-"));
    let image = image.with_context(|| {
        format!("{metapackage} depends on no kernel: run `apt-get update` as root")
    })?;
    Ok(image.to_owned())
}

/// The tree of a package, which is downloaded and unpacked if necessary.
pub fn package(name: &str) -> Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let cache = crate::root().join("cache");
    let unpacked = cache.join(format!("{name}_{}", version(name)?.replace(':', "%3a")));
    if unpacked.exists() {
        return Ok(unpacked);
    }
    fs::create_dir_all(&cache)?;
    // Other runs may unpack the same package, and any run may be interrupted: unpack into
    // another directory, and move the result into place.
    let work = tempfile::Builder::new()
        .prefix("unpack-")
        .tempdir_in(&cache)?;
    if download(name, work.path()).is_err() {
        update()?;
        download(name, work.path())?;
    }
    let archive = find_archive(work.path())?;
    let tree = work.path().join("tree");
    run(command("dpkg-deb").arg("-x").arg(&archive).arg(&tree))?;
    match fs::rename(&tree, &unpacked) {
        Err(_) if unpacked.exists() => {}
        result => result.with_context(|| format!("making {}", unpacked.display()))?,
    }
    Ok(unpacked)
}

fn version(name: &str) -> Result<String> {
    let printed = query("show", &["--no-all-versions", name])?;
    let version = printed
        .lines()
        .find_map(|line| line.strip_prefix("Version: "));
    Ok(version
        .with_context(|| format!("apt-cache knows no version of {name}"))?
        .to_owned())
}

/// Asks apt's package lists, and fetches them when they do not know the package. apt takes
/// half a second, so a process asks each question only once.
fn query(verb: &str, arguments: &[&str]) -> Result<String> {
    static ANSWERS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let question = [&[verb], arguments].concat().join(" ");
    let mut answers = ANSWERS
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(answer) = answers.get(&question) {
        return Ok(answer.clone());
    }
    let ask = || run(command("apt-cache").arg(verb).args(arguments));
    let answer = match ask() {
        Ok(answer) if !answer.is_empty() => answer,
        _ => {
            update()?;
            ask().with_context(|| {
                format!("Debian's package lists do not know {}", arguments.join(" "))
            })?
        }
    };
    answers.insert(question, answer.clone());
    Ok(answer)
}

fn update() -> Result<()> {
    let is_root = run(command("id").arg("-u"))?.trim() == "0";
    let mut update = if is_root {
        command("apt-get")
    } else {
        command("sudo")
    };
    if !is_root {
        update.args(["-n", "apt-get"]);
    }
    run(update.args(["update", "-q"]))
        .context("the package lists are old or missing: run `apt-get update` as root")?;
    Ok(())
}

fn download(name: &str, into: &Path) -> Result<()> {
    // apt's own user may not write here, and apt warns about it.
    let sandbox = ["-o", "APT::Sandbox::User=root", "-q"];
    tool::run(
        command("apt-get")
            .args(sandbox)
            .arg("download")
            .arg(name)
            .current_dir(into),
    )
    .with_context(|| format!("downloading {name} from Debian"))?;
    Ok(())
}

fn find_archive(directory: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            return Ok(path);
        }
    }
    bail!(
        "apt-get download left no package in {}",
        directory.display()
    )
}
