//! A Debian whose programs run on this machine. A Debian 13 has what a Debian 12 cannot run:
//! systemd 257, and what builds images with it.
//!
//! debootstrap makes it below `target/`, where it stays. Programs run in it as root, with
//! mounts of their own.

use super::trixie;
use crate::data::sha256;
use crate::tool::{command, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// A release of Debian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Release {
    /// debootstrap's name of it.
    fn suite(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// The directory for its systems and for what they made.
    fn directory(self) -> Result<PathBuf> {
        let name = match self {
            Self::Bookworm => "debian12",
            Self::Trixie => "debian13",
        };
        let directory = crate::root().join("target").join(name);
        fs::create_dir_all(&directory)?;
        Ok(directory)
    }
}

/// The packages in the system that makes images, besides those that every system has and
/// those that these depend on.
const PACKAGES: [&str; 10] = [
    "cpio",
    "dosfstools",
    "e2fsprogs",
    "kmod",
    "mkosi",
    "mtools",
    "systemd-boot",
    "systemd-repart",
    "systemd-ukify",
    "udev",
];

/// Enters the tree `$1` and runs the other words. mkosi makes a sandbox of its root, which
/// the kernel refuses unless that is a mount.
const ENTER: &str = r#"
tree=$1
shift
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --rbind /sys "$tree/sys"
mount -t tmpfs tmpfs "$tree/run"
exec chroot "$tree" "$@"
"#;

/// The system.
pub struct System {
    tree: PathBuf,
}

impl System {
    /// The Debian 13 that makes images, see [`System::of`].
    ///
    /// # Errors
    ///
    /// Those of [`System::of`].
    pub fn open() -> Result<Self> {
        Self::of(Release::Trixie, &PACKAGES)
    }

    /// The system with these packages, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// debootstrap is not installed, this process is not root's, or a package cannot be
    /// had.
    pub fn of(release: Release, packages: &[&str]) -> Result<Self> {
        ensure!(
            run(command("id").arg("-u"))?.trim() == "0",
            "only root can make a Debian system: run `sudo ./x heavy`"
        );
        let directory = release.directory()?;
        let digest = sha256(packages.join("\n").as_bytes());
        let system = Self {
            tree: directory.join(format!("system_{}", &digest[..8])),
        };
        if !system.tree.exists() {
            // An interrupted run leaves a tree that is not whole: another name until then.
            let work = tempfile::Builder::new()
                .prefix("unpack-")
                .tempdir_in(&directory)?;
            let tree = work.path().join("tree");
            Self { tree: tree.clone() }.make(release, packages)?;
            fs::rename(&tree, &system.tree)?;
        }
        Ok(system)
    }

    fn make(&self, release: Release, packages: &[&str]) -> Result<()> {
        run(command("debootstrap")
            .args(["--variant=minbase", release.suite()])
            .arg(&self.tree)
            .arg(trixie::uri()?))?;
        let install = "DEBIAN_FRONTEND=noninteractive \
            exec apt-get -q -y install --no-install-recommends \"$@\"";
        let words = ["sh", "-c", install, "sh"];
        self.run("/", &[&words[..], packages].concat())
            .with_context(|| format!("installing packages of {release:?}"))?;
        Ok(())
    }

    /// A copy in a new directory, which may be changed.
    pub fn copy(&self, to: &Path) -> Result<Self> {
        run(command("cp").arg("-a").arg(&self.tree).arg(to))?;
        Ok(Self {
            tree: to.to_owned(),
        })
    }

    /// The path on this machine of a path in the system.
    pub fn path(&self, path: &str) -> PathBuf {
        self.tree.join(path.trim_start_matches('/'))
    }

    /// Adds or replaces a file, and makes its directories.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(path);
        fs::create_dir_all(path.parent().context("a file in a directory")?)?;
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))
    }

    /// The source of this machine's packages, as the text of a `.sources` file of apt.
    pub fn sources(&self) -> Result<String> {
        let (uri, key) = (trixie::uri()?, trixie::KEY);
        Ok(format!(
            "Types: deb\nURIs: {uri}\nSuites: trixie\nComponents: main\nSigned-By: {key}\n"
        ))
    }

    /// Runs a program with this directory of the system as the current one, and returns
    /// the program's output.
    pub fn run(&self, directory: &str, words: &[&str]) -> Result<String> {
        fs::copy("/etc/resolv.conf", self.path("etc/resolv.conf"))
            .context("copying /etc/resolv.conf")?;
        let mut unshare = command("unshare");
        unshare.args(["--mount", "--pid", "--fork", "--kill-child"]);
        unshare
            .args(["sh", "-e", "-c", ENTER, "sh"])
            .arg(&self.tree);
        run(unshare.args(["env", "-C", directory]).args(words))
    }
}

/// The directory for the Debian 13 and what it made.
pub fn directory() -> Result<PathBuf> {
    Release::Trixie.directory()
}

/// Copies a large file that is mostly empty.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    run(command("cp").arg("--sparse=always").args([from, to]))?;
    Ok(())
}
