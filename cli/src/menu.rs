//! The menu that a disk gives, found by the code that boots it.
//!
//! The loader keeps of an entry what orders and shows it. The rest is read here
//! a second time, line by line with the loader's own functions, as the loader
//! does it for the entry that it boots.

use boot::entries::counter::Name;
use boot::entries::entry::{self, Field};
use boot::entries::scan::DIRECTORY;
use boot::entries::title;
use boot::entries::type1::{self, Key, Main};
use boot::fat::{self, File, Node};
use boot::inventory::{self, Inventory, Source};
use boot::load::cmdline;
use boot::machine;
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
    /// `type1`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The partition: `esp` or `xbootldr`.
    pub source: &'static str,
    /// The file's name without its counter, in small letters.
    pub id: String,
    /// The file, from the root of its file system.
    pub path: String,
    /// Key `title`, whole.
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
    /// The kernel, from the root of its file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux: Option<String>,
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
    name: Vec<u8>,
    node: Node,
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
        let (of_files, at_large): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|(name, _)| !name.is_empty());
        // They came in the order of the files.
        let mut of_files = of_files.into_iter().peekable();
        let explain = |file: Found| {
            let known = of_files.next_if(|(name, _)| *name == file.name);
            Other::new(&file, known.map(|(_, problem)| problem))
        };
        Ok(Self {
            entries,
            others: others.into_iter().map(explain).collect(),
            problems: at_large.into_iter().map(|(_, problem)| problem).collect(),
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
        let is_this = |file: &mut Found| {
            file.volume == usize::from(entry.tag) && Some(file.node) == entry.file
        };
        let Some(file) = files.extract_if(.., is_this).next() else {
            continue;
        };
        let mut read = Entry::new(entry, &file);
        read.is_default = inventory.default.map(|default| default == rank);
        read.read_file(&mut inventory, &file);
        entries.push(read);
    }
    Some((entries, files))
}

/// What lies in the directories of Type 1 entries, in their order. What can't
/// be read of them the loader has reported before.
fn files<D: machine::Disk>(inventory: &mut Inventory<D>) -> Vec<Found> {
    let mut files = Vec::new();
    let sources = inventory.sources.iter().enumerate();
    for (index, source) in sources.filter_map(|(index, source)| Some((index, source.as_ref()?))) {
        let volume = &source.volume;
        let Ok(directory) = volume.find(inventory.storage, DIRECTORY) else {
            continue;
        };
        let mut walk = volume.walk(&directory);
        let mut name = fat::Name::new();
        loop {
            match walk.next(inventory.storage, &mut name) {
                Ok(Some(node)) => files.push(Found {
                    volume: index,
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
            kind: "type1",
            source: file.source(),
            id: string(entry.id()),
            path: file.path(),
            title: None,
            show_title: string(&show_title),
            sort_key: field(Field::SortKey),
            version: field(Field::Version),
            machine_id: field(Field::MachineId),
            architecture: None,
            profile: (entry.profile != 0).then_some(entry.profile),
            options: None,
            linux: None,
            initrd: Vec::new(),
            tries_left: (entry.tries.left >= 0).then_some(entry.tries.left),
            tries_done: (entry.tries.done >= 0).then_some(entry.tries.done),
            is_default: None,
            warnings: Vec::new(),
        }
    }

    /// Reads what else its file says, and looks for what will go wrong with it.
    fn read_file<D: machine::Disk>(&mut self, inventory: &mut Inventory<D>, found: &Found) {
        let Some(Source { volume, .. }) = inventory.sources[found.volume] else {
            return;
        };
        let storage = &mut *inventory.storage;
        let mut buffer = vec![0; LINE];
        let mut options: Vec<Vec<u8>> = Vec::new();
        let mut file = File::open(&volume, &found.node);
        loop {
            let line = match file.line(storage, &mut buffer) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => return self.warnings.push(text(error)),
            };
            match type1::pair(line) {
                Some((Key::Text(Field::Title), value)) => self.title = Some(string(value)),
                Some((Key::Architecture, value)) => self.architecture = Some(string(value)),
                Some((Key::Main(Main::Linux), path)) => self.linux = Some(absolute(path)),
                Some((Key::Options, value)) => options.push(value.to_vec()),
                Some((Key::Initrd, value)) => {
                    if let Some(path) = type1::initrd(value) {
                        self.initrd.push(absolute(path));
                        let error = match volume.find(storage, path) {
                            Ok(node) if !node.is_directory() => continue,
                            Ok(_) => boot::Error::new(Kind::IsDirectory, 0),
                            Err(error) => error,
                        };
                        self.warnings.push(about(path, error));
                    }
                }
                _ => {}
            }
        }
        let options = options.join(&b' ');
        self.check_options(&options);
        self.options = (!options.is_empty()).then(|| string(&options));
    }

    fn check_options(&mut self, options: &[u8]) {
        if let Err(error) = cmdline::check(options, u32::MAX) {
            self.warnings.push(text(error));
        }
        let root = root(options);
        let warning = if root.is_none() {
            "no root= in the options, so that only an initrd that knows its root file system \
             boots. Add it."
        } else if root == Some(b"gpt-auto") {
            "root=gpt-auto needs UEFI. Name the root file system."
        } else {
            return;
        };
        self.warnings.push(warning.to_owned());
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

impl Other {
    fn new(file: &Found, problem: Option<String>) -> Self {
        let reason = file.reason();
        Self {
            kind: "type1",
            source: file.source(),
            path: file.path(),
            should_be_one: reason.is_none(),
            problem: problem.or(reason.map(str::to_owned)).unwrap_or(format!(
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
        format!("{}/{}", string(DIRECTORY), string(&self.name))
    }

    /// Why the loader does not read it, if it doesn't.
    fn reason(&self) -> Option<&'static str> {
        if self.node.is_directory() {
            Some("a directory.")
        } else if Name::parse(&self.name, b".conf").is_some() {
            None
        } else if self.name.starts_with(b".") {
            Some("its name begins with a dot.")
        } else if self.name.to_ascii_lowercase().ends_with(b".conf") {
            Some("its name begins with auto-, which is kept for entries that loaders make.")
        } else {
            Some("its name does not end in .conf.")
        }
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
fn text(error: boot::Error) -> String {
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
