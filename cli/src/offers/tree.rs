//! The entries of the Boot Loader Specification in a mounted tree, by the code that orders
//! and describes them on a disk: [`boot::entries`].
//!
//! They lie in the tree itself, or where boot partitions are mounted by custom: `/efi`,
//! `/boot/efi` and `/boot`. Files are named from the root of a partition; so they are
//! looked for in the directory that holds `loader/entries`, and, where that is no file
//! system of its own, in the root of the tree too.

use boot::entries::counter::EntryName;
use boot::entries::entry::{Entry, TYPE1, TYPE2, tag};
use boot::entries::list::{CAPACITY, List};
use boot::entries::select::{self, Defaults};
use boot::entries::title;
use boot::entries::type1::{Draft, Main};
use boot::settings::conf::Conf;
use boot::text::Text;
use layout::state::{self, Setting};
use menus::storage::{Device, Failure, Kind, Location, Storage};
use volumes::Volumes;

use super::file::file;
use super::image::Image;
use crate::error::{Error, loader_text};
use crate::menu::{Menu, MenuEntry, Named, SkippedFile, inside};
use crate::state::content::{Content, State};

/// Bytes of an entry's file, and of `loader.conf`: larger ones are skipped.
const MOST_BYTES: usize = 64 << 10;
/// Files in a directory of entries.
const MOST_FILES: usize = 4096;

/// Where boot partitions are mounted by custom, below the root of a tree, and the tree
/// itself. The EFI system partition is the first that is one.
const ESP: [&str; 3] = ["", "efi", "boot/efi"];
const BOOT: &str = "boot";

/// The menu of a mounted tree.
pub struct TreeMenu {
    /// Its entries.
    pub menu: Menu,
    sources: Vec<Source>,
}

/// A directory that is the root of a boot partition, or will be.
struct Source {
    /// `esp` or `xbootldr`.
    name: &'static str,
    folder: Location,
}

/// A file that gives entries.
struct Found {
    entry: Entry,
    listed: MenuEntry,
}

impl Found {
    /// The list has no room for it.
    fn left_out(&self) -> SkippedFile {
        SkippedFile {
            kind: self.listed.kind,
            source: self.listed.source,
            path: self.listed.path.clone(),
            problem: SkippedFile::left_out(),
            should_be_one: true,
        }
    }
}

impl TreeMenu {
    /// Reads the entries of a tree.
    pub fn of(volumes: &Volumes) -> Self {
        Self::from_sources(volumes, sources(volumes))
    }

    /// Reads the entries of a disk whose file systems are read here or mounted. The first two
    /// FAT file systems with entries make one menu, as the EFI system partition and the
    /// extended boot loader partition do; each other file system makes its own.
    pub fn of_disk(volumes: &Volumes) -> Vec<Self> {
        let mut pair = Vec::new();
        let mut menus = Vec::new();
        for device in volumes.with_menus() {
            let is_fat = volumes.properties(device).file_system.as_deref() == Some("fat");
            for folder in ["/", "/boot"]
                .into_iter()
                .filter_map(|path| Location::new(device, path))
            {
                if !has_entries(volumes, &folder) {
                    continue;
                }
                match pair.len() {
                    0 if is_fat => pair.push(Source {
                        name: "esp",
                        folder,
                    }),
                    1 if is_fat => pair.push(Source {
                        name: "xbootldr",
                        folder,
                    }),
                    _ => menus.push(vec![Source {
                        name: "esp",
                        folder,
                    }]),
                }
            }
        }
        let all = [pair].into_iter().chain(menus);
        let all = all.filter(|sources| !sources.is_empty());
        all.map(|sources| Self::from_sources(volumes, sources))
            .collect()
    }

    fn from_sources(volumes: &Volumes, sources: Vec<Source>) -> Self {
        let mut menu = Menu {
            entries: Vec::new(),
            skipped: Vec::new(),
            problems: Vec::new(),
        };
        let mut found = Vec::new();
        for (number, source) in (0..).zip(&sources) {
            source.type2(volumes, number, &mut found, &mut menu);
            source.type1(volumes, number, &mut found, &mut menu);
        }
        let mut room = vec![Entry::EMPTY; CAPACITY];
        let mut list = List::new(&mut room);
        for found in &found {
            list.offer(&found.entry);
        }
        let default = default(volumes, &sources, &mut list, &found);
        title::tell_apart(&mut list);
        for (rank, entry) in (0..list.len()).filter_map(|rank| Some((rank, list.get(rank)?))) {
            let is_this = |found: &Found| {
                let other = &found.entry;
                (other.id(), other.profile, other.tries, other.tag)
                    == (entry.id(), entry.profile, entry.tries, entry.tag)
            };
            let Some(place) = found.iter().position(is_this) else {
                continue;
            };
            let mut listed = found.remove(place).listed;
            let mut title = Vec::new();
            title::write(entry, &mut |piece| title.extend_from_slice(piece));
            listed.show_title = String::from_utf8_lossy(&title).into_owned();
            listed.is_default = default.map(|default| default == rank);
            menu.entries.push(listed);
        }
        menu.skipped.extend(found.iter().map(Found::left_out));
        menu.warn_of_twins();
        Self { menu, sources }
    }

    /// Where an entry's own file lies.
    pub fn place(&self, entry: &MenuEntry) -> Option<Location> {
        let mut sources = self.sources.iter();
        let source = sources.find(|source| source.name == entry.source)?;
        source.folder.join(entry.path.trim_start_matches('/'))
    }

    /// A file that an entry names.
    ///
    /// # Errors
    /// It does not exist, or cannot be read.
    pub fn file(
        &self,
        volumes: &Volumes,
        entry: &MenuEntry,
        path: &str,
    ) -> Result<Location, Failure> {
        let mut sources = self.sources.iter();
        let source = sources.find(|source| source.name == entry.source);
        source.ok_or(Failure::Missing)?.file(volumes, path)
    }
}

/// The directories that may hold entries.
fn sources(volumes: &Volumes) -> Vec<Source> {
    let Some(root) = Location::new(Device(0), "/") else {
        return Vec::new();
    };
    let folder = |below: &str| at(volumes, &root, below);
    let esp = ESP.into_iter().filter_map(folder).find(|folder| {
        let marks = [
            "loader/entries",
            "loader/loader.conf",
            "EFI/Linux",
            "EFI/systemd",
        ];
        let mut marks = marks.iter().filter_map(|mark| folder.join(mark));
        marks.any(|mark| volumes.kind(&mark).is_ok())
    });
    let name = if esp.is_some() { "xbootldr" } else { "esp" };
    let boot = folder(BOOT).map(|folder| Source { name, folder });
    let esp = esp.map(|folder| Source {
        name: "esp",
        folder,
    });
    esp.into_iter().chain(boot).collect()
}

/// Whether a directory may hold entries, or settings of their menu.
fn has_entries(volumes: &Volumes, folder: &Location) -> bool {
    let marks = ["loader/entries", "loader/loader.conf", "EFI/Linux"];
    let mut marks = marks.iter().filter_map(|mark| folder.join(mark));
    marks.any(|mark| volumes.kind(&mark).is_ok())
}

/// A directory of the tree: the file system that is mounted there, or the directory itself.
fn at(volumes: &Volumes, root: &Location, below: &str) -> Option<Location> {
    let tree = volumes.mounted_at(root.device)?;
    let mut devices = volumes.devices().into_iter();
    let path = match below {
        "" => tree,
        below => tree.join(below),
    };
    let mounted = devices.find(|device| volumes.mounted_at(*device).as_ref() == Some(&path));
    let folder = match mounted {
        Some(device) => Location::new(device, "/")?,
        None => root.join(below)?,
    };
    matches!(volumes.kind(&folder), Ok(Kind::Directory)).then_some(folder)
}

impl Source {
    /// A file by its path in the partition.
    fn file(&self, volumes: &Volumes, path: &str) -> Result<Location, Failure> {
        let path = path.replace('\\', "/");
        let path = path.trim_start_matches('/');
        let below = self.folder.join(path).ok_or(Failure::Missing)?;
        let found = match volumes.kind(&below) {
            Err(Failure::Missing) => {
                let root = Location::new(below.device, path).ok_or(Failure::Missing)?;
                volumes.kind(&root).map(|kind| (root, kind))
            }
            kind => kind.map(|kind| (below, kind)),
        };
        match found? {
            (file, Kind::File { .. }) => Ok(file),
            (_, Kind::Directory) => Err(Failure::Missing),
        }
    }

    /// The files in a directory of entries, by their names in capital and small letters.
    fn names(&self, volumes: &Volumes, directory: &[u8], menu: &mut Menu) -> Vec<String> {
        let directory = String::from_utf8_lossy(directory);
        let Some(at) = self.folder.join(directory.trim_start_matches('/')) else {
            return Vec::new();
        };
        match volumes.directory(&at, MOST_FILES) {
            Ok(names) => names,
            Err(Failure::Missing) => Vec::new(),
            Err(failure) => {
                menu.problems.push(format!("{directory} {}", failure));
                Vec::new()
            }
        }
    }

    /// Offers the Type 1 entries.
    fn type1(&self, volumes: &Volumes, number: u8, found: &mut Vec<Found>, menu: &mut Menu) {
        for name in self.names(volumes, TYPE1, menu) {
            let path = format!("{}/{name}", String::from_utf8_lossy(TYPE1));
            let parsed = EntryName::parse(name.as_bytes(), b".conf");
            let read = match &parsed {
                None => Err("its name is not that of an entry: it must end in .conf.".to_owned()),
                Some(parsed) => self.read_type1(volumes, parsed, &path),
            };
            match read {
                Ok(mut read) => {
                    read.entry.tag |= number;
                    found.push(read);
                }
                Err(problem) => menu.skipped.push(SkippedFile {
                    kind: "type1",
                    source: self.name,
                    path,
                    problem,
                    should_be_one: parsed.is_some(),
                }),
            }
        }
    }

    fn read_type1(&self, volumes: &Volumes, name: &EntryName, path: &str) -> Result<Found, String> {
        let about = |path: &str, failure: &Failure| format!("{path} {}.", failure);
        let file = self
            .file(volumes, path)
            .map_err(|failure| about(path, &failure))?;
        let text = volumes.read(&file, MOST_BYTES);
        let text = text.map_err(|failure| about(path, &failure))?;
        let mut entry = Entry::EMPTY;
        let mut main = Text::UNSET;
        let mut draft = Draft::new(name, &mut entry, &mut main);
        for line in lines(&text) {
            draft.line(line, true);
        }
        let (kind, kernel) = draft.main().map_err(loader_text)?;
        let kernel = String::from_utf8_lossy(kernel).into_owned();
        let main = self
            .file(volumes, &kernel)
            .map_err(|failure| about(&kernel, &failure))?;
        if kind != Main::Linux {
            entry.tag |= tag::UKI;
        }
        let mut listed = MenuEntry::new(&entry, "type1", self.name, path.to_owned());
        let mut options = Vec::new();
        let mut initrds = Vec::new();
        for line in lines(&text) {
            if let Some(Named::Initrd(initrd)) = listed.take(line, &mut options) {
                let initrd = String::from_utf8_lossy(&initrd).into_owned();
                match self.file(volumes, &initrd) {
                    Ok(file) => initrds.push(file),
                    Err(failure) => listed.warnings.push(about(&initrd, &failure)),
                }
            }
        }
        let options = options.join(&b' ');
        let text = String::from_utf8_lossy(&options).into_owned();
        listed.options = (!text.is_empty()).then_some(text);
        match kind {
            Main::Linux => listed.warn_of_options(&options, needs_root(volumes, &main, &initrds)),
            _ => of_image(&mut listed, volumes, &main),
        }
        Ok(Found { entry, listed })
    }

    /// Offers the profiles of unified kernel images.
    fn type2(&self, volumes: &Volumes, number: u8, found: &mut Vec<Found>, menu: &mut Menu) {
        for name in self.names(volumes, TYPE2, menu) {
            let path = format!("{}/{name}", String::from_utf8_lossy(TYPE2));
            let parsed = EntryName::parse(name.as_bytes(), b".efi");
            let read = match &parsed {
                None => Err(Error::failed(
                    "its name is not that of an entry: it must end in .efi.",
                )),
                Some(parsed) => self
                    .file(volumes, &path)
                    .map_err(Error::failed)
                    .and_then(|file| Image::open(volumes, &file))
                    .and_then(|image| Ok((image.entries(parsed)?, image))),
            };
            match read {
                Ok((entries, image)) => found.extend(entries.into_iter().map(|mut entry| {
                    entry.tag |= tag::TYPE2 | tag::UKI | number;
                    let mut listed = MenuEntry::new(&entry, "type2", self.name, path.clone());
                    listed.linux = Some(path.clone());
                    match image.options(entry.profile) {
                        Ok(options) => {
                            let needs_root = image.needs_root(entry.profile);
                            listed.warn_of_options(options.as_bytes(), needs_root);
                            listed.options = Some(options).filter(|text| !text.is_empty());
                        }
                        Err(error) => listed.warnings.push(error.to_string()),
                    }
                    Found { entry, listed }
                })),
                Err(problem) => menu.skipped.push(SkippedFile {
                    kind: "type2",
                    source: self.name,
                    path,
                    problem: problem.to_string(),
                    should_be_one: parsed.is_some(),
                }),
            }
        }
    }

    /// A small file, if it is there.
    fn small(&self, volumes: &Volumes, path: &str) -> Option<Vec<u8>> {
        let file = self.folder.join(path.trim_start_matches('/'))?;
        volumes.read(&file, MOST_BYTES).ok()
    }
}

/// Whether a kernel with these initrds needs an option that names the root file system,
/// as far as that can be seen.
fn needs_root(volumes: &Volumes, kernel: &Location, initrds: &[Location]) -> Option<bool> {
    let content = |at: &Location| Some(file(volumes, at).ok()?.all());
    if inside::is_other_program(&mut content(kernel)?)? {
        return Some(false);
    }
    for initrd in initrds {
        if inside::finds_root(&mut content(initrd)?)? {
            return Some(false);
        }
    }
    Some(true)
}

/// Adds what an image and its options need, to an entry of Type 1 that starts it. Without
/// options of its own the entry has those of the image.
fn of_image(listed: &mut MenuEntry, volumes: &Volumes, at: &Location) {
    listed.warn_of_initrds();
    let profile = listed.profile.unwrap_or(0);
    let read = Image::open(volumes, at).and_then(|image| Ok((image.options(profile)?, image)));
    match read {
        Ok((built_in, image)) => {
            let options = listed.options.clone().unwrap_or(built_in);
            listed.warn_of_options(options.as_bytes(), image.needs_root(profile));
        }
        Err(error) => listed.warnings.push(format!("{}: {error}", at.path)),
    }
}

/// The rank of the entry that boots when nobody chooses one, by `loader.conf` and the
/// state file of the EFI system partition. If it is one of `all` that the list had no room
/// for, it takes the place of the last one.
fn default(volumes: &Volumes, sources: &[Source], list: &mut List, all: &[Found]) -> Option<usize> {
    let esp = sources.iter().find(|source| source.name == "esp");
    let mut conf = Conf::without_file();
    let text = esp.and_then(|esp| esp.small(volumes, "/loader/loader.conf"));
    for line in lines(&text.unwrap_or_default()) {
        conf.line(line);
    }
    let state = esp.and_then(|esp| esp.small(volumes, state::PATH));
    let state = match state.map(|bytes| State::parse(&bytes)) {
        Some(Content::State(state)) => state,
        _ => State::default(),
    };
    let set = |setting| Some(state.text(setting)).filter(|text| !text.is_empty());
    let defaults = Defaults {
        one_shot: set(Setting::OneShot),
        preferred: [set(Setting::Preferred), conf.preferred()],
        default: [set(Setting::Default), conf.default()],
        last_booted: set(Setting::LastBooted),
    };
    select::default(list, &defaults, &mut |list, step| {
        let mut room = [Entry::EMPTY];
        let mut first = List::new(&mut room);
        for found in all.iter().filter(|found| step.selects(&found.entry)) {
            first.offer(&found.entry);
        }
        list.replace_last(first.get(0)?)
    })
}

/// The lines of a text file, as the loader takes them: a NUL ends the file.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    text.split(|byte| b"\n\r".contains(byte))
}
