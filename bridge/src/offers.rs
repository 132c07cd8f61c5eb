//! What the disks offer to boot, as whoever reads the disks gives it: [`Offers`].

use std::path::PathBuf;

use kexec::Payload;
use menus::menu::{Boots, Loader};
use menus::storage::{Device, Location, Storage};

/// A disk that Linux sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Linux's name for it, as `sda`.
    pub name: String,
    /// Its node.
    pub node: PathBuf,
}

/// A file system that is not read without mounting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The number of the disk.
    pub disk: usize,
    /// The number of the partition, or 0 for the whole disk.
    pub partition: u32,
    /// What it is called, as `sda1`.
    pub device: String,
    /// GRUB's name for the file system, as `ext2` or `xfs`; nothing for LUKS and others
    /// that Linux does not mount.
    pub file_system: Option<String>,
    /// Why it is not read, as a clause after its name.
    pub reason: String,
}

/// The menu of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// The number of the disk.
    pub disk: usize,
    /// Whose menu it is, and where, for a person.
    pub heading: String,
    /// In the order of the menu.
    pub entries: Vec<Entry>,
    /// What starts when nobody chooses: its place in the list.
    pub default: Option<usize>,
    /// What a person should know of it: sentences.
    pub notes: Vec<String>,
}

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id, as `gapboot list` shows it.
    pub id: String,
    /// The text in the menu.
    pub title: String,
    /// Its file's name counts attempts.
    pub is_counted: bool,
    /// The command line, or why there is nothing to start: a sentence.
    pub cmdline: Cmdline,
    /// All about it: names of at most 13 characters, and values.
    pub details: Vec<(String, String)>,
}

/// A command line, or the reason why there is nothing to start, as a sentence.
pub type Cmdline = Result<String, String>;

/// The disks, and what they offer to boot.
pub trait Offers {
    /// Opens these disks, in place of those that were open, and says what cannot be read
    /// without mounting it.
    fn open(&mut self, disks: &[Disk]) -> Vec<Unread>;

    /// A file system of an open disk is mounted here.
    ///
    /// # Errors
    /// The directory cannot be read: a sentence.
    fn mounted(&mut self, unread: &Unread, at: PathBuf) -> Result<(), String>;

    /// Reads the menus of the open disks. `numbers` are those that the BIOS gave to some
    /// disks, and the disks.
    fn menus(&mut self, numbers: &[(u32, usize)]) -> Vec<Menu>;

    /// Reads a configuration that lies in no usual place.
    ///
    /// # Errors
    /// It has no entries: a sentence.
    fn configuration(&mut self, loader: Loader, at: &Location) -> Result<Menu, String>;

    /// All devices and their files, those of the first disk first.
    fn storage(&self) -> &dyn Storage;

    /// What a device is called, as `sda1`.
    fn called(&self, device: Device) -> String;

    /// What kexec starts of an entry of a menu, by their numbers. A command line that is
    /// given replaces the entry's.
    ///
    /// # Errors
    /// It starts no kernel, or a file cannot be read: a sentence.
    fn payload(&self, menu: usize, entry: usize, cmdline: Option<&str>) -> Result<Payload, String>;

    /// Counts the attempt to start an entry of a menu in the name of its file, which may be
    /// written to now. Gives what the system is to be told of it, the data of a node; nothing
    /// if the entry has no counter.
    ///
    /// # Errors
    /// It is not counted: a sentence. The entry may be started all the same.
    fn count(&mut self, menu: usize, entry: usize) -> Result<Option<Vec<u8>>, String>;

    /// What kexec starts of files of [`Offers::storage`].
    ///
    /// # Errors
    /// As for [`Offers::payload`].
    fn kernel(&self, title: &str, boots: &Boots) -> Result<Payload, String>;

    /// The `PARTUUID` of the partition from which the loader started this system, if it
    /// said so.
    fn medium(&self) -> Option<String>;
}
