//! A disk with a system on it, which reports how it was started.

use crate::MIB;
use crate::data::sha256;
use crate::debian::{self, Flavour};
use crate::gapboot::{built, type1};
use crate::guests::report::{self, Report};
use crate::images::large_sectors::{FileSystem, large_sectors};
use crate::images::{Disk, Fat, Partition};
use crate::loaders::uki;
use crate::machines::qemu::{Guest, Machine};
use crate::tool::run;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whose menu is on the disk, and how the disk is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// An entry of the Boot Loader Specification, on virtio with sectors of 4096 bytes, which
    /// SeaBIOS does not see.
    Bls,
    /// A Unified Kernel Image, on NVMe with sectors of 4096 bytes.
    Uki,
    /// grub-mkconfig's own, on ext4, on NVMe with sectors of 4096 bytes.
    Grub,
    /// EXTLINUX's, on a stick.
    Extlinux,
}

impl Menu {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bls, Self::Uki, Self::Grub, Self::Extlinux];

    fn name(self) -> &'static str {
        match self {
            Self::Bls => "bls",
            Self::Uki => "uki",
            Self::Grub => "grub",
            Self::Extlinux => "extlinux",
        }
    }

    /// What the bridge shows of the entry.
    pub fn title(self) -> &'static str {
        match self {
            Self::Bls => "Debian by BLS",
            Self::Uki => "Debian by UKI",
            Self::Grub => "Debian GNU/Linux",
            Self::Extlinux => "Debian by EXTLINUX",
        }
    }

    /// Linux's name for the disk, where no other one has a system.
    pub fn disk(self) -> &'static str {
        match self {
            Self::Bls => "vda",
            Self::Uki | Self::Grub => "nvme0n1",
            Self::Extlinux => "sda",
        }
    }

    /// The system's own command line.
    fn options(self) -> String {
        let more = match self {
            // grub-mkconfig puts the root device in front.
            Self::Grub => return format!("root=UUID={UUID} ro {OPTIONS} from=grub quiet"),
            more => more.name(),
        };
        format!("{OPTIONS} from={more} quiet")
    }
}

const OPTIONS: &str = "console=ttyS0 panic=-1 no_timer_check";

/// What the file system of the disk with GRUB's menu is called.
pub const LABEL: &str = "TARGET";
const UUID: &str = "cc5b6c9a-d3d9-468b-adfd-7ddfd8b5b1ab";

/// A disk with a system on it: Debian's kernel for clouds.
#[derive(Debug)]
pub struct Target {
    menu: Menu,
    /// What QEMU calls it.
    id: String,
    /// What lies below it, for QEMU.
    driver: String,
    image: PathBuf,
    hash: String,
}

impl Target {
    /// Makes the disk.
    ///
    /// # Errors
    ///
    /// Debian's packages cannot be had, or a tool is missing.
    pub fn new(menu: Menu, directory: &Path) -> Result<Self> {
        let image = directory.join(format!("{}.img", menu.name()));
        let tree = Tree::new(&directory.join(menu.name()))?;
        match menu {
            Menu::Bls => bls(&tree, "debian.conf", &report::initrd(menu.name())?, &image)?,
            Menu::Uki => unified(&tree, &image)?,
            Menu::Grub => grub(&tree, &image)?,
            Menu::Extlinux => extlinux(&tree, &image)?,
        }
        Self::of(menu, image)
    }

    /// A disk that was made elsewhere.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn of(menu: Menu, image: PathBuf) -> Result<Self> {
        let hash = hash(&image)?;
        let id = image.file_stem().unwrap_or_default();
        Ok(Self {
            menu,
            id: id.to_string_lossy().into_owned(),
            driver: format!("file={}", image.display()),
            image,
            hash,
        })
    }

    /// The same disk, of which this part of a file cannot be read.
    ///
    /// # Errors
    ///
    /// The file is not there.
    pub fn with_read_error(mut self, part: &[u8]) -> Result<Self> {
        let bytes = fs::read(&self.image)?;
        let at = find(&bytes, part).context("the file is not on the disk")?;
        let (image, sector) = (self.image.display(), at / 512);
        self.driver = format!(
            "file.driver=blkdebug,file.image.driver=file,file.image.filename={image},\
             file.inject-error.0.event=read_aio,file.inject-error.0.sector={sector}"
        );
        Ok(self)
    }

    /// The image.
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// Attaches the disk, so that it can be written to.
    #[must_use]
    pub fn attach(&self, machine: Machine) -> Machine {
        let name = &self.id;
        let large = "logical_block_size=4096,physical_block_size=4096";
        let device = match self.menu {
            Menu::Bls => format!("virtio-blk-pci,drive={name},{large}"),
            Menu::Uki | Menu::Grub => format!("nvme,serial={name},drive={name},{large}"),
            Menu::Extlinux => format!("usb-storage,drive={name},bus=usb.0"),
        };
        self.attach_later(machine).arguments(&["-device", &device])
    }

    /// A machine to which the disk is not yet attached: [`Target::plug`] does it.
    #[must_use]
    pub fn attach_later(&self, machine: Machine) -> Machine {
        let (name, driver) = (&self.id, &self.driver);
        let drive = format!("if=none,id={name},format=raw,snapshot=off,{driver}");
        let machine = machine.arguments(&["-drive", &drive]);
        match self.menu {
            Menu::Extlinux => machine.arguments(&["-device", "qemu-xhci,id=usb"]),
            _ => machine,
        }
    }

    /// Plugs in the stick.
    ///
    /// # Errors
    ///
    /// QEMU refuses it.
    pub fn plug(&self, guest: &mut Guest) -> Result<()> {
        let name = self.id.as_str();
        guest.plug(&[("driver", "usb-storage"), ("drive", name), ("bus", "usb.0")])
    }

    /// Fails unless the system's own kernel, initrd and command line run, as the serial
    /// line says, and the disk is as it was made.
    ///
    /// # Errors
    ///
    /// What is not as it should be.
    pub fn check(&self, serial: &str) -> Result<()> {
        let found = Report::parse(serial)?;
        let expected = Report {
            cmdline: self.menu.options(),
            kernel: kernel_version()?,
            initrd: report::of_initrd(self.menu.name()),
        };
        ensure!(found == expected, "{found:?}\nis not\n{expected:?}");
        self.check_unchanged()
    }

    /// Fails unless the disk is as it was made.
    ///
    /// # Errors
    ///
    /// It is not, or cannot be read.
    pub fn check_unchanged(&self) -> Result<()> {
        ensure!(
            hash(&self.image)? == self.hash,
            "the disk {} has changed",
            self.id
        );
        Ok(())
    }
}

/// Where bytes begin in others, if they are there.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Makes a disk with an entry of the Boot Loader Specification that counts its attempts, of
/// a system with this initrd.
///
/// # Errors
///
/// As [`Target::new`].
pub fn counted(initrd: &[u8], directory: &Path) -> Result<Target> {
    let image = directory.join("counted.img");
    let tree = Tree::new(&directory.join("counted"))?;
    bls(&tree, "debian+3.conf", initrd, &image)?;
    Target::of(Menu::Bls, image)
}

fn bls(tree: &Tree, name: &str, initrd: &[u8], image: &Path) -> Result<()> {
    let menu = Menu::Bls;
    let entry = type1(menu.title(), "/vmlinuz", &["/initrd"], &menu.options());
    tree.file(&format!("loader/entries/{name}"), entry.as_bytes())?;
    tree.file("vmlinuz", &fs::read(kernel()?)?)?;
    tree.file("initrd", initrd)?;
    large_sectors(image, 512 * MIB, FileSystem::Fat(&tree.0))
}

fn unified(tree: &Tree, image: &Path) -> Result<()> {
    let menu = Menu::Uki;
    let initrd = image.with_extension("initrd");
    fs::write(&initrd, report::initrd(menu.name())?)?;
    let title = format!("--os-release=ID=test\nPRETTY_NAME=\"{}\"\n", menu.title());
    tree.file("EFI/Linux/debian.efi", b"")?;
    run(Command::new(built("gapboot")?)
        .args(["uki", "build", &title, "--cmdline", &menu.options()])
        .arg("--linux")
        .arg(kernel()?)
        .arg("--initrd")
        .arg(&initrd)
        .arg("--stub")
        .arg(uki::stub()?)
        .arg("--output")
        .arg(tree.0.join("EFI/Linux/debian.efi")))?;
    large_sectors(image, 512 * MIB, FileSystem::Fat(&tree.0))
}

/// The disk of grub-mkconfig's own menu: `grub.cfg` is what it made on ext4 with this
/// kernel alone, as `tests/src/others/system.sh` runs it, with the version left open.
fn grub(tree: &Tree, image: &Path) -> Result<()> {
    let kernel = kernel()?;
    let name = file_name(&kernel);
    let version = name.trim_start_matches("vmlinuz-");
    let menu = include_str!("grub.cfg")
        .replace("VERSION", version)
        .replace("UUID-OF-THE-DISK", UUID);
    tree.file("boot/grub/grub.cfg", menu.as_bytes())?;
    tree.file(&format!("boot/{name}"), &fs::read(&kernel)?)?;
    let initrd = report::initrd(Menu::Grub.name())?;
    tree.file(&format!("boot/initrd.img-{version}"), &initrd)?;
    let ext4 = FileSystem::Ext4 {
        tree: &tree.0,
        label: LABEL,
        uuid: UUID,
    };
    large_sectors(image, 256 * MIB, ext4)
}

fn extlinux(tree: &Tree, image: &Path) -> Result<()> {
    let menu = Menu::Extlinux;
    let configuration = format!(
        "DEFAULT debian\nTIMEOUT 30\nLABEL debian\n  MENU LABEL {}\n  \
         LINUX ../vmlinuz\n  INITRD ../initrd\n  APPEND {}\n",
        menu.title(),
        menu.options()
    );
    tree.file("initrd", &report::initrd(menu.name())?)?;
    let partition = Partition::esp(Fat::new(16))
        .file("vmlinuz", kernel()?)
        .file("initrd", tree.0.join("initrd"))
        .file("extlinux/extlinux.conf", configuration);
    Disk::mbr(128 * MIB)
        .partition(partition.kind("c"))
        .build(image)
}

fn kernel() -> Result<PathBuf> {
    debian::kernel(Flavour::Cloud)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What `uname -rv` says where the kernel runs: in its file, the builder stands between.
fn kernel_version() -> Result<String> {
    const POINTER: usize = 0x20e;
    let bytes = fs::read(kernel()?)?;
    let pointer = bytes.get(POINTER..POINTER + 2).context("a short kernel")?;
    let start = usize::from(u16::from_le_bytes([pointer[0], pointer[1]])) + 0x200;
    let text = bytes.get(start..).unwrap_or_default();
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let (release, _) = text.split_once(' ').context("a kernel without version")?;
    let build = text.find('#').context("a kernel without build")?;
    Ok(format!("{release} {}", text[build..].trim_end()))
}

fn hash(image: &Path) -> Result<String> {
    Ok(sha256(&fs::read(image)?))
}

/// A directory of files for a disk.
struct Tree(PathBuf);

impl Tree {
    fn new(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self(directory.to_owned()))
    }

    fn file(&self, path: &str, content: &[u8]) -> Result<()> {
        let path = self.0.join(path);
        let directory = path.parent().context("a file in a directory")?;
        fs::create_dir_all(directory)?;
        Ok(fs::write(path, content)?)
    }
}
