//! The files in the directories of entries.

use boot::entries::counter::EntryName;
use boot::entries::entry::{TYPE1, TYPE2};
use boot::fat::{self, DirEntry};
use boot::find::look::Inventory;
use boot::machine;

use super::entry::SkippedFile;
use super::text::string;

/// A file in a directory of entries.
pub(super) struct FoundFile {
    /// Index of its file system.
    pub(super) volume: usize,
    /// [`TYPE1`] or [`TYPE2`].
    pub(super) directory: &'static [u8],
    /// Its name.
    pub(super) name: Vec<u8>,
    /// What its directory says of it.
    pub(super) node: DirEntry,
    /// An entry came of it.
    pub(super) is_entry: bool,
}

/// What lies in the directories of entries, in the order in which the loader
/// reads them. What can't be read of them it has reported before.
pub(super) fn files<D: machine::Disk>(inventory: &mut Inventory<D>) -> Vec<FoundFile> {
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
                Ok(Some(node)) => files.push(FoundFile {
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

impl FoundFile {
    /// It gives no entry: because of `problem`, as the loader says, or of its name, or
    /// because the list is full.
    pub(super) fn skipped(&self, problem: Option<String>) -> SkippedFile {
        let reason = self.reason();
        SkippedFile {
            kind: self.kind(),
            source: self.source(),
            path: self.path(),
            should_be_one: reason.is_none(),
            problem: problem.or(reason).unwrap_or_else(SkippedFile::left_out),
        }
    }

    /// Its partition, as bootctl calls it.
    pub(super) fn source(&self) -> &'static str {
        ["esp", "xbootldr"][self.volume]
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", string(self.directory), string(&self.name))
    }

    /// What kind of entry it would be.
    pub(super) fn kind(&self) -> &'static str {
        if self.directory == TYPE1 {
            "type1"
        } else {
            "type2"
        }
    }

    /// What the names of such entries end in.
    pub(super) fn suffix(&self) -> &'static str {
        if self.directory == TYPE1 {
            ".conf"
        } else {
            ".efi"
        }
    }

    /// Why the loader does not read it, if it doesn't.
    pub(super) fn reason(&self) -> Option<String> {
        let suffix = self.suffix();
        let reason = if self.node.is_directory() {
            "a directory."
        } else if EntryName::parse(&self.name, suffix.as_bytes()).is_some() {
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
