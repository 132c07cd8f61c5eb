//! What the bridge knows of the disks, and what it does with them.

use std::fs;
use std::path::{Path, PathBuf};

use kexec::Payload;
use menus::menu::Loader;
use menus::storage::{Device, Failure, Location};

use crate::console::Screen;
use crate::devices::disks;
use crate::menu::{Item, Starts, Wish, default, list};
use crate::offers::{Disk, Menu, Offers, Unread};
use crate::options::{ON_MEDIUM, Options, Texts};
use crate::places::Places;
use crate::process::{self, Mounted};

/// Where file systems are mounted.
const MOUNTS: &str = "/run/gapboot";
/// Those that are mounted because they are not read otherwise, by GRUB's names.
const MOUNTED: [&str; 4] = ["ext2", "xfs", "btrfs", "f2fs"];
/// What is said of counted entries where the next system is not told of its counter.
const NEVER_GOOD: &str = "Attempts are counted, but no system can be marked good: this Linux permits \
                          kexec_file_load only. Set `save off`, or use a kernel with kexec_load.";
/// Bytes of the largest configuration.
const MOST: usize = 64 << 10;

/// The disks, and what they offer.
pub struct Session<'o> {
    /// Who reads them.
    pub offers: &'o mut dyn Offers,
    /// The options that count.
    pub options: Options,
    /// The disks, in their order.
    pub disks: Vec<Disk>,
    /// Their menus.
    pub menus: Vec<Menu>,
    /// What is mounted.
    pub mounted: Vec<Mounted>,
    /// What a person should know: sentences.
    pub messages: Vec<String>,
    /// A file has another name than when the disks were looked at.
    pub is_stale: bool,
    cmdline: String,
    built_in: String,
}

impl<'o> Session<'o> {
    /// Nothing was looked at yet.
    pub fn new(offers: &'o mut dyn Offers, cmdline: String, built_in: String) -> Self {
        let texts = Texts {
            built_in: &built_in,
            medium: None,
            cmdline: &cmdline,
        };
        Self {
            offers,
            options: Options::of(&texts),
            disks: Vec::new(),
            menus: Vec::new(),
            mounted: Vec::new(),
            messages: Vec::new(),
            is_stale: false,
            cmdline,
            built_in,
        }
    }

    /// Whether the devices that were asked for are there; nothing if none was. Looks at the
    /// disks if there are others than before.
    pub fn is_there(&mut self, root: &Path) -> Option<bool> {
        let medium = self.medium();
        let wanted: Vec<String> = self
            .options
            .device
            .clone()
            .into_iter()
            .chain(medium)
            .collect();
        if wanted.is_empty() {
            return None;
        }
        let disks = disks::disks(root);
        if disks != self.disks {
            self.offers.open(&disks);
            self.disks = disks;
        }
        let places = Places(&*self.offers);
        Some(wanted.iter().all(|name| places.device(name).is_ok()))
    }

    /// The device that the bridge came from, as far as that is known.
    fn medium(&self) -> Option<String> {
        let named = self.options.medium.clone();
        named.or_else(|| self.offers.medium().map(|uuid| format!("PARTUUID={uuid}")))
    }

    /// Looks at all disks: opens or mounts them, and reads their menus.
    pub fn look(&mut self, root: &Path, screen: &mut Screen) {
        self.close();
        screen.devices().looked();
        self.disks = disks::disks(root);
        for disk in &self.disks {
            process::protect(&disk.node, true);
        }
        let unread = self.offers.open(&self.disks);
        self.messages.clear();
        for unread in unread {
            if let Err(problem) = self.mount(&unread, screen) {
                self.messages.push(problem);
            }
        }
        self.read_options();
        if let Some(device) = &self.options.device
            && let Err(problem) = Places(&*self.offers).device(device)
        {
            self.messages
                .push(format!("Nothing starts by itself: {problem}."));
        }
        self.menus = self.offers.menus(&self.numbers());
        self.read_configurations();
        self.is_stale = false;
        if self.options.save && self.has_counters() && !kexec::takes_segments() {
            self.messages.push(NEVER_GOOD.to_owned());
        }
        let notes = self.menus.iter().flat_map(|menu| {
            let disk = self.disks.get(menu.disk).map_or("", |disk| &disk.name);
            menu.notes.iter().map(move |note| format!("{disk}: {note}"))
        });
        self.messages.extend(notes);
    }

    /// The numbers that GRUB had for disks, and the disks.
    fn numbers(&self) -> Vec<(u32, usize)> {
        let places = Places(&*self.offers);
        let numbers = self.options.grub_maps.iter();
        let numbers = numbers.filter_map(|(number, device)| {
            let device = places.device(device).ok()?;
            Some((*number, self.disk_of(device)?))
        });
        numbers.collect()
    }

    fn has_counters(&self) -> bool {
        let mut entries = self.menus.iter().flat_map(|menu| &menu.entries);
        entries.any(|entry| entry.is_counted)
    }

    /// Mounts a file system that is not read otherwise.
    fn mount(&mut self, unread: &Unread, screen: &mut Screen) -> Result<(), String> {
        let kind = unread.file_system.as_deref();
        let Some(kind) = kind.filter(|kind| MOUNTED.contains(kind)) else {
            return Err(format!("{} {}", unread.device, unread.reason));
        };
        let at = self.mount_at(&unread.device, kind, screen)?;
        self.offers.mounted(unread, at)
    }

    /// Mounts a device for reading only, and says where.
    ///
    /// # Errors
    /// Linux does not mount it: a sentence.
    pub fn mount_at(
        &mut self,
        device: &str,
        kind: &str,
        screen: &mut Screen,
    ) -> Result<PathBuf, String> {
        screen.devices().load(&process::module(kind), "");
        let at = Path::new(MOUNTS).join(device.replace('/', "!"));
        let node = Path::new("/dev").join(device);
        process::mount_read_only(&node, kind, &at)
            .map_err(|problem| format!("{device}: {problem}"))?;
        self.mounted.push(Mounted {
            device: device.to_owned(),
            at: at.clone(),
        });
        Ok(at)
    }

    /// Closes and unmounts everything.
    pub fn close(&mut self) {
        self.offers.open(&[]);
        self.menus.clear();
        self.disks.clear();
        self.mounted = process::unmount_all(std::mem::take(&mut self.mounted));
    }

    /// Takes in the file on the medium.
    fn read_options(&mut self) {
        let text = self.on_medium();
        let medium = text
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        self.options = Options::of(&Texts {
            built_in: &self.built_in,
            medium,
            cmdline: &self.cmdline,
        });
        self.messages
            .splice(0..0, self.options.errors.iter().cloned());
    }

    /// The file on the medium, with its name.
    fn on_medium(&mut self) -> Option<(String, String)> {
        let medium = self.medium()?;
        let places = Places(&*self.offers);
        let device = match places.device(&medium) {
            Ok(device) => device,
            Err(problem) => {
                self.messages
                    .push(format!("{ON_MEDIUM} was not read: {problem}"));
                return None;
            }
        };
        let at = Location::new(device, ON_MEDIUM)?;
        let name = places.name(&at);
        match self.offers.storage().read(&at, MOST) {
            Ok(bytes) => Some((name, String::from_utf8_lossy(&bytes).into_owned())),
            Err(Failure::Missing) => None,
            Err(failure) => {
                self.messages.push(format!("{name} {}", failure));
                None
            }
        }
    }

    /// Reads the configurations of other loaders that the options name.
    fn read_configurations(&mut self) {
        for config in self.options.configs.clone() {
            let at = Places(&*self.offers).file(&config, None);
            let read = at.and_then(|at| {
                let mut menu = self.offers.configuration(loader(&at.path), &at)?;
                menu.disk = self.disk_of(at.device).unwrap_or(menu.disk);
                Ok(menu)
            });
            match read {
                Ok(menu) => self.menus.push(menu),
                Err(problem) => self.messages.push(problem),
            }
        }
    }

    /// The number of the disk of a device.
    fn disk_of(&self, device: Device) -> Option<usize> {
        let disk = self.offers.storage().properties(device).disk?;
        usize::try_from(disk).ok()
    }

    /// All entries, and the one that starts when nobody chooses.
    #[must_use]
    pub fn items(&self) -> (Vec<Item>, Option<usize>) {
        let blocks = &self.options.entries;
        let items = list(blocks, &self.menus, &self.disks, &self.messages);
        let places = Places(&*self.offers);
        let disk = |name: &str| self.disk_of(places.device(name).ok()?);
        let wish = Wish {
            id: self.options.default.as_deref(),
            disk: self.options.device.as_deref().and_then(disk),
            medium: self.medium().as_deref().and_then(disk),
        };
        // A disk that is not there has no default, and no other disk stands in for it.
        let is_missing = self.options.device.is_some() && wish.disk.is_none();
        let default = match is_missing {
            true => None,
            false => default(&items, blocks, &self.menus, &wish),
        };
        (items, default)
    }

    /// What an entry starts.
    ///
    /// # Errors
    /// Nothing, or its files cannot be read: a sentence.
    pub fn payload(&self, item: &Item, cmdline: Option<&str>) -> Result<Payload, String> {
        match item.starts {
            Starts::Entry { menu, entry } => self.offers.payload(menu, entry, cmdline),
            Starts::Block(number) => {
                let block = self.options.entries.get(number);
                let mut block = block.cloned().ok_or("The entry is gone.")?;
                if let Some(line) = cmdline {
                    line.clone_into(&mut block.cmdline);
                }
                let boots = block.boots(&Places(&*self.offers))?;
                self.offers.kernel(&block.title, &boots)
            }
            Starts::Messages => Err("There is nothing to start.".to_owned()),
        }
    }

    /// What an entry starts. The attempt is counted, if that is wanted.
    ///
    /// # Errors
    /// As for [`Session::payload`].
    pub fn prepared(
        &mut self,
        item: &Item,
        cmdline: Option<&str>,
        screen: &mut Screen,
    ) -> Result<Payload, String> {
        let payload = self.payload(item, cmdline);
        // An entry that cannot be started has used an attempt too, as with the loader.
        let node = self.count(item).unwrap_or_else(|problem| {
            screen.line(&problem);
            None
        });
        Ok(Payload {
            node: node.filter(|_| kexec::takes_segments()),
            ..payload?
        })
    }

    /// Counts the attempt to start an entry. Nothing else writes to a disk.
    fn count(&mut self, item: &Item) -> Result<Option<Vec<u8>>, String> {
        let Starts::Entry { menu, entry } = item.starts else {
            return Ok(None);
        };
        let listed = self.menus.get(menu);
        let is_counted = listed
            .and_then(|menu| menu.entries.get(entry))
            .is_some_and(|entry| entry.is_counted);
        let disk = listed.and_then(|menu| self.disks.get(menu.disk));
        let Some(disk) = disk.filter(|_| is_counted && self.options.save) else {
            return Ok(None);
        };
        self.is_stale = true;
        process::protect(&disk.node, false);
        let counted = self.offers.count(menu, entry);
        process::protect(&disk.node, true);
        counted
    }

    /// Starts a kernel. Comes back only if that fails.
    ///
    /// # Errors
    /// Linux does not load or start it: a sentence.
    pub fn start(&mut self, payload: &Payload, root: &Path) -> Result<(), String> {
        kexec::load(payload, false).map_err(|error| error.to_string())?;
        self.close();
        if self.options.unbind_xhci {
            process::unbind_xhci(root);
        }
        kexec::start_at_once().map_err(|error| error.to_string())
    }
}

/// Whose configuration a file is, by its name.
fn loader(path: &str) -> Loader {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    match name.as_str() {
        "menu.lst" | "grub.conf" => Loader::GrubLegacy,
        name if name.contains("linux") => Loader::Syslinux,
        _ => Loader::Grub,
    }
}

/// A file of the system, or nothing.
#[must_use]
pub fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
