//! The Debian packages that hold the tools we call.

use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

use crate::run::{run, succeeds};

/// The file that lets Debian's QEMU open a window.
pub(crate) const QEMU_WINDOW: &str = "/usr/lib/x86_64-linux-gnu/qemu/ui-gtk.so";

/// Files that are needed, and the package that brings each. A path is looked for as it
/// stands, a bare name in the directories of programs. (Never qemu-utils: from backports
/// it removes the QEMU of a stable release.)
const PACKAGES: &[(&str, &str)] = &[
    ("/usr/lib/ISOLINUX/isohdpfx.bin", "isolinux"),
    ("/usr/lib/syslinux/memdisk", "syslinux-common"),
    ("/usr/share/bochs/BIOS-bochs-legacy", "bochsbios"),
    ("/usr/share/seabios/bios.bin", "seabios"),
    ("/usr/share/seabios/vgabios-stdvga.bin", "seabios"),
    ("/usr/share/vgabios/vgabios.bin", "vgabios"),
    ("as", "binutils"),
    ("bochs-bin", "bochs"),
    ("c++", "g++"),
    ("cc", "gcc"),
    ("cpio", "cpio"),
    ("debootstrap", "debootstrap"),
    ("depmod", "kmod"),
    ("dpkg-deb", "dpkg"),
    ("fish", "fish"),
    ("fsck.vfat", "dosfstools"),
    ("git", "git"),
    ("grub-menulst2cfg", "grub-common"),
    ("grub-mkrescue", "grub-common"),
    ("grub-mkimage", "grub-common"),
    ("grub-script-check", "grub-common"),
    ("grub-syslinux2cfg", "grub-common"),
    ("gzip", "gzip"),
    ("isohybrid", "syslinux-utils"),
    ("kernel-install", "systemd"),
    ("ld", "binutils"),
    ("ld.lld", "lld"),
    ("ldd", "libc-bin"),
    ("lintian", "lintian"),
    ("losetup", "mount"),
    ("man", "man-db"),
    ("md5sum", "coreutils"),
    ("mcopy", "mtools"),
    ("mke2fs", "e2fsprogs"),
    ("mkfs.btrfs", "btrfs-progs"),
    ("mkfs.vfat", "dosfstools"),
    ("modinfo", "kmod"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("objcopy", "binutils"),
    ("objdump", "binutils"),
    ("openssl", "openssl"),
    ("qemu-system-i386", "qemu-system-x86"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("script", "bsdutils"),
    ("sfdisk", "fdisk"),
    ("sgdisk", "gdisk"),
    ("strace", "strace"),
    ("systemd-analyze", "systemd"),
    (QEMU_WINDOW, "qemu-system-gui"),
    ("tar", "tar"),
    ("xorriso", "xorriso"),
    ("zsh", "zsh"),
    ("zstd", "zstd"),
    ("/usr/bin/cargo", "cargo-web"),
    ("/usr/bin/cargo-clippy", "rust-web-clippy"),
    ("/usr/bin/cargo-fmt", "rustfmt-web"),
    // Debian 12's kexec-tools, which tests unpack, needs this.
    (
        "/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17",
        "libxenmisc4.17",
    ),
    ("/usr/lib/llvm-22/bin/llvm-cov", "llvm-22"),
    ("/usr/bin/python3", "python3"),
    ("/usr/bin/rustc", "rustc-web"),
    ("/usr/lib/rustlib/src/rust/library/core", "rust-web-src"),
];

/// Makes sure that all of `tools` are there: installs missing ones if this process may,
/// or else fails with the command that installs them.
pub(crate) fn ensure(tools: &[&str]) -> Result<()> {
    let missing: Vec<&str> = tools
        .iter()
        .copied()
        .filter(|tool| !is_there(tool))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
}

/// Installs the newest packages that bring `tools`, even those that are there already.
pub(crate) fn install(tools: &[&str]) -> Result<()> {
    let mut packages = Vec::new();
    for tool in tools {
        let package = package_of(tool)?;
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    let install = format!(
        "apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    let Some(mut prefix) = privilege() else {
        bail!("tools are missing; install them: sudo {install}");
    };
    eprintln!("x: {install}");
    prefix.extend(["env", "DEBIAN_FRONTEND=noninteractive"]);
    // Lists that are out of date may name versions that are too old for us. If a source
    // does not answer, the others may suffice.
    let _ = shell(&prefix, "apt-get update -q");
    shell(&prefix, &install)?;
    match tools.iter().find(|tool| !is_there(tool)) {
        Some(tool) => bail!("`{tool}` is still missing after `{install}`"),
        None => Ok(()),
    }
}

fn package_of(tool: &str) -> Result<&'static str> {
    match PACKAGES.iter().find(|(name, _)| *name == tool) {
        Some((_, package)) => Ok(package),
        None => bail!("no package is known for `{tool}`; add it to xtask/src/packages.rs"),
    }
}

fn is_there(tool: &str) -> bool {
    if tool.starts_with('/') {
        return Path::new(tool).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|directory| directory.join(tool).is_file())
}

/// The words in front of a command that make root run it.
fn privilege() -> Option<Vec<&'static str>> {
    if !is_there("apt-get") {
        return None;
    }
    let id = crate::run::output(Command::new("id").arg("-u"));
    if id.is_ok_and(|id| id == "0") {
        return Some(Vec::new());
    }
    succeeds(Command::new("sudo").args(["-n", "true"])).then(|| vec!["sudo", "-n"])
}

/// Runs `prefix` and the words of `line`; what apt prints goes to standard error.
fn shell(prefix: &[&str], line: &str) -> Result<()> {
    let words: Vec<&str> = prefix.iter().copied().chain(line.split(' ')).collect();
    run(Command::new(words[0])
        .args(&words[1..])
        .stdout(std::io::stderr()))
}
