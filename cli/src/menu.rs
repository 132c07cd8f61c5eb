//! The menu that a disk gives, found by the code that boots it.
//!
//! The loader keeps of an entry what orders and shows it. The rest is read here
//! a second time, line by line with the loader's own functions, as the loader
//! does it for the entry that it boots.

use boot::disk::storage::Storage;
use boot::entries::counter::Name;
use boot::entries::entry::{self, Field, tag};
use boot::entries::entry::{TYPE1, TYPE2};
use boot::entries::title;
use boot::entries::type1::{self, Key, Main};
use boot::fat::{self, File, Node, Volume};
use boot::find::inventory::{self, Inventory};
use boot::load::cmdline::{self, CommandLine};
use boot::machine;
use boot::uki::{self, Image};
use boot::{Kind, Workspace, report};
use serde::Serialize;

use crate::disk::Sectors;
use crate::error::Error;
use crate::reader::Reader;

/// Bytes for a line: more than the largest entry file has.
const LINE: usize = 64 << 10;

/// What a disk offers to boot.
pub struct Menu {
    /// The entries, in their order.
    pub entries: Vec<Entry>,
    /// What else lies in the directories of entries.
    pub others: Vec<Other>,
    /// What is wrong with the disk at large.
    pub problems: Vec<String>,
}

/// An entry, with the keys of `bootctl list --json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// `type1` or `type2`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The partition: `esp` or `xbootldr`.
    pub source: &'static str,
    /// The file's name without its counter, in small letters.
    pub id: String,
    /// The file, from the root of its file system.
    pub path: String,
    /// Key `title`, whole; of a unified kernel image what its os-release and its
    /// profile say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the menu shows.
    pub show_title: String,
    /// Key `sort-key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<String>,
    /// Key `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Key `machine-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// Key `architecture`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Number of the profile, but for the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<u32>,
    /// The command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// The kernel, from the root of its file system; of an entry of type 2 the
    /// image itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux: Option<String>,
    /// Key `efi`, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efi: Option<String>,
    /// Key `uki`, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uki: Option<String>,
    /// The initrds, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub initrd: Vec<String>,
    /// Attempts that remain, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<i32>,
    /// Attempts that were made, where the file's name says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries_done: Option<i32>,
    /// Whether it boots when nobody chooses; absent where no entry does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// What will keep it from booting, or may.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// A file that is no entry.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    /// What it would be.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The partition.
    pub source: &'static str,
    /// The file, from the root of its file system.
    pub path: String,
    /// Why it is none.
    pub problem: String,
    /// True if its name is that of an entry.
    #[serde(skip)]
    pub should_be_one: bool,
}

/// A file in a directory of entries.
struct Found {
    /// Index of its file system.
    volume: usize,
    /// [`TYPE1`] or [`TYPE2`].
    directory: &'static [u8],
    name: Vec<u8>,
    node: Node,
    /// An entry came of it.
    is_entry: bool,
}

/// What the loader was troubled by: the name of an entry's file, or nothing,
/// and what it would say.
type Problem = (Vec<u8>, String);

impl Menu {
    /// Reads the menu of `disk` as a machine with a 64-bit processor would.
    pub fn of(disk: impl Sectors) -> Result<Self, Error> {
        let mut problems: Vec<Problem> = Vec::new();
        let found = inventory::look(
            &mut Reader::new(disk),
            &mut Box::new(Workspace::EMPTY),
            true,
            &mut |name, file, error| problems.push((name.to_vec(), about(file, error))),
            read,
        )
        .map_err(|error| Error::failed(text(error)))?;
        let Some((entries, others)) = found else {
            let problems: Vec<_> = problems.into_iter().map(|(_, problem)| problem).collect();
            return Err(Error::failed(problems.join(" ")));
        };
        // Names may be equal; then the order of both is the same.
        let explain = |file: Found| {
            let known = problems.iter().position(|(name, _)| *name == file.name);
            let known = known.map(|place| problems.remove(place).1);
            Other::new(&file, known)
        };
        let others = others.into_iter().map(explain).collect();
        let at_large = |(name, problem): Problem| match name.as_slice() {
            [] => problem,
            name => format!("{}: {problem}", string(name)),
        };
        Ok(Self {
            entries,
            others,
            problems: problems.into_iter().map(at_large).collect(),
        })
    }
}

/// The entries, and the files that are none; nothing if no file system can be
/// read.
fn read<D: machine::Disk>(mut inventory: Inventory<D>) -> Option<(Vec<Entry>, Vec<Found>)> {
    inventory.sources.iter().flatten().next()?;
    let mut files = files(&mut inventory);
    let mut entries = Vec::new();
    let list = inventory.list;
    for (rank, entry) in (0..list.len()).filter_map(|rank| Some((rank, list.get(rank)?))) {
        let is_this =
            |file: &&mut Found| file.volume == entry.volume() && Some(file.node) == entry.file;
        let Some(file) = files.iter_mut().find(is_this) else {
            continue;
        };
        file.is_entry = true;
        let mut read = Entry::new(entry, file);
        read.is_default = inventory.default.map(|default| default == rank);
        if let Some(boot::fat::Source { volume, .. }) = &inventory.sources[file.volume] {
            let mut source = Source {
                storage: inventory.storage,
                volume,
            };
            if entry.has(tag::TYPE2) {
                read.read_image(&mut source, &file.node, &file.path());
            } else {
                read.read_file(&mut source, file);
            }
        }
        entries.push(read);
    }
    files.retain(|file| !file.is_entry);
    Some((entries, files))
}

/// What lies in the directories of entries, in the order in which the loader
/// reads them. What can't be read of them it has reported before.
fn files<D: machine::Disk>(inventory: &mut Inventory<D>) -> Vec<Found> {
    let mut files = Vec::new();
    let volumes = inventory.sources.iter().enumerate();
    let volumes = volumes.filter_map(|(index, volume)| Some((index, &volume.as_ref()?.volume)));
    let directories = volumes.flat_map(|volume| [TYPE2, TYPE1].map(|path| (volume, path)));
    for ((index, volume), path) in directories {
        let Ok(directory) = volume.find(inventory.storage, path) else {
            continue;
        };
        let mut walk = volume.walk(&directory);
        let mut name = fat::Name::new();
        loop {
            match walk.next(inventory.storage, &mut name) {
                Ok(Some(node)) => files.push(Found {
                    volume: index,
                    directory: path,
                    is_entry: false,
                    name: name.as_bytes().to_vec(),
                    node,
                }),
                Ok(None) => break,
                Err(_) => {}
            }
        }
    }
    files
}

impl Entry {
    /// What the loader knows of it.
    fn new(entry: &entry::Entry, file: &Found) -> Self {
        let field = |field| entry.text(field).map(string);
        let mut show_title = Vec::new();
        title::write(entry, &mut |piece| show_title.extend_from_slice(piece));
        Self {
            kind: file.kind(),
            source: file.source(),
            id: string(entry.id()),
            path: file.path(),
            title: field(Field::Title),
            show_title: string(&show_title),
            sort_key: field(Field::SortKey),
            version: field(Field::Version),
            machine_id: field(Field::MachineId),
            architecture: None,
            profile: (entry.profile != 0).then_some(entry.profile),
            options: None,
            linux: None,
            efi: None,
            uki: None,
            initrd: Vec::new(),
            tries_left: (entry.tries.left >= 0).then_some(entry.tries.left),
            tries_done: (entry.tries.done >= 0).then_some(entry.tries.done),
            is_default: None,
            warnings: Vec::new(),
        }
    }

    /// Reads what else the file of a Type 1 entry says, and looks for what will
    /// go wrong with it.
    fn read_file<D: machine::Disk>(&mut self, source: &mut Source<D>, found: &Found) {
        let mut buffer = vec![0; LINE];
        let mut options: Vec<Vec<u8>> = Vec::new();
        let mut file = File::open(source.volume, &found.node);
        let mut image = Vec::new();
        loop {
            let line = match file.line(source.storage, &mut buffer) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => return self.warnings.push(text(error)),
            };
            match type1::pair(line) {
                Some((Key::Text(Field::Title), value)) => self.title = Some(string(value)),
                Some((Key::Architecture, value)) => self.architecture = Some(string(value)),
                Some((Key::Main(main), path)) => {
                    match main {
                        Main::Linux => self.linux = Some(absolute(path)),
                        Main::Efi => self.efi = Some(absolute(path)),
                        _ => self.uki = Some(absolute(path)),
                    }
                    image = path.to_vec();
                }
                Some((Key::Options, value)) => options.push(value.to_vec()),
                Some((Key::Initrd, value)) => {
                    if let Some(path) = type1::initrd(value) {
                        self.initrd.push(absolute(path));
                        if let Err(error) = source.file(path) {
                            self.warnings.push(about(path, error));
                        }
                    }
                }
                _ => {}
            }
        }
        let mut options = options.join(&b' ');
        self.options = (!options.is_empty()).then(|| string(&options));
        if self.linux.is_none() {
            if !self.initrd.is_empty() {
                let warning = "initrd lines mean nothing beside a unified kernel image.";
                self.warnings.push(warning.to_owned());
            }
            let built_in = source
                .file(&image)
                .and_then(|node| source.command_line(&node, self.profile.unwrap_or(0)));
            match built_in {
                Ok(line) if options.is_empty() => options = line,
                Ok(_) => {}
                Err(error) => return self.warnings.push(about(&image, error)),
            }
        }
        self.check_options(&options);
    }

    /// Reads the command line of a unified kernel image.
    fn read_image<D: machine::Disk>(&mut self, source: &mut Source<D>, node: &Node, path: &str) {
        self.linux = Some(path.to_owned());
        match source.command_line(node, self.profile.unwrap_or(0)) {
            Ok(line) => {
                self.options = (!line.is_empty()).then(|| string(&line));
                self.check_options(&line);
            }
            Err(error) => self.warnings.push(text(error)),
        }
    }

    fn check_options(&mut self, options: &[u8]) {
        if let Err(error) = cmdline::check(options, u32::MAX) {
            self.warnings.push(text(error));
        }
        let warning = match root(options) {
            None => {
                "no root= in the options, so that only an initrd that finds its root file system on \
                 a BIOS boots (docs/root.md), or knows it. Add it."
                    .to_owned()
            }
            Some(root @ (b"gpt-auto" | b"/dev/gpt-auto-root")) => format!(
                "root={} needs UEFI, or an initrd that finds its root file system on a BIOS \
                 (docs/root.md). Name the root file system.",
                string(root)
            ),
            Some(_) => return,
        };
        self.warnings.push(warning);
    }

    /// `good`, `bad` or `indeterminate`, as the specification calls it.
    pub fn state(&self) -> &'static str {
        match self.tries_left {
            None => "good",
            Some(0) => "bad",
            Some(_) => "indeterminate",
        }
    }
}

/// Where files of an entry lie.
struct Source<'a, 'd, D> {
    storage: &'a mut Storage<'d, D>,
    volume: &'a Volume,
}

impl<D: machine::Disk> Source<'_, '_, D> {
    /// The file with this path.
    fn file(&mut self, path: &[u8]) -> Result<Node, boot::Error> {
        let node = self.volume.find(self.storage, path)?;
        if node.is_directory() {
            return Err(boot::Error::new(Kind::IsDirectory, 0));
        }
        Ok(node)
    }

    /// The command line that a unified kernel image holds for a profile.
    fn command_line(&mut self, node: &Node, profile: u32) -> Result<Vec<u8>, boot::Error> {
        let mut image = Image::new(self.volume, node, true);
        image.profile = profile;
        let mut buffer = [0; cmdline::LONGEST];
        let mut line = CommandLine::new(&mut buffer);
        uki::command_line(&mut image, self.storage, &mut [0; 4096], &mut line)?;
        if profile >= image.profiles.max(1) {
            return Err(boot::Error::new(Kind::UkiProfile, profile.into()));
        }
        Ok(line.as_bytes()?.to_vec())
    }
}

impl Other {
    fn new(file: &Found, problem: Option<String>) -> Self {
        let reason = file.reason();
        Self {
            kind: file.kind(),
            source: file.source(),
            path: file.path(),
            should_be_one: reason.is_none(),
            problem: problem.or(reason).unwrap_or(format!(
                "the menu holds {} entries, and this one would come behind them. Remove some.",
                boot::entries::list::CAPACITY
            )),
        }
    }
}

impl Found {
    /// Its partition, as bootctl calls it.
    fn source(&self) -> &'static str {
        ["esp", "xbootldr"][self.volume]
    }

    fn path(&self) -> String {
        format!("{}/{}", string(self.directory), string(&self.name))
    }

    /// What kind of entry it would be.
    fn kind(&self) -> &'static str {
        if self.directory == TYPE1 {
            "type1"
        } else {
            "type2"
        }
    }

    /// What the names of such entries end in.
    fn suffix(&self) -> &'static str {
        if self.directory == TYPE1 {
            ".conf"
        } else {
            ".efi"
        }
    }

    /// Why the loader does not read it, if it doesn't.
    fn reason(&self) -> Option<String> {
        let suffix = self.suffix();
        let reason = if self.node.is_directory() {
            "a directory."
        } else if Name::parse(&self.name, suffix.as_bytes()).is_some() {
            return None;
        } else if self.name.starts_with(b".") {
            "its name begins with a dot."
        } else if self.name.to_ascii_lowercase().ends_with(suffix.as_bytes()) {
            "its name begins with auto-, which is kept for entries that loaders make."
        } else {
            return Some(format!("its name does not end in {suffix}."));
        };
        Some(reason.to_owned())
    }
}

/// The value of the last `root=` among kernel parameters.
fn root(options: &[u8]) -> Option<&[u8]> {
    let words = options.split(u8::is_ascii_whitespace);
    let mut roots = words.filter_map(|word| {
        let word = word.strip_prefix(b"\"").unwrap_or(word);
        let value = word.strip_prefix(b"root=")?;
        Some(value.strip_suffix(b"\"").unwrap_or(value))
    });
    roots.next_back()
}

/// A path from the root, with one slash where there are more.
fn absolute(path: &[u8]) -> String {
    let names = path.split(|&byte| byte == b'/');
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| format!("/{}", string(name))).collect()
}

/// The loader's text of an error, led by the file that it is about.
fn about(file: &[u8], error: boot::Error) -> String {
    match file {
        [] => text(error),
        _ => format!("{}: {}", string(file), text(error)),
    }
}

/// The loader's text of an error.
pub(crate) fn text(error: boot::Error) -> String {
    // Here it is not the BIOS that says so.
    if error.is(Kind::DiskRead) {
        return format!(
            "cannot read sector {}. Check the disk and its cable.",
            error.at()
        );
    }
    let mut text = Vec::new();
    report::describe(error, &mut |piece| text.extend_from_slice(piece));
    string(&text)
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
