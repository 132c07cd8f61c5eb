//! Disk images that mkosi makes in Debian 13: a Debian with systemd that boots by
//! systemd-boot and by gapboot, and says on the serial line how it came up. The scripts are
//! those of `integration/examples/mkosi`.
//!
//! An image stays below `target/` until one of the files that it is made of changes.

use crate::data::sha256;
use crate::debian::system::{self, System};
use crate::gapboot::built;
use crate::images::Volume;
use crate::tool::{command, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The form of the boot entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A file in `/loader/entries`.
    Type1,
    /// A unified kernel image in `/EFI/Linux`.
    Uki,
}

/// The initrd of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initrd {
    /// The one that mkosi makes by itself.
    Default,
    /// The same with the files of `docs/root.md`.
    WithGapboot,
}

/// The kernel's command line, without `root=`. The kernel keeps the initrd's bytes where the
/// loader put them. Nobody answers the questions of a first boot, and a slow host may take
/// longer than systemd waits for a disk.
pub const COMMAND_LINE: &str =
    "console=ttyS0 retain_initrd systemd.firstboot=off systemd.default_device_timeout_sec=600";

/// What every image has. (The cache spares packages that were installed once; without
/// systemd-boot-efi there is no stub, and mkosi makes a Type 1 entry.)
const SETTINGS: &str = "[Distribution]
Distribution=debian
Release=trixie

[Build]
CacheDirectory=/build/cache
Incremental=yes

[Content]
Bootable=yes
Bootloader=systemd-boot
Packages=linux-image-amd64,systemd,systemd-boot,systemd-boot-efi,udev
";

/// The service that runs last. Its words go through the kernel's log, because the login on
/// the serial line hangs up every other terminal there.
const LAST: &str = "[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/last
";
const LAST_PROGRAM: &str = r#"#!/bin/sh
say() { echo "TEST $*" >/dev/kmsg; }
say cmdline $(cat /proc/cmdline)
say kernel $(uname -r) $(sha256sum </sys/kernel/notes)
say root $(findmnt -n -o PARTLABEL /)
say target $(systemctl is-active multi-user.target)
exec systemctl poweroff --force --force
"#;

/// What mkosi runs when the image is made.
const POSTOUTPUT: &str = "mkosi.postoutput";
/// The image that becomes the initrd.
const INITRD_IMAGE: [&str; 2] = [
    "mkosi.images/initrd/mkosi.conf",
    "mkosi.images/initrd/mkosi.postinst",
];

/// What an initrd gets for a root file system without `root=`, as the package installs it.
const GAPBOOT: [&str; 2] = [
    "usr/lib/udev/rules.d/61-gapboot.rules",
    "usr/lib/systemd/system-generators/gapboot-root-generator",
];

/// A file of a project of mkosi.
struct File {
    path: String,
    content: Vec<u8>,
    mode: u32,
}

impl File {
    /// A file of the source, with its mode.
    fn of(source: &Path, path: impl Into<String>) -> Result<Self> {
        let mode = fs::metadata(source)?.permissions().mode() & 0o777;
        Ok(Self::new(path, fs::read(source)?, mode))
    }

    fn new(path: impl Into<String>, content: impl Into<Vec<u8>>, mode: u32) -> Self {
        Self {
            path: path.into(),
            content: content.into(),
            mode,
        }
    }
}

/// The image, which must not be changed: tests copy it.
///
/// # Errors
///
/// As [`System::open`], or mkosi fails; the message has mkosi's output.
pub fn image(form: Form, initrd: Initrd) -> Result<PathBuf> {
    let system = System::open()?;
    let files = project(&system, form, initrd)?;
    let installed = installed()?;
    let mut all = Vec::new();
    for file in files.iter().chain(&installed) {
        all.extend(file.path.bytes().chain(file.mode.to_le_bytes()));
        all.extend(sha256(&file.content).bytes());
    }
    let kind = format!("{form:?}-{initrd:?}").to_lowercase();
    let directory = system::directory()?;
    let image = directory.join(format!("{kind}_{}.raw", &sha256(&all)[..16]));
    if image.exists() {
        return Ok(image);
    }
    remove_old(&directory, &kind)?;
    let place = format!("/build/{kind}");
    match fs::remove_dir_all(system.path(&place)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error)?,
        _ => {}
    }
    for file in &files {
        put(&system, &format!("{place}/{}", file.path), file)?;
    }
    for file in &installed {
        put(&system, &file.path, file)?;
    }
    let wants = "mkosi.extra/etc/systemd/system/multi-user.target.wants";
    let wants = system.path(&format!("{place}/{wants}"));
    fs::create_dir_all(&wants)?;
    symlink("../last.service", wants.join("last.service"))?;
    fs::create_dir_all(system.path("/build/cache"))?;
    fs::create_dir_all(system.path(&format!("{place}/mkosi.output")))?;
    system.run(&place, &["mkosi", "build"])?;
    fs::rename(
        system.path(&format!("{place}/mkosi.output/image.raw")),
        &image,
    )?;
    fs::remove_dir_all(system.path(&place))?;
    Ok(image)
}

fn put(system: &System, path: &str, file: &File) -> Result<()> {
    system.file(path, &file.content)?;
    let mode = fs::Permissions::from_mode(file.mode);
    fs::set_permissions(system.path(path), mode)?;
    Ok(())
}

/// What the machine that makes the image has of gapboot's package.
fn installed() -> Result<Vec<File>> {
    let mut files = vec![File::of(&built("gapboot")?, "usr/bin/gapboot")?];
    for path in GAPBOOT {
        let source = crate::root().join("integration/tree").join(path);
        files.push(File::of(&source, path)?);
    }
    Ok(files)
}

/// The files that mkosi makes the image of.
fn project(system: &System, form: Form, initrd: Initrd) -> Result<Vec<File>> {
    let mut settings = format!("{SETTINGS}KernelCommandLine={COMMAND_LINE}\n");
    if form == Form::Type1 {
        settings += "UnifiedKernelImages=no\n";
    }
    if initrd == Initrd::WithGapboot {
        settings += "Initrds=%O/initrd\n";
    }
    let list = "mkosi.sandbox/etc/apt/sources.list.d";
    let service = "mkosi.extra/etc/systemd/system/last.service";
    let mut files = vec![
        File::new("mkosi.conf", settings, 0o644),
        // In place of mkosi's own list, which has the archive of debugging symbols: mirrors
        // may lack that.
        File::new(format!("{list}/mkosi.sources"), system.sources()?, 0o644),
        File::new(service, LAST, 0o644),
        File::new("mkosi.extra/usr/bin/last", LAST_PROGRAM, 0o755),
    ];
    let examples = crate::root().join("integration/examples/mkosi");
    let mut scripts = vec![POSTOUTPUT];
    if initrd == Initrd::WithGapboot {
        scripts.extend(INITRD_IMAGE);
    }
    for script in scripts {
        files.push(File::of(&examples.join(script), script)?);
    }
    Ok(files)
}

/// Removes the images of this kind that other files made.
fn remove_old(directory: &Path, kind: &str) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&format!("{kind}_")) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Kernel and initrd of an image as other tools than ours find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The kernel's file.
    pub kernel: Vec<u8>,
    /// The initrds in a row, each of which starts at a multiple of four bytes.
    pub initrd: Vec<u8>,
}

impl Payload {
    /// The payload of the only entry on a disk's first partition.
    pub fn read(image: &Path, form: Form) -> Result<Self> {
        let volume = Volume::open(image, 1)?;
        match form {
            Form::Type1 => Self::of_entry(&volume),
            Form::Uki => Self::of_uki(&volume),
        }
    }

    fn of_entry(volume: &Volume) -> Result<Self> {
        let path = format!("loader/entries/{}", only(volume, "loader/entries")?);
        let entry = String::from_utf8(volume.read(&path)?)?;
        let values = |key: &str| {
            let lines = entry.lines().filter_map(|line| line.split_once(' '));
            let lines = lines.filter(|(name, _)| *name == key);
            lines.map(|(_, value)| value.trim()).collect::<Vec<_>>()
        };
        let mut initrd = Vec::new();
        for path in values("initrd") {
            initrd.resize(initrd.len().next_multiple_of(4), 0);
            initrd.extend(volume.read(path.trim_start_matches('/'))?);
        }
        let linux = values("linux");
        let linux = linux.first().context("an entry without a kernel")?;
        let kernel = volume.read(linux.trim_start_matches('/'))?;
        Ok(Self { kernel, initrd })
    }

    fn of_uki(volume: &Volume) -> Result<Self> {
        let path = format!("EFI/Linux/{}", only(volume, "EFI/Linux")?);
        let directory = crate::scratch()?;
        let file = |name: &str| directory.path().join(name);
        fs::write(file("uki"), volume.read(&path)?)?;
        let mut objcopy = command("objcopy");
        for section in ["linux", "initrd"] {
            let output = file(section);
            objcopy.arg(format!("--dump-section=.{section}={}", output.display()));
        }
        run(objcopy.arg(file("uki")).arg(file("copy")))?;
        let kernel = fs::read(file("linux"))?;
        let initrd = fs::read(file("initrd"))?;
        Ok(Self { kernel, initrd })
    }
}

/// The only file in a directory.
fn only(volume: &Volume, directory: &str) -> Result<String> {
    let names = volume.names(directory)?;
    ensure!(names.len() == 1, "{directory} has {names:?}");
    Ok(names[0].clone())
}
