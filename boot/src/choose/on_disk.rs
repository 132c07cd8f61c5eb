//! The entries of a disk, as the menu asks for them: their details are read from the
//! disk when the menu shows them.

use crate::disk::storage::Storage;
use crate::entries::entry::{self, Entry, Field, tag};
use crate::entries::list::List;
use crate::entries::title;
use crate::entries::type1::{self, EntryKey};
use crate::error::{Error, Kind};
use crate::fat::{DirEntry, File, Source, Sources};
use crate::find::inventory::Finder;
use crate::load::cmdline::CommandLine;
use crate::machine::Disk;
use crate::menu::{Entries, Written};
use crate::overlay::Overlay;
use crate::report::describe;
use crate::text::{Text, decimal};
use crate::uki::{self, Image};
use crate::workspace::Scratch;

/// The entries, and the means to read more of them.
pub(super) struct OnDisk<'a, 'e, 'd, D> {
    /// The entries.
    pub(super) list: &'a List<'e>,
    /// Where they come from.
    pub(super) sources: &'a Sources,
    /// The disk.
    pub(super) storage: &'a mut Storage<'d, D>,
    /// To read their files with.
    pub(super) scratch: &'a mut Scratch,
    /// True where the processor can run 64-bit kernels.
    pub(super) long_mode: bool,
    /// The proof that unified kernel images can be read.
    pub(super) overlay: Overlay,
}

impl<D: Disk> OnDisk<'_, '_, '_, D> {
    /// An entry's file, and where it lies; None for an entry that the loader added.
    fn file(&self, index: usize) -> Option<(Source, DirEntry)> {
        let entry = self.list.get(index)?;
        let source = self.sources.get(entry.volume()).copied()??;
        Some((source, entry.file?))
    }

    /// Hands the pairs of a Type 1 entry's file to `pair`.
    fn pairs(&mut self, index: usize, pair: &mut dyn FnMut(EntryKey, &[u8])) -> Result<(), Error> {
        let (source, node) = self.file(index).ok_or(Error::new(Kind::NoEntries, 0))?;
        if self.is(index, tag::TYPE2) {
            return Ok(());
        }
        let mut file = File::open(&source.volume, &node);
        while let Some(line) = file.line(self.storage, &mut self.scratch.line)? {
            if let Some((key, value)) = type1::pair(line) {
                pair(key, value);
            }
        }
        Ok(())
    }

    /// True if an entry has this bit of [`tag`].
    fn is(&self, index: usize, bit: u8) -> bool {
        self.list.get(index).is_some_and(|entry| entry.has(bit))
    }

    /// Adds the command line of an entry: the one in its file, or else the one in its
    /// unified kernel image.
    fn read_command_line(&mut self, index: usize, line: &mut CommandLine) -> Result<(), Error> {
        self.pairs(index, &mut |key, value| {
            if key == EntryKey::Options {
                line.add(value);
            }
        })?;
        if line.is_empty() && self.is(index, tag::UKI) {
            self.built_in(index, line)?;
        }
        Ok(())
    }

    /// Adds the command line that is in an entry's unified kernel image.
    fn built_in(&mut self, index: usize, line: &mut CommandLine) -> Result<(), Error> {
        let (source, mut node) = self.file(index).ok_or(Error::new(Kind::NoEntries, 0))?;
        if !self.is(index, tag::TYPE2) {
            let mut path = Text::UNSET;
            self.pairs(index, &mut |key, value| {
                if let EntryKey::Main(_) = key {
                    path.set(&[value]);
                }
            })?;
            let path = path.get().unwrap_or_default();
            node = source.volume.find(self.storage, path)?;
        }
        let mut image = Image::new(&source.volume, &node, self.long_mode);
        image.profile = self.list.get(index).map_or(0, |entry| entry.profile);
        uki::command_line(&mut image, self.storage, &mut self.scratch.line, line)
    }

    /// The directory and the name of an entry's file, and the partition on which it
    /// lies.
    fn location(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8])) {
        let (Some(entry), Some((source, node))) = (self.list.get(index), self.file(index)) else {
            return;
        };
        let name = &mut self.scratch.name;
        if source.volume.name(self.storage, &node, name).is_err() {
            return;
        }
        let is_xbootldr = entry.has(tag::VOLUME);
        field(b"partition", if is_xbootldr { b"XBOOTLDR" } else { b"ESP" });
        let (directory, _) = entry::place(entry);
        let mut path = Text::UNSET;
        for piece in [directory, b"/", name.as_bytes()] {
            path.append(piece);
        }
        field(b"file", path.get().unwrap_or_default());
    }

    /// The skipped files, and why each was skipped.
    fn skipped(&mut self, field: &mut dyn FnMut(&[u8], &[u8])) {
        let mut nothing = List::new(&mut []);
        let mut finder = Finder {
            storage: self.storage,
            scratch: self.scratch,
            long_mode: self.long_mode,
            overlay: Some(self.overlay),
        };
        finder.entries(self.sources, &mut nothing, &mut |entry, file, error| {
            let mut text = Text::UNSET;
            for name in [entry, file] {
                if !name.is_empty() {
                    text.append(name);
                    text.append(b": ");
                }
            }
            describe(error, &mut |piece| text.append(piece));
            field(b"not shown", text.get().unwrap_or_default());
        });
    }
}

impl<D: Disk> Entries for OnDisk<'_, '_, '_, D> {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8])) {
        if let Some(entry) = self.list.get(index) {
            title::write(entry, sink);
            attempts_left(entry, sink);
        }
    }

    fn hotkey(&self, index: usize) -> Option<u8> {
        let entry = self.list.get(index)?;
        (!entry.generated).then_some(b'l')
    }

    fn command_line(&mut self, index: usize, buffer: &mut [u8]) -> Written {
        let mut line = CommandLine::new(buffer);
        let read = self.read_command_line(index, &mut line);
        let length = line.as_bytes().map(<[u8]>::len);
        let error = match read.and(length) {
            Ok(length) => return Written::CommandLine(length),
            Err(error) => error,
        };
        let mut reason = CommandLine::new(buffer);
        if self.file(index).is_none() {
            reason.push(b"This entry has no command line.");
        } else {
            describe(error, &mut |piece| reason.push(piece));
        }
        Written::Reason(reason.as_bytes().map_or(0, <[u8]>::len))
    }

    fn details(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8])) {
        if let Some(entry) = self.list.get(index) {
            texts(entry, field);
            tries(entry, field);
        }
        self.location(index, field);
        // An error is shown when the entry is booted.
        let _ = self.pairs(index, &mut |key, value| {
            if !matches!(key, EntryKey::Text(_)) {
                field(key.name(), value);
            }
        });
        self.skipped(field);
    }
}

/// The texts of an entry that the list holds.
fn texts(entry: &Entry, field: &mut dyn FnMut(&[u8], &[u8])) {
    let texts: [(&[u8], Field); 5] = [
        (b"id", Field::Id),
        (b"title", Field::Title),
        (b"version", Field::Version),
        (b"sort-key", Field::SortKey),
        (b"machine-id", Field::MachineId),
    ];
    for (name, which) in texts {
        if let Some(text) = entry.text(which) {
            field(name, text);
        }
    }
}

/// Says that a counted entry is bad, or how many attempts it has left.
fn attempts_left(entry: &Entry, sink: &mut dyn FnMut(&[u8])) {
    if entry.tries.is_bad() {
        return sink(b"  [bad]");
    }
    if entry.tries.is_counted() {
        let left = u64::try_from(entry.tries.left).unwrap_or(0);
        sink(b"  [");
        sink(decimal(left, &mut [0; 20]));
        sink(if left == 1 {
            b" try left]"
        } else {
            b" tries left]"
        });
    }
}

/// The boot counter of an entry.
fn tries(entry: &Entry, field: &mut dyn FnMut(&[u8], &[u8])) {
    if !entry.tries.is_counted() {
        return;
    }
    let number = |value: i32, text: &mut Text| {
        let value = u64::try_from(value).unwrap_or(0);
        text.append(decimal(value, &mut [0; 20]));
    };
    let mut text = Text::UNSET;
    number(entry.tries.left, &mut text);
    text.append(b" left, ");
    number(entry.tries.done, &mut text);
    text.append(b" done");
    field(b"tries", text.get().unwrap_or_default());
}
