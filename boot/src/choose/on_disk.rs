//! The entries of a disk, as the menu asks for them.

use super::choice::Choice;
use super::generated;
use crate::disk::storage::Storage;
use crate::entries::entry::{self, Entry, Field, TYPE1, tag};
use crate::entries::glob;
use crate::entries::list::List;
use crate::entries::title;
use crate::entries::type1::{self, Key};
use crate::error::{Error, Kind};
use crate::fat::{File, Node, Source, Sources};
use crate::find::scan::Scan;
use crate::handoff::Ending;
use crate::load::cmdline::CommandLine;
use crate::machine::{Console, Disk, Input};
use crate::menu::{self, Entries, Outcome, Remembered, Settings};
use crate::overlay::Overlay;
use crate::report::describe;
use crate::settings::state::{Changes, State};
use crate::text::{Text, decimal};
use crate::uki::{self, Image};
use crate::workspace::Scratch;
use layout::state::Text as Remembers;

fn changed<T: PartialEq>(before: T, after: T) -> Option<T> {
    (before != after).then_some(after)
}

/// The disk that the entries come from.
pub(crate) struct OnDisk<'a, 'e, 'd, D> {
    /// The entries.
    pub(crate) list: &'a mut List<'e>,
    /// Where they come from.
    pub(crate) sources: &'a Sources,
    /// The disk.
    pub(crate) storage: &'a mut Storage<'d, D>,
    /// To read their files with.
    pub(crate) scratch: &'a mut Scratch,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// It is in memory, or there would be no menu.
    pub(crate) overlay: Overlay,
}

impl<D: Disk> OnDisk<'_, '_, '_, D> {
    /// Shows the menu and gives what was chosen: `plain`, with what was changed.
    /// `typed` is what was typed already; `line` is room for a command line.
    ///
    /// # Errors
    /// What ends the loader instead.
    pub(crate) fn choose(
        mut self,
        console: &mut impl Console,
        state: &State,
        settings: &Settings,
        typed: Option<Input>,
        line: &mut [u8],
        plain: Choice,
    ) -> Result<Choice, Ending> {
        title::tell_apart(self.list);
        let before = Remembered {
            default: self.rank(state.text(Remembers::Default)),
            preferred: self.rank(state.text(Remembers::Preferred)),
            timeout: state.lasting_timeout(),
        };
        let mut after = before;
        let (entry, edited) = match menu::run(console, &mut self, settings, typed, &mut after, line)
        {
            Outcome::Boot { entry, edited } => (entry, edited),
            Outcome::PowerOff => return Err(Ending::PowerOff(self.overlay)),
            Outcome::Reboot => return Err(Ending::Reboot),
            // There may be no next device: it had its turn.
            Outcome::Quit if !settings.message.is_empty() => return Err(Ending::Failed),
            Outcome::Quit => return Err(Ending::Quit),
        };
        if let Some(chosen) = self.list.get(entry)
            && chosen.generated
        {
            return Err(generated::ending(chosen.id(), self.overlay));
        }
        Ok(Choice {
            entry,
            edited,
            changes: Changes {
                default: changed(before.default, after.default),
                preferred: changed(before.preferred, after.preferred),
                timeout: changed(before.timeout, after.timeout),
            },
            ..plain
        })
    }

    /// The first entry that a pattern selects.
    fn rank(&self, pattern: Option<&[u8]>) -> Option<usize> {
        let pattern = pattern?;
        (0..self.list.len()).find(|&rank| {
            let entry = self.list.get(rank);
            entry.is_some_and(|entry| glob::selects(pattern, entry.id()))
        })
    }

    /// An entry's file, and where it lies.
    fn file(&self, index: usize) -> Option<(Source, Node)> {
        let entry = self.list.get(index)?;
        let source = self.sources.get(entry.volume()).copied()??;
        Some((source, entry.file?))
    }

    /// Hands the pairs of a Type 1 entry's file to `pair`.
    fn pairs(&mut self, index: usize, pair: &mut dyn FnMut(Key, &[u8])) -> Result<(), Error> {
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

    /// Adds the command line that is in an entry's unified kernel image.
    fn built_in(&mut self, index: usize, line: &mut CommandLine) -> Result<(), Error> {
        let (source, mut node) = self.file(index).ok_or(Error::new(Kind::NoEntries, 0))?;
        if !self.is(index, tag::TYPE2) {
            let mut path = Text::UNSET;
            self.pairs(index, &mut |key, value| {
                if let Key::Main(_) = key {
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

    /// Files that would be entries, and why they are none.
    fn problems(&mut self, field: &mut dyn FnMut(&[u8], &[u8])) {
        let mut nothing = List::new(&mut []);
        for (source, tag) in self.sources.iter().zip(0..) {
            let Some(Source { volume, .. }) = source else {
                continue;
            };
            let mut scan = Scan {
                storage: self.storage,
                volume,
                tag,
                long_mode: self.long_mode,
                overlay: Some(self.overlay),
            };
            scan.all(self.scratch, &mut nothing, &mut |entry, file, error| {
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
}

impl<D: Disk> Entries for OnDisk<'_, '_, '_, D> {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8])) {
        if let Some(entry) = self.list.get(index) {
            title::write(entry, sink);
        }
    }

    fn hotkey(&self, index: usize) -> u8 {
        let linux = self.list.get(index).is_some_and(|entry| !entry.generated);
        if linux { b'l' } else { 0 }
    }

    fn command_line(&mut self, index: usize, into: &mut [u8]) -> Result<usize, usize> {
        let mut line = CommandLine::new(into);
        let read = self.pairs(index, &mut |key, value| {
            if key == Key::Options {
                line.add(value);
            }
        });
        let read = match read {
            Ok(()) if line.is_empty() && self.is(index, tag::UKI) => {
                self.built_in(index, &mut line)
            }
            read => read,
        };
        let length = line.as_bytes().map(<[u8]>::len);
        let error = match read.and(length) {
            Ok(length) => return Ok(length),
            Err(error) => error,
        };
        let mut text = CommandLine::new(into);
        if self.file(index).is_none() {
            text.push(b"This entry has no command line.");
        } else {
            describe(error, &mut |piece| text.push(piece));
        }
        Err(text.as_bytes().map_or(0, <[u8]>::len))
    }

    fn details(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8])) {
        if let Some(entry) = self.list.get(index) {
            let texts = [
                (&b"id"[..], Field::Id),
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
            tries(entry, field);
        }
        if let Some((source, node)) = self.file(index)
            && source
                .volume
                .name(self.storage, &node, &mut self.scratch.name)
                .is_ok()
        {
            let entry = self.list.get(index);
            let xbootldr = entry.is_some_and(|entry| entry.has(tag::VOLUME));
            let directory = entry.map_or(TYPE1, |entry| entry::place(entry).0);
            let partition: &[u8] = if xbootldr { b"XBOOTLDR" } else { b"ESP" };
            field(b"partition", partition);
            let mut path = Text::UNSET;
            for piece in [directory, b"/", self.scratch.name.as_bytes()] {
                path.append(piece);
            }
            field(b"file", path.get().unwrap_or_default());
        }
        let _ = self.pairs(index, &mut |key, value| {
            if !matches!(key, Key::Text(_)) {
                field(key.name(), value);
            }
        });
        self.problems(field);
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
