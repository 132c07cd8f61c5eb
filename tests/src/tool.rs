//! Runs foreign programs.

use anyhow::{Context, Result, anyhow, bail};
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// The Debian package that holds a program.
fn package(program: &str) -> &str {
    match program {
        "qemu-system-x86_64" => "qemu-system-x86",
        "bochs-bin" => "bochs",
        "node" => "nodejs",
        "sfdisk" => "fdisk",
        "btrfs" | "mkfs.btrfs" => "btrfs-progs",
        "mke2fs" | "mkfs.ext4" => "e2fsprogs",
        "mkfs.vfat" | "fsck.vfat" => "dosfstools",
        "mattrib" | "mcopy" | "mmd" | "mdel" | "mdeltree" | "mdir" | "mren" | "mshowfat" => {
            "mtools"
        }
        "grub-editenv" | "grub-menulst2cfg" | "grub-mkconfig" | "grub-mkimage"
        | "grub-mkrescue" | "grub-script-check" | "grub-syslinux2cfg" => "grub-common",
        "script" => "bsdutils",
        "cc" => "gcc",
        "objcopy" | "objdump" => "binutils",
        "depmod" | "modinfo" => "kmod",
        "ldd" => "libc-bin",
        "dpkg-deb" => "dpkg",
        "man" => "man-db",
        "blkid" | "partx" | "unshare" => "util-linux",
        "losetup" => "mount",
        "apt-get" | "apt-cache" => "apt",
        other => other,
    }
}

/// The error for a program that could not be started.
pub fn missing(program: &OsStr, error: std::io::Error) -> anyhow::Error {
    let name = program.to_string_lossy();
    if error.kind() != std::io::ErrorKind::NotFound {
        return anyhow!("{name} does not start: {error}");
    }
    let package = package(&name);
    anyhow!("{name} is not installed: run `apt-get install {package}` as root")
}

/// Fails unless these programs are installed, which a script calls.
///
/// # Errors
///
/// One is missing; the message has the command that installs it.
pub fn need(programs: &[&str]) -> Result<()> {
    for program in programs {
        let mut asked = command(program);
        let [input, output, errors] = [Stdio::null(), Stdio::null(), Stdio::null()];
        asked
            .arg("--version")
            .stdin(input)
            .stdout(output)
            .stderr(errors);
        let started = asked.status();
        started.map_err(|error| missing(program.as_ref(), error))?;
    }
    Ok(())
}

/// A command that finds the system's tools even if the user's path does not contain
/// them.
pub fn command(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .env("LC_ALL", "C");
    command
}

/// A command for which root owns our files.
pub fn as_root(program: &str) -> Result<Command> {
    if run(command("id").arg("-u"))?.trim() == "0" {
        return Ok(command(program));
    }
    let mut unshare = command("unshare");
    unshare.args(["-r", program]);
    Ok(unshare)
}

/// Runs a command to its end and returns its output.
///
/// # Errors
///
/// The command is not installed, or its exit status is not 0. The message has the
/// command line and the output.
pub fn run(command: &mut Command) -> Result<String> {
    run_with_input(command, "")
}

/// Like [`run`], with text on standard input.
pub fn run_with_input(command: &mut Command, input: &str) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| missing(command.get_program(), error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading is judged by its exit status.
        let _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
    }
    let output = child.wait_with_output().context("waiting for a program")?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed, {}:\n{printed}{errors}", output.status);
    }
    Ok(printed)
}
