//! The bridge, and systems on disks that it starts.

use crate::MIB;
use crate::data::sha256;
use crate::debian::{self, Flavour};
use crate::gapboot::{built, type1};
use crate::images::initramfs;
use crate::images::large_sectors::{FileSystem, large_sectors};
use crate::images::{Disk, Fat, Partition};
use crate::loaders::uki;
use crate::machines::qemu::Machine;
use crate::tool::{command, run};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// What the menu of the bridge shows in its last line.
pub const MENU: &str = "Enter boot   e edit";

/// Makes the file of a bridge with Debian's kernel and the small set.
pub fn build(directory: &Path, arguments: &[&str]) -> Result<PathBuf> {
    let image = directory.join("bridge.efi");
    run(command(built("gapboot")?)
        .args(["bridge", "build", "--set", "small", "--kernel"])
        .arg(debian::kernel(Flavour::Generic)?)
        .arg("--modules")
        .arg(debian::modules(Flavour::Generic)?)
        .arg("--stub")
        .arg(uki::stub()?)
        .arg("--output")
        .arg(&image)
        .args(arguments))?;
    Ok(image)
}

/// How a disk is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// virtio-blk with sectors of 4096 bytes, which SeaBIOS does not see.
    Virtio4k,
    /// NVMe with sectors of 4096 bytes.
    Nvme4k,
    /// USB 3.
    Usb,
}

/// A disk with a system on it, whose kernel is Debian's for clouds.
#[derive(Debug)]
pub struct Target {
    image: PathBuf,
    attached: Attached,
    hash: String,
    name: &'static str,
}

/// What the system says when it runs: by its name, its kernel and the command line.
fn init(name: &str) -> String {
    format!(
        "#!/bin/busybox sh\n\
         /bin/busybox mount -t proc proc /proc\n\
         echo \"RUNS {name} $(/bin/busybox uname -r) $(/bin/busybox cat /proc/cmdline)\"\n\
         /bin/busybox poweroff -f\n"
    )
}

impl Target {
    /// Entries of the Boot Loader Specification on FAT, by virtio.
    pub fn bls(directory: &Path) -> Result<Self> {
        let tree = Tree::new(directory, "bls")?;
        let entry = type1("Debian by BLS", "/vmlinuz", &["/initrd"], &options("bls"));
        tree.file("loader/entries/debian.conf", entry.as_bytes())?;
        let image = directory.join("bls.img");
        large_sectors(&image, 512 * MIB, FileSystem::Fat(&tree.0))?;
        Self::new(image, Attached::Virtio4k, "bls")
    }

    /// A menu as grub-mkconfig makes it, on ext4, by NVMe.
    pub fn grub(directory: &Path) -> Result<Self> {
        let tree = Tree::new(directory, "grub")?;
        let options = options("grub");
        let menu = format!(
            "set default=\"0\"\nset timeout=5\nfunction load_video {{\n  insmod all_video\n}}\n\
             menuentry 'Debian by GRUB' --class debian $menuentry_id_option 'gnulinux-simple' {{\n\
             \tload_video\n\tinsmod ext2\n\
             \tsearch --no-floppy --label --set=root TARGET\n\
             \tlinux\t/vmlinuz {options}\n\tinitrd\t/initrd\n}}\n\
             submenu 'Advanced options' {{\n\tmenuentry 'Debian, recovery' {{\n\
             \t\tlinux\t/vmlinuz {options} single\n\t}}\n}}\n"
        );
        tree.file("boot/grub/grub.cfg", menu.as_bytes())?;
        let image = directory.join("grub.img");
        large_sectors(&image, 256 * MIB, FileSystem::Ext4(&tree.0, "TARGET"))?;
        Self::new(image, Attached::Nvme4k, "grub")
    }

    /// A tree as EXTLINUX has it, by USB.
    pub fn extlinux(directory: &Path) -> Result<Self> {
        let tree = Tree::new(directory, "extlinux")?;
        let options = options("extlinux");
        let menu = format!(
            "DEFAULT debian\nTIMEOUT 30\nLABEL debian\n  MENU LABEL Debian by EXTLINUX\n  \
             LINUX ../vmlinuz\n  INITRD ../initrd\n  APPEND {options}\n"
        );
        let image = directory.join("extlinux.img");
        let partition = Partition::esp(Fat::new(32))
            .file("vmlinuz", tree.0.join("vmlinuz"))
            .file("initrd", tree.0.join("initrd"))
            .file("extlinux/extlinux.conf", menu);
        Disk::mbr(128 * MIB)
            .partition(partition.kind("c"))
            .build(&image)?;
        Self::new(image, Attached::Usb, "extlinux")
    }

    fn new(image: PathBuf, attached: Attached, name: &'static str) -> Result<Self> {
        Ok(Self {
            hash: hash(&image)?,
            image,
            attached,
            name,
        })
    }

    /// Attaches the disk, so that it can be written to.
    #[must_use]
    pub fn attach(&self, machine: Machine) -> Machine {
        let name = self.name;
        let drive = format!(
            "if=none,id={name},format=raw,snapshot=off,file={}",
            self.image.display()
        );
        let machine = machine.arguments(&["-drive", &drive]);
        let large = "logical_block_size=4096,physical_block_size=4096";
        match self.attached {
            Attached::Virtio4k => {
                let device = format!("virtio-blk-pci,drive={name},{large}");
                machine.arguments(&["-device", &device])
            }
            Attached::Nvme4k => {
                let device = format!("nvme,serial={name},drive={name},{large}");
                machine.arguments(&["-device", &device])
            }
            Attached::Usb => {
                let device = format!("usb-storage,drive={name},bus=usb.0");
                machine.arguments(&["-device", "qemu-xhci,id=usb", "-device", &device])
            }
        }
    }

    /// What the system says when its own kernel, initrd and command line run.
    pub fn says(&self) -> String {
        format!("RUNS {}", self.name)
    }

    /// Fails unless the system's own kernel, initrd and command line run, as the serial
    /// line says, and the disk is as it was made.
    pub fn check(&self, serial: &str) -> Result<()> {
        let line = serial.lines().find(|line| line.contains(&self.says()));
        let line = line.with_context(|| format!("{} did not run:\n{serial}", self.name))?;
        let kernel = debian::kernel(Flavour::Cloud)?;
        let kernel = kernel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let release = kernel.trim_start_matches("vmlinuz-");
        let expected = format!("RUNS {} {release} {}", self.name, options(self.name));
        anyhow::ensure!(line.trim() == expected, "{line}\nis not\n{expected}");
        self.check_unchanged()
    }

    /// Fails unless the disk is as it was made.
    pub fn check_unchanged(&self) -> Result<()> {
        anyhow::ensure!(hash(&self.image)? == self.hash, "{} has changed", self.name);
        Ok(())
    }
}

/// The command line of a system.
fn options(name: &str) -> String {
    format!("console=ttyS0 panic=-1 quiet no_timer_check from={name}")
}

fn hash(image: &Path) -> Result<String> {
    Ok(sha256(&fs::read(image)?))
}

/// A directory with a kernel and an initrd.
struct Tree(PathBuf);

impl Tree {
    fn new(directory: &Path, name: &str) -> Result<Self> {
        let tree = Self(directory.join(name));
        fs::create_dir_all(&tree.0)?;
        fs::copy(debian::kernel(Flavour::Cloud)?, tree.0.join("vmlinuz"))?;
        tree.file("initrd", &initramfs::busybox(&init(name))?)?;
        Ok(tree)
    }

    fn file(&self, path: &str, content: &[u8]) -> Result<()> {
        let path = self.0.join(path);
        let directory = path.parent().context("a file in a directory")?;
        fs::create_dir_all(directory)?;
        Ok(fs::write(path, content)?)
    }
}
