//! Unified Kernel Images that `gapboot uki` makes, and plain ones.

use crate::debian::{self, Flavour};
use crate::gapboot;
use crate::images::initramfs::{self, Archive};
use crate::machines::rig::Outcome;
use crate::tool::{command, run};
use anyhow::{Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The command line in images made here. A host with much to do may leave guests
/// without the interrupts that Linux tries its timer with.
pub const CMDLINE: &str = "console=ttyS0 panic=-1 quiet no_timer_check built.in=1";
/// The command line that a loader gives.
pub const OWN: &str = "console=ttyS0 panic=-1 quiet no_timer_check own=1 two";
/// The version in images made here.
pub const OS_RELEASE: &str = "ID=test\nVERSION=\"7.1 (test)\"\nPRETTY_NAME=\"A test\"\n";

/// An init script: prints how it was started, and powers off. A file `order` in a later
/// archive replaces the file of an earlier one.
const INIT: &str = r#"#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t proc proc /proc
echo "TEST-CMDLINE $($bb cat /proc/cmdline)"
echo "TEST-ORDER $($bb cat /order)"
echo "TEST-HANDED-IN $($bb cat /handed-in 2>/dev/null)"
echo "TEST-EXTRA $($bb sha256sum < /.extra/os-release)"
echo "TEST-CREDENTIAL $($bb cat /.extra/credentials/test.cred 2>/dev/null)"
test -e /payload && echo "TEST-PAYLOAD $($bb sha256sum < /payload)"
echo "TEST-INIT-RUNS"
$bb poweroff -f
"#;

/// The parts of images: kernel, initrds and texts, in a directory.
pub struct Workshop {
    directory: tempfile::TempDir,
}

impl Workshop {
    /// Debian's cloud kernel and an initramfs that reports.
    pub fn new() -> Result<Self> {
        Self::with_payload(&[])
    }

    /// The same with a file that the initramfs takes the checksum of.
    pub fn with_payload(payload: &[u8]) -> Result<Self> {
        Self::with_initrd(initramfs::busybox(INIT)?, payload)
    }

    /// The same with an initramfs of one's own in place of the one that reports.
    pub fn with_initrd(mut initrd: Vec<u8>, payload: &[u8]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut more = Archive::new().program("order", b"initrd");
        if !payload.is_empty() {
            more = more.program("payload", payload);
        }
        initrd.resize(initrd.len().next_multiple_of(4), 0);
        initrd.extend(more.finish());
        let microcode = Archive::new()
            .directory("kernel")
            .program("order", b"microcode")
            .finish();
        let handed_in = Archive::new()
            .program("order", b"handed in")
            .program("handed-in", b"yes")
            .finish();
        let workshop = Self { directory };
        fs::copy(debian::kernel(Flavour::Cloud)?, workshop.path("vmlinuz"))?;
        fs::write(workshop.path("initrd"), initrd)?;
        fs::write(workshop.path("microcode"), microcode)?;
        fs::write(workshop.path("handed-in"), handed_in)?;
        fs::write(workshop.path("os-release"), OS_RELEASE)?;
        Ok(workshop)
    }

    /// A file in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An image with everything in it, around systemd's stub.
    pub fn build(&self, stub: &Path) -> Result<PathBuf> {
        let output = self.path("image.efi");
        let file = |name| self.path(name);
        let mut command = Command::new(gapboot::built("gapboot")?);
        command
            .args(["uki", "build", "--cmdline", CMDLINE])
            .arg("--linux")
            .arg(file("vmlinuz"))
            .arg("--initrd")
            .arg(file("initrd"))
            .arg("--microcode")
            .arg(file("microcode"))
            .arg(format!("--os-release=@{}", file("os-release").display()))
            .arg("--stub")
            .arg(stub)
            .arg("--output")
            .arg(&output);
        run(&mut command)?;
        Ok(output)
    }

    /// A plain UKI, made as systemd-stub's manual described before ukify existed.
    pub fn plain(&self, stub: &Path) -> Result<PathBuf> {
        let output = self.path("plain.efi");
        fs::write(self.path("cmdline"), CMDLINE)?;
        let mut objcopy = command("objcopy");
        let sections = [
            ("osrel", "os-release", 0x100_0000_u64),
            ("cmdline", "cmdline", 0x110_0000),
            ("linux", "vmlinuz", 0x200_0000),
            ("initrd", "initrd", 0x600_0000),
        ];
        for (section, file, address) in sections {
            let file = self.path(file);
            objcopy
                .arg("--add-section")
                .arg(format!(".{section}={}", file.display()));
            objcopy
                .arg("--change-section-vma")
                .arg(format!(".{section}={address:#x}"));
        }
        run(objcopy.arg(stub).arg(&output))?;
        Ok(output)
    }

    /// Signs an image with a key that is made for it. Messages of the tools are ignored.
    pub fn sign(&self, image: &Path) -> Result<(PathBuf, String)> {
        let tools = debian::package("sbsigntool")?.join("usr/bin");
        let (key, certificate) = (self.path("key"), self.path("certificate"));
        run(command("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
            .args(["-subj", "/CN=test", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate))?;
        let output = self.path("signed.efi");
        let sign = Command::new(tools.join("sbsign"))
            .arg("--key")
            .arg(&key)
            .arg("--cert")
            .arg(&certificate)
            .arg("--output")
            .arg(&output)
            .arg(image)
            .output()?;
        let verify = Command::new(tools.join("sbverify"))
            .arg("--cert")
            .arg(&certificate)
            .arg(&output)
            .output()?;
        ensure!(sign.status.success() && verify.status.success());
        let said = [sign.stderr, verify.stdout, verify.stderr].concat();
        Ok((output, String::from_utf8_lossy(&said).into_owned()))
    }
}

/// The EFI stub of this machine's release of Debian.
pub fn stub() -> Result<PathBuf> {
    Ok(debian::package("systemd-boot-efi")?.join(STUB))
}

/// The path of systemd's stub in packages.
pub const STUB: &str = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";

/// The text that the initramfs of [`Workshop::new`] prints after a mark.
///
/// # Panics
///
/// The mark is not there.
pub fn said(outcome: &Outcome, mark: &str) -> String {
    let mut lines = outcome.serial.lines();
    let line = lines.find_map(|line| line.strip_prefix(mark));
    let line = line.unwrap_or_else(|| panic!("no {mark}: {}", outcome.serial));
    line.trim().trim_end_matches(" -").trim().to_owned()
}
