//! The menu, read as the loader reads it.

use boot::entries::entry::tag;
use boot::find::look::{Inventory, look};
use boot::{Workspace, fat, machine};

use super::details::EntryFiles;
use super::entry::{MenuEntry, SkippedFile};
use super::found::{self, FoundFile};
use super::text::{about, string};
use super::warnings;
use crate::disk::Sectors;
use crate::disk::reader::Reader;
use crate::error::Error;

/// What a disk offers to boot.
pub struct Menu {
    /// The entries, in their order.
    pub entries: Vec<MenuEntry>,
    /// The files in the directories of entries that give none.
    pub skipped: Vec<SkippedFile>,
    /// What is wrong with the disk at large.
    pub problems: Vec<String>,
}

/// What the loader was troubled by: the name of an entry's file, or nothing,
/// and what it would say.
type Problem = (Vec<u8>, String);

impl Menu {
    /// Reads the menu of `disk` as a machine with a 64-bit processor would.
    ///
    /// # Errors
    /// The disk has no partition for entries, or none can be read: a line for each.
    pub fn of(disk: impl Sectors) -> Result<Self, Error> {
        let mut problems: Vec<Problem> = Vec::new();
        let found = look(
            &mut Reader::new(disk),
            &mut Box::new(Workspace::EMPTY),
            true,
            &mut |name, file, error| problems.push((name.to_vec(), about(file, error))),
            read,
        )
        .map_err(Error::of_loader)?;
        let Some((entries, others)) = found else {
            let problems: Vec<_> = problems.into_iter().map(|(_, problem)| problem).collect();
            return Err(Error::failed(problems.join("\n")));
        };
        // Names may be equal; then the order of both is the same.
        let explain = |file: FoundFile| {
            let known = problems.iter().position(|(name, _)| *name == file.name);
            let known = known.map(|place| problems.remove(place).1);
            file.skipped(known)
        };
        let skipped = others.into_iter().map(explain).collect();
        let at_large = |(name, problem): Problem| match name.as_slice() {
            [] => problem,
            name => format!("{}: {problem}", string(name)),
        };
        Ok(Self {
            entries,
            skipped,
            problems: problems.into_iter().map(at_large).collect(),
        })
    }

    /// Adds warnings to entries that are there twice.
    pub(crate) fn warn_of_twins(&mut self) {
        warnings::of_twins(&mut self.entries);
    }
}

/// The entries, and the files that give none; nothing if no file system can be
/// read.
fn read<D: machine::Disk>(mut inventory: Inventory<D>) -> Option<(Vec<MenuEntry>, Vec<FoundFile>)> {
    inventory.sources.iter().flatten().next()?;
    let mut files = found::files(&mut inventory);
    let mut entries = Vec::new();
    let list = inventory.list;
    for (rank, entry) in (0..list.len()).filter_map(|rank| Some((rank, list.get(rank)?))) {
        let is_this =
            |file: &&mut FoundFile| file.volume == entry.volume() && Some(file.node) == entry.file;
        let Some(file) = files.iter_mut().find(is_this) else {
            continue;
        };
        file.is_entry = true;
        let mut read = MenuEntry::new(entry, file.kind(), file.source(), file.path());
        read.is_default = inventory.default.map(|default| default == rank);
        if let Some(fat::Source { volume, .. }) = &inventory.sources[file.volume] {
            let mut source = EntryFiles {
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
    warnings::of_twins(&mut entries);
    Some((entries, files))
}
