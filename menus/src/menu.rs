//! A menu of any loader as a value.

use alloc::string::String;
use alloc::vec::Vec;

use crate::storage::{Device, Location};

/// The menu that one configuration gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    /// Whose configuration it is.
    pub loader: Loader,
    /// The configuration file that the loader reads first.
    pub config: Location,
    /// In the order of the menu. The entries of a submenu stand in the place of the
    /// submenu.
    pub entries: Vec<Entry>,
    /// What starts when nobody touches a key.
    pub default: Option<Default>,
    /// How long the menu waits.
    pub timeout: Timeout,
    /// What was not understood outside of the entries, or what a person should know of
    /// the whole menu: sentences without a full stop.
    pub notes: Vec<String>,
    /// What the loader itself would write before it shows the menu. Nothing here
    /// writes it.
    pub writes: Vec<EnvironmentBlock>,
}

/// A boot loader whose menus can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loader {
    /// GRUB 2: `grub.cfg`.
    Grub,
    /// SYSLINUX, ISOLINUX, EXTLINUX and PXELINUX.
    Syslinux,
    /// GRUB 0.97: `menu.lst`.
    GrubLegacy,
}

/// One entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The way to it through the menu, which is unique in the menu: titles (GRUB) or
    /// labels (SYSLINUX), joined by `>`.
    pub id: String,
    /// Other names by which the loader's own settings may call it, as GRUB's `--id` and
    /// numbers, each of them a whole way through the menu.
    pub aliases: Vec<String>,
    /// As the loader shows it, without the titles of the submenus around it.
    pub title: String,
    /// The file in which it stands.
    pub config: Location,
    /// The line of that file on which it begins, counted from 1.
    pub line: u32,
    /// What it boots.
    pub boots: Boots,
    /// What was not understood or does not apply here, in sentences without a full stop.
    pub notes: Vec<String>,
    /// What the loader itself would write when the entry is started.
    pub writes: Vec<EnvironmentBlock>,
}

/// What an entry boots. A command line is text without a newline or a NUL. What cannot
/// be known exactly is [`Boots::Nothing`], never a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boots {
    /// Linux by its boot protocol. Initrds are loaded one after another.
    Linux {
        /// A bzImage, or a unified kernel image.
        kernel: Location,
        /// In their order, and maybe none.
        initrds: Vec<Location>,
        /// What the kernel gets, without the loader's own words (`BOOT_IMAGE=`,
        /// `initrd=`).
        cmdline: String,
    },
    /// A kernel with a Multiboot header.
    Multiboot {
        /// 1 or 2.
        version: u8,
        /// An ELF file or one with addresses in its header.
        kernel: Location,
        /// Without the kernel's name in front.
        cmdline: String,
        /// In their order.
        modules: Vec<Module>,
    },
    /// The code in a device's first sector, or in a file: another boot loader.
    Chain(Chain),
    /// The setup of the firmware.
    Firmware,
    /// Turns the machine off.
    PowerOff,
    /// Restarts the machine, or leaves the boot to the firmware.
    Restart,
    /// It starts nothing, or nothing that can be known: a reason, as a sentence without
    /// a full stop.
    Nothing(String),
}

/// Where another loader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// In the first sector of a disk or partition.
    Sector(Device),
    /// In a file.
    File(Location),
}

/// A file that a Multiboot kernel gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The file.
    pub file: Location,
    /// Its string, without the file's name in front.
    pub cmdline: String,
}

/// What starts when nobody touches a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Default {
    /// The place of the entry in [`Menu::entries`].
    pub entry: usize,
    /// It starts this once (GRUB's `next_entry`): [`Menu::writes`] clears the wish. Who
    /// starts the entry without that must say that it will come again.
    pub once: bool,
}

/// How long a menu waits for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// For ever.
    Never,
    /// Tenths of a second. 0 is at once, without a menu.
    Tenths(u32),
}

/// GRUB's environment block as it would be after a change: a file of 1,024 bytes that
/// is written in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentBlock {
    /// The file, which exists and has the same size.
    pub file: Location,
    /// All of its new bytes.
    pub content: Vec<u8>,
}
