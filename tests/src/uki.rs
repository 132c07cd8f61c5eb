//! Unified Kernel Images by `gapboot uki`, and every loader that starts one.

use crate::debian::{self, Flavour};
use crate::gapboot;
use crate::image::{Disk, Fat, Partition};
use crate::initramfs::{self, Archive};
use crate::qemu::{Bus, Machine, Outcome};
use crate::tool::{command, run};
use crate::{MIB, syslinux};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The command line in images made here.
pub const CMDLINE: &str = "console=ttyS0 panic=-1 quiet built.in=1";
/// The command line that a loader hands in.
pub const OWN: &str = "console=ttyS0 panic=-1 quiet own=1 two";
/// The version in images made here.
pub const OS_RELEASE: &str = "ID=test\nVERSION=\"7.1 (test)\"\nPRETTY_NAME=\"A test\"\n";

/// Says what it was started with, and powers off. A file `order` in a later
/// archive replaces that of an earlier one.
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

/// What is needed to make images: kernel, initrds and texts, in a directory.
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
        let directory = tempfile::tempdir()?;
        let mut initrd = initramfs::busybox(INIT)?;
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

    /// A plain UKI, as systemd-stub's manual had it made before ukify.
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

    /// Signs an image with a key made for it; whatever the tools say.
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

/// Where packages have systemd's stub.
pub const STUB: &str = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";

/// A way to start an image.
#[derive(Clone, Copy, Debug)]
pub enum Loader {
    /// `qemu -kernel`: the 16-bit entry.
    Qemu,
    /// GRUB on a BIOS, with this command: `linux` or `linux16`.
    Grub(&'static str),
    /// SYSLINUX: the 16-bit entry.
    Syslinux,
    /// OVMF, as the default program of a disk.
    Ovmf,
    /// kexec-tools with these arguments, on a machine of this many MiB.
    Kexec(&'static [&'static str], u32),
}

/// What a loader hands in beside the image.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandedIn<'a> {
    /// An initrd.
    pub initrd: Option<&'a Path>,
    /// A command line.
    pub cmdline: Option<&'a str>,
}

impl Loader {
    /// Starts an image on a machine of `memory` MiB.
    pub fn start(self, image: &Path, handed_in: HandedIn, memory: u32) -> Result<Outcome> {
        let directory = tempfile::tempdir()?;
        let at = |name: &str| directory.path().join(name);
        let machine = match self {
            Self::Qemu => {
                let mut machine = Machine::without_disk().arguments(&["-kernel", text(image)?]);
                if let Some(initrd) = handed_in.initrd {
                    machine = machine.arguments(&["-initrd", text(initrd)?]);
                }
                match handed_in.cmdline {
                    Some(line) => machine.arguments(&["-append", line]),
                    None => machine,
                }
            }
            Self::Grub(linux) => {
                let medium = grub(directory.path(), linux, image, handed_in)?;
                Machine::without_disk().arguments(&["-cdrom", text(&medium)?])
            }
            Self::Syslinux => {
                let mut lines = String::from("DEFAULT it\nLABEL it\n LINUX /image.efi\n");
                let mut esp = Partition::esp(Fat::new(32)).file("image.efi", image.to_owned());
                if let Some(initrd) = handed_in.initrd {
                    esp = esp.file("initrd", initrd.to_owned());
                    lines += " INITRD /initrd\n";
                }
                if let Some(line) = handed_in.cmdline {
                    lines += &format!(" APPEND {line}\n");
                }
                Disk::new(300 * MIB).partition(esp).build(&at("disk"))?;
                syslinux::install(&at("disk"), &lines)?;
                Machine::new(&at("disk"))
            }
            Self::Ovmf => {
                let esp =
                    Partition::esp(Fat::new(32)).file("EFI/BOOT/BOOTX64.EFI", image.to_owned());
                Disk::new(300 * MIB).partition(esp).build(&at("disk"))?;
                let firmware = debian::package("ovmf")?.join("usr/share/OVMF");
                fs::copy(firmware.join("OVMF_VARS.fd"), at("variables"))?;
                let drive = "if=pflash,format=raw";
                let code = format!(
                    "{drive},readonly=on,file={}/OVMF_CODE.fd",
                    firmware.display()
                );
                let variables = format!("{drive},file={}", at("variables").display());
                Machine::new(&at("disk"))
                    .bus(Bus::Ahci)
                    .arguments(&["-drive", &code, "-drive", &variables])
            }
            Self::Kexec(arguments, _) => {
                let initrd = kexec(image, arguments, handed_in)?;
                fs::write(at("initrd"), initrd)?;
                let kernel = debian::kernel(Flavour::Cloud)?;
                Machine::without_disk()
                    .arguments(&["-kernel", text(&kernel)?, "-initrd", text(&at("initrd"))?])
                    .arguments(&["-append", "console=ttyS0 panic=-1 quiet"])
            }
        };
        let memory = match self {
            Self::Kexec(_, memory) => memory,
            _ => memory,
        };
        let machine = machine.memory(memory).timeout(Duration::from_secs(240));
        machine.run()
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}

/// A CD with GRUB that starts an image.
fn grub(directory: &Path, linux: &str, image: &Path, handed_in: HandedIn) -> Result<PathBuf> {
    let tree = directory.join("tree");
    fs::create_dir_all(tree.join("boot/grub"))?;
    fs::copy(image, tree.join("image.efi"))?;
    let mut lines = format!(
        "set timeout=0\n{linux} /image.efi {}\n",
        handed_in.cmdline.unwrap_or_default()
    );
    if let Some(initrd) = handed_in.initrd {
        fs::copy(initrd, tree.join("initrd"))?;
        lines += &format!("{} /initrd\n", linux.replace("linux", "initrd"));
    }
    fs::write(tree.join("boot/grub/grub.cfg"), lines + "boot\n")?;
    let modules = debian::package("grub-pc-bin")?.join("usr/lib/grub/i386-pc");
    let medium = directory.join("medium.iso");
    run(command("grub-mkrescue")
        .arg("-d")
        .arg(modules)
        .arg("-o")
        .arg(&medium)
        .arg(&tree))?;
    Ok(medium)
}

/// An initramfs that starts an image by kexec.
fn kexec(image: &Path, arguments: &[&str], handed_in: HandedIn) -> Result<Vec<u8>> {
    let program = debian::package("kexec-tools")?;
    let program = ["sbin/kexec", "usr/sbin/kexec"].map(|path| program.join(path));
    let program = program.iter().find(|path| path.exists());
    let program = program.context("kexec-tools holds no kexec")?;
    let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.into()).collect();
    let mut archive = Archive::new();
    if let Some(initrd) = handed_in.initrd {
        archive = archive.program("handed", &fs::read(initrd)?);
        arguments.push("--initrd=/handed".into());
    }
    if let Some(line) = handed_in.cmdline {
        arguments.push(format!("--command-line='{line}'"));
    }
    let init = format!(
        "#!/bin/busybox sh\n\
         /bin/busybox mount -t proc proc /proc\n\
         /bin/busybox mount -t sysfs sysfs /sys\n\
         /bin/kexec {} /image.efi && /bin/kexec -e\n\
         echo TEST-KEXEC-FAILED\n\
         /bin/busybox poweroff -f\n",
        arguments.join(" ")
    );
    archive = archive.linked("bin/kexec", program)?;
    let mut initrd = initramfs::busybox(&init)?;
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.extend(archive.program("image.efi", &fs::read(image)?).finish());
    Ok(initrd)
}
