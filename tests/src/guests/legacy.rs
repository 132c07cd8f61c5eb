//! Images that boot on a BIOS only, and machines that start them. Each has a system that
//! says how it was started, and the checksum of what it was given.

use crate::MIB;
use crate::data::{random, sha256};
use crate::debian::{self, Flavour};
use crate::images::initramfs::{self, Archive};
use crate::images::{Disk, Fat, Partition};
use crate::loaders::{grub, syslinux};
use crate::machines::ovmf;
use crate::machines::qemu::{Bus, Machine};
use crate::machines::rig::Outcome;
use crate::tool::{command, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

use super::running::{START, said};

/// A kind of image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ISOLINUX, made a hybrid by `isohybrid`.
    Isohybrid,
    /// ISOLINUX, made a hybrid by xorriso.
    Xorriso,
    /// The same with a partition that begins at sector 64.
    Offset,
    /// ISOLINUX on a plain CD.
    Plain,
    /// GRUB's own rescue CD, with a kernel added.
    Rescue,
    /// GRUB, as grub-mkrescue makes it for a BIOS.
    Grub,
    /// A disk with an MBR and SYSLINUX.
    Mbr,
    /// A disk with a GPT and GRUB.
    Gpt,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Isohybrid,
        Self::Xorriso,
        Self::Offset,
        Self::Plain,
        Self::Rescue,
        Self::Grub,
        Self::Mbr,
        Self::Gpt,
    ];

    fn is_disk(self) -> bool {
        matches!(self, Self::Mbr | Self::Gpt)
    }

    /// Whether it can be started in such a way.
    #[must_use]
    pub fn starts_by(self, way: Way) -> bool {
        match way {
            Way::OvmfCd | Way::BiosCd => !self.is_disk(),
            // A plain CD image has no boot code.
            Way::BiosUsb | Way::BiosDisk => self != Self::Plain,
            _ => true,
        }
    }
}

/// A firmware, and how the image is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Way {
    OvmfUsb,
    OvmfAhci,
    OvmfNvme,
    OvmfVirtio,
    OvmfCd,
    BiosUsb,
    BiosDisk,
    BiosCd,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OvmfUsb,
        Self::OvmfAhci,
        Self::OvmfNvme,
        Self::OvmfVirtio,
        Self::OvmfCd,
        Self::BiosUsb,
        Self::BiosDisk,
        Self::BiosCd,
    ];

    fn is_uefi(self) -> bool {
        !matches!(self, Self::BiosUsb | Self::BiosDisk | Self::BiosCd)
    }

    /// A machine that starts an image.
    ///
    /// # Errors
    ///
    /// The firmware cannot be had.
    pub fn machine(self, image: &Path, directory: &Path) -> Result<Machine> {
        let bus = match self {
            Self::OvmfUsb | Self::BiosUsb => Some(Bus::UsbXhci),
            Self::OvmfAhci | Self::BiosDisk => Some(Bus::Ahci),
            Self::OvmfNvme => Some(Bus::Nvme),
            Self::OvmfVirtio => Some(Bus::Virtio),
            Self::OvmfCd | Self::BiosCd => None,
        };
        let machine = match bus {
            Some(bus) => Machine::new(image).bus(bus),
            None => {
                let path = image.to_str().context("a path that is not UTF-8")?;
                Machine::without_disk().arguments(&["-cdrom", path])
            }
        };
        match self.is_uefi() {
            true => ovmf::on(machine, &directory.join("variables")),
            false => Ok(machine),
        }
    }
}

/// The system on the images.
pub struct System {
    kernel: PathBuf,
    initrd: Vec<u8>,
    /// The checksum that it says.
    checksum: String,
}

const OPTIONS: &str = "console=ttyS0 panic=-1 no_timer_check quiet";
const SCRIPT: &str = r#"
echo
say cmdline $(cat /proc/cmdline)
say loader $(cat /proc/sys/kernel/bootloader_type)
[ -d /sys/firmware/efi ] && say firmware uefi || say firmware bios
say data $(sha256sum < /data)
"#;

impl System {
    /// Debian's kernel, and an initrd with random data.
    ///
    /// # Errors
    ///
    /// Debian's packages cannot be had.
    pub fn new() -> Result<Self> {
        let data = random(17, MIB as usize);
        let mut initrd = initramfs::busybox(&(START.to_owned() + SCRIPT))?;
        initrd.resize(initrd.len().next_multiple_of(4), 0);
        initrd.extend(Archive::new().program("data", &data).finish());
        Ok(Self {
            kernel: debian::kernel(Flavour::Cloud)?,
            initrd,
            checksum: sha256(&data),
        })
    }

    /// Checks what it said when an image was started in such a way.
    ///
    /// # Errors
    ///
    /// It did not start, or not as it should have.
    pub fn check(&self, kind: Kind, way: Way, outcome: &Outcome) -> Result<()> {
        let lines = said(outcome);
        let value = |name: &str| {
            let mut lines = lines.iter();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            value.with_context(|| format!("{kind:?} {way:?}: no {name} in\n{}", outcome.serial))
        };
        let cmdline = value("cmdline")?;
        ensure!(
            cmdline.contains(&format!("{OPTIONS} from={kind:?}")),
            "{kind:?} {way:?}: {cmdline}"
        );
        let data = value("data")?;
        ensure!(
            data.starts_with(&self.checksum),
            "{kind:?} {way:?}: {data} in place of {}",
            self.checksum
        );
        let firmware = if way.is_uefi() { "uefi" } else { "bios" };
        ensure!(value("firmware")? == firmware, "{kind:?} {way:?}");
        // kexec's number is 13, in the upper four bits.
        let loader: u32 = value("loader")?.parse()?;
        ensure!(
            (loader >> 4 == 13) == way.is_uefi(),
            "{kind:?} {way:?}: loader {loader}"
        );
        Ok(())
    }

    /// Makes an image.
    ///
    /// # Errors
    ///
    /// A tool or a package cannot be had.
    pub fn image(&self, kind: Kind, directory: &Path) -> Result<PathBuf> {
        let path = directory.join(format!("{kind:?}.img"));
        match kind {
            Kind::Plain => self.isolinux(kind, &path, directory, &[])?,
            Kind::Isohybrid => {
                self.isolinux(kind, &path, directory, &[])?;
                let tool = debian::package("syslinux-utils")?.join("usr/bin/isohybrid");
                run(command(&tool.to_string_lossy()).arg(&path))?;
            }
            Kind::Xorriso | Kind::Offset => {
                let sector = debian::package("isolinux")?.join("usr/lib/ISOLINUX/isohdpfx.bin");
                let sector = sector.to_string_lossy().into_owned();
                let mut more = vec!["-isohybrid-mbr", &sector];
                if kind == Kind::Offset {
                    more.extend(["-partition_offset", "16"]);
                }
                self.isolinux(kind, &path, directory, &more)?;
            }
            Kind::Rescue => {
                let rescue = debian::package("grub-rescue-pc")?;
                let tree = self.grub_tree(kind, directory)?;
                run(command("xorriso")
                    .arg("-indev")
                    .arg(rescue.join("usr/lib/grub-rescue/grub-rescue-cdrom.iso"))
                    .arg("-outdev")
                    .arg(&path)
                    .args(["-boot_image", "any", "replay", "-map"])
                    .arg(&tree)
                    .arg("/"))?;
            }
            Kind::Grub => {
                let modules = debian::package("grub-pc-bin")?.join("usr/lib/grub/i386-pc");
                let tree = self.grub_tree(kind, directory)?;
                run(command("grub-mkrescue")
                    .arg("-d")
                    .arg(modules)
                    .arg("-o")
                    .args([&path, &tree]))?;
            }
            Kind::Mbr => {
                let fat = Partition::esp(Fat::new(32).cluster(512)).kind("c");
                Disk::mbr(80 * MIB)
                    .partition(self.files(fat))
                    .build(&path)?;
                syslinux::install_mbr(&path, &isolinux_cfg(kind))?;
            }
            Kind::Gpt => {
                let fat = Partition::esp(Fat::new(32).cluster(512)).kind(BASIC_DATA);
                let fat = self.files(fat).file("boot/grub/grub.cfg", grub_cfg(kind));
                Disk::new(80 * MIB).partition(fat).build(&path)?;
                grub::install(&path, &format!("{}boot\n", grub_commands(kind)))?;
            }
        }
        Ok(path)
    }

    fn files(&self, partition: Partition) -> Partition {
        partition
            .file("boot/vmlinuz", self.kernel.clone())
            .file("boot/initrd", self.initrd.clone())
    }

    /// A directory with kernel and initrd.
    fn tree(&self, directory: &Path) -> Result<PathBuf> {
        let tree = directory.join("tree");
        fs::create_dir_all(tree.join("boot/grub"))?;
        fs::create_dir_all(tree.join("isolinux"))?;
        fs::copy(&self.kernel, tree.join("boot/vmlinuz"))?;
        fs::write(tree.join("boot/initrd"), &self.initrd)?;
        Ok(tree)
    }

    fn grub_tree(&self, kind: Kind, directory: &Path) -> Result<PathBuf> {
        let tree = self.tree(directory)?;
        fs::write(tree.join("boot/grub/grub.cfg"), grub_cfg(kind))?;
        Ok(tree)
    }

    fn isolinux(&self, kind: Kind, path: &Path, directory: &Path, more: &[&str]) -> Result<()> {
        let tree = self.tree(directory)?;
        let program = debian::package("isolinux")?.join("usr/lib/ISOLINUX/isolinux.bin");
        let library = debian::package("syslinux-common")?;
        let library = library.join("usr/lib/syslinux/modules/bios/ldlinux.c32");
        fs::copy(program, tree.join("isolinux/isolinux.bin"))?;
        fs::copy(library, tree.join("isolinux/ldlinux.c32"))?;
        fs::write(tree.join("isolinux/isolinux.cfg"), isolinux_cfg(kind))?;
        run(command("xorriso")
            .args(["-as", "mkisofs", "-R", "-V", "LIVE"])
            .args(["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat"])
            .args(["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"])
            .args(more)
            .arg("-o")
            .args([path, &tree]))?;
        Ok(())
    }
}

/// `PartitionTypeGUID` of a partition with data.
const BASIC_DATA: &str = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";

fn isolinux_cfg(kind: Kind) -> String {
    format!(
        "SERIAL 0\nDEFAULT live\nLABEL live\n LINUX /boot/vmlinuz\n INITRD /boot/initrd\n \
         APPEND {OPTIONS} from={kind:?}\n"
    )
}

/// What GRUB does: of its core image, or of an entry.
fn grub_commands(kind: Kind) -> String {
    format!("linux /boot/vmlinuz {OPTIONS} from={kind:?}\ninitrd /boot/initrd\n")
}

fn grub_cfg(kind: Kind) -> String {
    format!(
        "set timeout=0\nmenuentry Live {{\n{}}}\n",
        grub_commands(kind)
    )
}
