//! A small system with systemd, made of Debian's packages: a directory tree that
//! becomes a root file system, or an initrd.
//!
//! apt chooses the packages as for an empty system and downloads them. They are only
//! unpacked: no program in them is run, so no package is configured. The tree lies in
//! `cache/` and is made again when Debian has newer packages.

use crate::data::sha256;
use crate::debian::{self, Flavour};
use crate::gapboot::built;
use crate::images::initramfs::Archive;
use crate::tool::{as_root, command, run};
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages of the system, besides those that these depend on.
const PACKAGES: [&str; 7] = [
    "coreutils",
    "dash",
    "dbus",
    "libgcc-s1",
    "mount",
    "systemd",
    "udev",
];

/// Files that no boot needs, as patterns of tar.
const LEFT_OUT: [&str; 8] = [
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/locale",
    "./usr/share/perl*",
    "./usr/share/bash-completion",
    "./usr/lib/x86_64-linux-gnu/gconv",
    "*/udev/hwdb.d",
    "./usr/lib/x86_64-linux-gnu/perl*",
];

/// Units that take time in an emulated machine and do not matter to these tests.
const MASKED_UNITS: [&str; 20] = [
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "getty.target",
    "kmod-static-nodes.service",
    "modprobe@.service",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-ask-password-wall.path",
    "systemd-binfmt.service",
    "systemd-journal-catalog-update.service",
    "systemd-journal-flush.service",
    "systemd-modules-load.service",
    "systemd-random-seed.service",
    "systemd-sysctl.service",
    "systemd-sysusers.service",
    "systemd-timesyncd.service",
    "systemd-tmpfiles-setup-dev.service",
    "systemd-update-utmp.service",
    "systemd-user-sessions.service",
];

/// systemd's generators that take time and do not matter to these tests.
const MASKED_GENERATORS: [&str; 8] = [
    "cryptsetup",
    "getty",
    "hibernate-resume",
    "integritysetup",
    "rc-local",
    "system-update",
    "sysv",
    "veritysetup",
];

const FILES: [(&str, &str); 8] = [
    ("etc/fstab", ""),
    ("etc/hostname", "guest\n"),
    ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\n"),
    ("etc/os-release", "ID=debian\nNAME=guest\nVERSION_ID=1\n"),
    (
        "etc/passwd",
        "root:x:0:0::/root:/bin/sh\nmessagebus:x:100:100::/:/bin/sh\n",
    ),
    (
        "etc/group",
        "root:x:0:\nmessagebus:x:100:\ntty:x:5:\ndisk:x:6:\nkmem:x:15:\n",
    ),
    (
        "etc/systemd/system.conf",
        "[Manager]\nStatusUnitFormat=name\nDefaultTimeoutStopSec=10s\n",
    ),
];

/// A tree that is ready to be changed.
pub struct Userland {
    root: PathBuf,
}

impl Userland {
    /// A copy of the tree in a new directory, on the file system of the source
    /// tree: its files are the cache's own, and are replaced, never written to.
    pub fn new(root: &Path) -> Result<Self> {
        run(command("cp").arg("-al").arg(packages()?).arg(root))?;
        let userland = Self {
            root: root.to_owned(),
        };
        for (path, text) in FILES {
            userland.file(path, text)?;
        }
        for directory in ["dev", "proc", "sys", "run", "tmp", "root", "sysroot", "efi"] {
            fs::create_dir_all(root.join(directory))?;
        }
        for unit in MASKED_UNITS {
            userland.link("/dev/null", &format!("etc/systemd/system/{unit}"))?;
        }
        for generator in MASKED_GENERATORS {
            let path = format!("etc/systemd/system-generators/systemd-{generator}-generator");
            userland.link("/dev/null", &path)?;
        }
        userland.link("/lib/systemd/systemd", "usr/sbin/init")?;
        userland.link("dash", "usr/bin/sh")?;
        Ok(userland)
    }

    /// Adds or replaces a file.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.place(path)?;
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))
    }

    /// Adds or replaces a program.
    pub fn program(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.file(path, content)?;
        let path = self.root.join(path);
        Ok(fs::set_permissions(
            path,
            fs::Permissions::from_mode(0o755),
        )?)
    }

    /// Adds or replaces a symbolic link.
    pub fn link(&self, target: &str, path: &str) -> Result<()> {
        Ok(symlink(target, self.place(path)?)?)
    }

    /// Installs gapboot and these files of `integration/tree`, each with its directory.
    pub fn gapboot(&self, files: &[(&str, &str)]) -> Result<()> {
        self.program("usr/bin/gapboot", fs::read(built("gapboot")?)?)?;
        for (name, directory) in files {
            let path = format!("{directory}/{name}");
            let file = crate::root().join("integration/tree").join(&path);
            self.file(&path, fs::read(&file)?)?;
            let mode = fs::metadata(&file)?.permissions();
            fs::set_permissions(self.root.join(path), mode)?;
        }
        Ok(())
    }

    /// The tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The tree as an initrd, with these modules of the kernel, which are inserted
    /// before systemd starts.
    pub fn initrd(&self, modules: &[&str]) -> Result<Vec<u8>> {
        let insert = "#!/bin/busybox sh\n\
            for module in /modules/*; do /bin/busybox insmod $module; done\n\
            exec /lib/systemd/systemd\n";
        let busybox = fs::read(debian::busybox()?)?;
        self.program("usr/bin/busybox", busybox)?;
        self.program("init", insert)?;
        let archive = Archive::new()
            .directory("modules")
            .modules(Flavour::Generic, modules)?;
        let file = self.root.with_extension("cpio");
        let script = "cd \"$1\" && find . | cpio --quiet -o -H newc | gzip -1 >\"$2\"";
        let mut sh = as_root("sh")?;
        run(sh
            .args(["-e", "-c", script, "sh"])
            .args([&self.root, &file]))?;
        let mut initrd = fs::read(&file)?;
        initrd.resize(initrd.len().next_multiple_of(4), 0);
        initrd.extend(archive.finish());
        Ok(initrd)
    }

    /// The path of a new file in the tree.
    fn place(&self, path: &str) -> Result<PathBuf> {
        let path = self.root.join(path);
        let directory = path.parent().context("a file in a directory")?;
        fs::create_dir_all(directory)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(path),
        }
    }
}

/// The tree of all packages.
fn packages() -> Result<PathBuf> {
    let cache = crate::root().join("cache");
    fs::create_dir_all(&cache)?;
    let work = tempfile::Builder::new()
        .prefix("unpack-")
        .tempdir_in(&cache)?;
    let place = work.path();
    let archives = place.join("cache/archives");
    fs::create_dir_all(archives.join("partial"))?;
    fs::write(place.join("status"), "")?;
    let wanted = run(apt(place).arg("--print-uris"))?;
    let mut wanted: Vec<_> = wanted
        .lines()
        .filter(|line| line.starts_with('\''))
        .collect();
    wanted.sort_unstable();
    let left_out = LEFT_OUT.join("\n");
    let digest = sha256(format!("{}\n{left_out}", wanted.join("\n")).as_bytes());
    let unpacked = cache.join(format!("userland_{}", &digest[..16]));
    if unpacked.exists() {
        return Ok(unpacked);
    }
    run(apt(place).arg("--download-only")).context("downloading systemd from Debian")?;

    let tree = place.join("tree");
    for directory in ["bin", "sbin", "lib", "lib64"] {
        fs::create_dir_all(tree.join("usr").join(directory))?;
        symlink(format!("usr/{directory}"), tree.join(directory))?;
    }
    let unpack =
        "dpkg-deb --fsys-tarfile \"$1\" | { shift; tar -x --keep-directory-symlink \"$@\"; }";
    for entry in fs::read_dir(&archives)? {
        let archive = entry?.path();
        if archive
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            let mut sh = command("sh");
            sh.args(["-e", "-c", unpack, "sh"]).arg(&archive);
            sh.arg("-C").arg(&tree);
            run(sh.args(LEFT_OUT.map(|pattern| format!("--exclude={pattern}"))))?;
        }
    }
    match fs::rename(&tree, &unpacked) {
        Err(_) if unpacked.exists() => {}
        result => result.with_context(|| format!("making {}", unpacked.display()))?,
    }
    Ok(unpacked)
}

/// An apt-get command that installs all packages into an empty system.
fn apt(place: &Path) -> Command {
    let mut apt = command("apt-get");
    apt.args(["-q", "-y", "install", "--no-install-recommends"]);
    apt.args(PACKAGES);
    for option in [
        format!("Dir::State::status={}", place.join("status").display()),
        format!("Dir::Cache={}", place.join("cache").display()),
        "APT::Sandbox::User=root".to_owned(),
        "Debug::NoLocking=1".to_owned(),
    ] {
        apt.args(["-o", &option]);
    }
    apt
}
