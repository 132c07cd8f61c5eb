//! The steps of a boot on one machine, each from a value to the next.

use crate::attempt::{Attempt, Failure, Notes};
use crate::choose::{Choice, Question, by_number};
use crate::disk::storage::Storage;
use crate::entries::entry::Entry;
use crate::entries::list::List;
use crate::fat::{Source, Sources};
use crate::find::inventory::Finder;
use crate::handoff::{Ending, Handoff};
use crate::load::Loader;
use crate::load::cmdline::CommandLine;
use crate::machine::{Console, Machine, TICKS_PER_SECOND};
use crate::overlay::Overlay;
use crate::settings::conf::OnError;
use crate::workspace::Desk;
use crate::{Error, Kind};
use core::cell::Cell;

/// A machine from the start of the loader to the jump.
pub(crate) struct Session<'a, 'd, M: Machine> {
    pub(crate) storage: &'a mut Storage<'d, M::Disk>,
    pub(crate) memory: &'a mut M::Memory,
    pub(crate) console: &'a mut M::Console,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) desk: &'a mut Desk,
    pub(crate) long_mode: bool,
    /// When it began, in ticks.
    pub(crate) began: u32,
    /// An attempt has failed; the trail has the message.
    pub(crate) failed: bool,
}

/// The entries of a disk.
pub(crate) struct Found<'e> {
    /// The entries in the order of the menu.
    list: List<'e>,
    /// The volumes that they come from.
    sources: Sources,
}

impl<'e> Found<'e> {
    /// No entries yet, but room for them.
    pub(crate) fn nothing(room: &'e mut [Entry]) -> Self {
        Self {
            list: List::new(room),
            sources: [None; 2],
        }
    }

    /// The entry at a rank, and where it lies.
    pub(crate) fn entry(&self, rank: usize) -> Option<(&Entry, &Source)> {
        let entry = self.list.get(rank)?;
        let source = self.sources.get(entry.volume())?.as_ref()?;
        Some((entry, source))
    }
}

impl<'a, 'd, M: Machine> Session<'a, 'd, M> {
    /// Takes the overlay, or reports that it is missing: the loader can boot without
    /// it.
    pub(crate) fn take(&mut self, overlay: Result<Overlay, Error>) {
        match overlay {
            Ok(overlay) => self.overlay = Some(overlay),
            Err(error) => {
                self.desk.trail.file(b"overlay");
                self.desk.trail.report(self.console, None, error);
            }
        }
    }

    /// Finds the entries.
    ///
    /// # Errors
    /// There is nothing to boot, and the reason was printed.
    pub(crate) fn find(&mut self, found: &mut Found) -> Result<(), Ending> {
        self.desk.trail.entry(b"");
        self.inventory(found).map_err(|error| {
            self.desk.trail.entry(b"");
            self.desk.trail.report(self.console, self.overlay, error);
            Ending::Failed
        })
    }

    #[inline(never)] // its own frame saves 30 bytes
    fn inventory(&mut self, found: &mut Found) -> Result<(), Error> {
        let Desk {
            scratch,
            conf,
            trail,
            ..
        } = &mut *self.desk;
        let overlay = self.overlay;
        // After a failed attempt all problems were printed before, and the menu has
        // another message to show.
        let silent = Cell::new(self.failed);
        let mut problem = |entry: &[u8], file: &[u8], error| {
            if !silent.get() {
                trail.entry(entry);
                trail.file(file);
                trail.report(self.console, overlay, error);
            }
        };
        let mut finder = Finder {
            storage: self.storage,
            overlay,
            long_mode: self.long_mode,
            scratch,
        };
        let Found { list, sources } = found;
        finder.sources(sources, &mut problem)?;
        if let Some(overlay) = overlay {
            overlay.read_settings(&mut finder, sources, conf, &mut problem);
            silent.set(self.failed || !conf.warns);
        }
        finder.entries(sources, list, &mut problem);
        if list.is_empty() {
            return Err(Error::new(Kind::NoEntries, 0));
        }
        Ok(())
    }

    /// Chooses the entry that boots.
    ///
    /// # Errors
    /// The loader's end, if nothing is to boot.
    pub(crate) fn choose(
        &mut self,
        found: &mut Found,
        wish: Option<&[u8]>,
    ) -> Result<Choice, Ending> {
        match self.overlay {
            Some(overlay) => {
                let question = Question {
                    list: &mut found.list,
                    sources: &found.sources,
                    storage: self.storage,
                    long_mode: self.long_mode,
                    wish,
                    failed: self.failed,
                };
                overlay.choose(self.console, question, self.desk)
            }
            None => by_number(self.console, &found.list, self.failed),
        }
    }

    /// From the entry to the kernel.
    ///
    /// # Errors
    /// The reason why the entry does not boot; it was printed.
    pub(crate) fn attempt(
        &mut self,
        found: &Found,
        choice: &Choice,
        entry: &Entry,
        source: &Source,
    ) -> Result<Handoff, Failure> {
        let Desk {
            scratch,
            path,
            names,
            command_line,
            trail,
            state,
            ..
        } = &mut *self.desk;
        trail.entry(entry.id());
        let mut attempt = Attempt {
            loader: Loader::new(
                self.storage,
                self.memory,
                self.console,
                &source.volume,
                self.overlay,
            ),
            entry,
            partition: &source.partition,
            long_mode: self.long_mode,
            line: &mut scratch.line,
            path,
            command_line: match choice.edited {
                Some(length) => CommandLine::edited(command_line, length),
                None => CommandLine::new(command_line),
            },
            trail,
        };
        let notes = Notes {
            list: &found.list,
            default: choice.default,
            changes: &choice.changes,
            sources: &found.sources,
            state,
            began: self.began,
        };
        let result = attempt.boot(notes, names);
        if let Err(failure) = &result {
            self.failed = true;
            trail.report(self.console, self.overlay, failure.error);
        }
        result
    }

    /// True if the machine is to restart after a failed attempt; a person has five
    /// seconds to stop that. If the attempt could not be counted, the next boot would
    /// end here again.
    pub(crate) fn restarts(&mut self, choice: &Choice, entry: &Entry, failure: &Failure) -> bool {
        let wanted = match choice.on_error {
            OnError::Auto => failure.counted && entry.tries.left > 0,
            OnError::Reboot => true,
            OnError::Menu => false,
        };
        wanted && self.console.key(Some(5 * TICKS_PER_SECOND)).is_none()
    }
}
