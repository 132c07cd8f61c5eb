//! Every loader that starts a Unified Kernel Image.

use super::syslinux;
use super::systemd_boot::Release;
use super::uki::{self, Workshop};
use crate::MIB;
use crate::data::random;
use crate::debian::{self, Flavour};
use crate::gapboot;
use crate::images::initramfs::{self, Archive};
use crate::images::{Disk, Fat, Partition};
use crate::machines::ovmf;
use crate::machines::qemu::{Machine, Outcome};
use crate::tool::{command, run};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A way to start an image.
#[derive(Clone, Copy, Debug)]
pub enum Loader {
    /// `qemu -kernel`: the 16-bit entry.
    Qemu,
    /// GRUB on a BIOS, with this command: `linux` or `linux16`.
    Grub(&'static str),
    /// SYSLINUX: the 16-bit entry.
    Syslinux,
    /// ISOLINUX, on a CD.
    Isolinux,
    /// OVMF, as the default program of a disk.
    Ovmf,
    /// systemd-boot on OVMF, by an entry.
    SystemdBoot(By),
    /// gapboot on SeaBIOS, by an entry.
    Gapboot(By),
    /// kexec-tools with these arguments, on a machine of this many MiB.
    Kexec(&'static [&'static str], u32),
    /// `gapboot kexec` likewise.
    GapbootKexec(&'static [&'static str], u32),
}

/// The entry by which a boot menu starts an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// An entry of Type 1, with this key.
    Key(&'static str),
    /// An entry of Type 2: the image itself.
    Type2,
}

/// The further inputs that a loader gives to the image.
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
        let memory = match self {
            Self::Kexec(_, memory) | Self::GapbootKexec(_, memory) => memory,
            _ => memory,
        };
        // Large images take longer.
        let mib = fs::metadata(image)?.len() / MIB;
        let machine = self.machine(image, handed_in, directory.path())?;
        let timeout = Duration::from_secs(240 + mib);
        machine.memory(memory).timeout(timeout).run()
    }

    /// The machine; its files are made in `directory`.
    pub fn machine(self, image: &Path, handed_in: HandedIn, directory: &Path) -> Result<Machine> {
        let disk = directory.join("disk");
        Ok(match self {
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
                let medium = grub(directory, linux, image, handed_in)?;
                Machine::without_disk().arguments(&["-boot", "d", "-cdrom", text(&medium)?])
            }
            Self::Syslinux => {
                let mut esp = Partition::esp(Fat::new(32)).file("image.efi", image.to_owned());
                if let Some(initrd) = handed_in.initrd {
                    esp = esp.file("initrd", initrd.to_owned());
                }
                make(&disk, esp, image)?;
                syslinux::install(&disk, &syslinux_menu(handed_in))?;
                Machine::new(&disk)
            }
            Self::Isolinux => {
                let tree = directory.join("tree");
                fs::create_dir_all(&tree)?;
                fs::copy(image, tree.join("image.efi"))?;
                if let Some(initrd) = handed_in.initrd {
                    fs::copy(initrd, tree.join("initrd"))?;
                }
                let medium = directory.join("medium.iso");
                syslinux::cd(&tree, &syslinux_menu(handed_in), &medium)?;
                Machine::without_disk().arguments(&["-boot", "d", "-cdrom", text(&medium)?])
            }
            Self::Ovmf => {
                let esp = Partition::esp(Fat::new(32)).file(ovmf::PROGRAM, image.to_owned());
                make(&disk, esp, image)?;
                ovmf::machine(&disk, &directory.join("variables"))?
            }
            Self::SystemdBoot(by) => {
                let program = Release::Own.program()?;
                let esp = Partition::esp(Fat::new(32)).file(ovmf::PROGRAM, program);
                make(&disk, entry(esp, by, image), image)?;
                ovmf::machine(&disk, &directory.join("variables"))?
            }
            Self::Gapboot(by) => {
                make(&disk, entry(Partition::esp(Fat::new(32)), by, image), image)?;
                gapboot::install(&disk)?;
                Machine::new(&disk)
            }
            Self::Kexec(arguments, _) => Kexec {
                program: kexec_tools()?,
                load: "",
                start: "-e",
                cmdline: "--command-line",
                arguments,
            }
            .machine(image, handed_in, directory)?,
            Self::GapbootKexec(arguments, _) => Kexec {
                program: gapboot::built("gapboot")?,
                load: "kexec",
                start: "kexec -e",
                cmdline: "--cmdline",
                arguments,
            }
            .machine(image, handed_in, directory)?,
        })
    }
}

/// A disk with this partition, which an image is on.
fn make(disk: &Path, esp: Partition, image: &Path) -> Result<()> {
    let size = fs::metadata(image)?.len() + 300 * MIB;
    Disk::new(size.next_multiple_of(MIB))
        .partition(esp)
        .build(disk)
}

/// Adds an image and the entry that starts it.
fn entry(esp: Partition, by: By, image: &Path) -> Partition {
    match by {
        By::Type2 => esp.file("EFI/Linux/image.efi", image.to_owned()),
        By::Key(key) => esp.file("image.efi", image.to_owned()).file(
            "loader/entries/image.conf",
            format!("title Image\n{key} /image.efi\n"),
        ),
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}

/// SYSLINUX's configuration.
fn syslinux_menu(handed_in: HandedIn) -> String {
    let mut lines = String::from("DEFAULT it\nLABEL it\n LINUX /image.efi\n");
    if handed_in.initrd.is_some() {
        lines += " INITRD /initrd\n";
    }
    if let Some(line) = handed_in.cmdline {
        lines += &format!(" APPEND {line}\n");
    }
    lines
}

/// A CD with GRUB that starts an image.
fn grub(directory: &Path, linux: &str, image: &Path, handed_in: HandedIn) -> Result<PathBuf> {
    let tree = directory.join("tree");
    fs::create_dir_all(tree.join("boot/grub"))?;
    fs::copy(image, tree.join("image.efi"))?;
    let mut lines = format!(
        "set timeout=0\nif ! {linux} /image.efi {}; then echo GRUB refuses it; sleep 600; fi\n",
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

/// A program that starts images from a running Linux.
struct Kexec<'a> {
    program: PathBuf,
    /// Its arguments to load, and to start.
    load: &'a str,
    start: &'a str,
    /// Its option for a command line.
    cmdline: &'a str,
    arguments: &'a [&'a str],
}

impl Kexec<'_> {
    /// A machine that starts an image by it.
    fn machine(&self, image: &Path, handed_in: HandedIn, directory: &Path) -> Result<Machine> {
        let mut arguments: Vec<String> = self.arguments.iter().map(|&word| word.into()).collect();
        let mut archive = Archive::new().linked("bin/kexec", &self.program)?;
        if let Some(initrd) = handed_in.initrd {
            archive = archive.program("handed", &fs::read(initrd)?);
            arguments.push("--initrd=/handed".into());
        }
        if let Some(line) = handed_in.cmdline {
            arguments.push(format!("{}='{line}'", self.cmdline));
        }
        let init = format!(
            "#!/bin/busybox sh\n\
             /bin/busybox mount -t proc proc /proc\n\
             /bin/busybox mount -t sysfs sysfs /sys\n\
             /bin/kexec {} {} /image.efi && /bin/kexec {}\n\
             echo TEST-KEXEC-FAILED\n\
             /bin/busybox poweroff -f\n",
            self.load,
            arguments.join(" "),
            self.start
        );
        let mut initrd = initramfs::busybox(&init)?;
        initrd.resize(initrd.len().next_multiple_of(4), 0);
        initrd.extend(archive.program("image.efi", &fs::read(image)?).finish());
        let path = directory.join("initrd");
        fs::write(&path, initrd)?;
        let kernel = debian::kernel(Flavour::Cloud)?;
        Ok(Machine::without_disk()
            .arguments(&["-kernel", text(&kernel)?, "-initrd", text(&path)?])
            .arguments(&["-append", "console=ttyS0 panic=-1 quiet no_timer_check"]))
    }
}

/// kexec of Debian's kexec-tools.
fn kexec_tools() -> Result<PathBuf> {
    let package = debian::package("kexec-tools")?;
    let places = ["sbin/kexec", "usr/sbin/kexec"].map(|path| package.join(path));
    let program = places.into_iter().find(|path| path.exists());
    program.context("kexec-tools holds no kexec")
}

/// Lets a loader start an image with an initrd of the given number of MiB, on a machine
/// of `memory` MiB, alone and with another initrd from the loader.
///
/// # Panics
///
/// An initrd does not arrive whole.
pub fn carries(mib: u64, loader: Loader, memory: u32) {
    let payload = random(7, (mib * MIB) as usize);
    let workshop = Workshop::with_payload(&payload).unwrap();
    let image = workshop.build(&uki::stub().unwrap()).unwrap();
    let initrd = workshop.path("handed-in");
    let mut all = vec![None];
    // A menu's entry adds no initrd.
    if !matches!(loader, Loader::Gapboot(_)) {
        all.push(Some(initrd.as_path()));
    }
    for initrd in all {
        let handed_in = HandedIn {
            initrd,
            cmdline: None,
        };
        let outcome = loader.start(&image, handed_in, memory).unwrap();
        assert_eq!(
            uki::said(&outcome, "TEST-PAYLOAD"),
            crate::data::sha256(&payload)
        );
    }
}
