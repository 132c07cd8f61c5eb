//! From the entry that was chosen to a kernel in memory.

use crate::Handoff;
use crate::count;
use crate::entries::entry::Entry;
use crate::entries::scan::DIRECTORY;
use crate::entries::type1::{self, Key, Main};
use crate::error::{Error, Kind};
use crate::fat::File;
use crate::inventory::Source;
use crate::load::cmdline::CommandLine;
use crate::load::{Loader, Part, Step};
use crate::machine::{Console, Disk, Memory};
use crate::node::Node;
use crate::overlay::Overlay;
use crate::report::Trail;
use crate::state::{Changes, State};
use crate::workspace::Scratch;

/// An entry that is on its way.
///
/// Its file is read once more for each step, since it says what the kernel and
/// the initrds are and in which order they come.
pub(crate) struct Attempt<'a, 'disk, D, M, C> {
    /// What loads it.
    pub(crate) loader: Loader<'a, 'disk, D, M>,
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// Where it comes from.
    pub(crate) source: &'a Source,
    /// To read its file with.
    pub(crate) scratch: &'a mut Scratch,
    /// For the command line: empty, or one that a person has written.
    pub(crate) command_line: CommandLine<'a>,
    /// The command line is a person's.
    pub(crate) edited: bool,
    /// What is noted before the machine is the kernel's.
    pub(crate) notes: Notes<'a>,
    /// Told which file it is about.
    pub(crate) trail: &'a mut Trail,
    /// Where a person is told what does not keep the entry from booting.
    pub(crate) console: &'a mut C,
    /// For what is told there.
    pub(crate) overlay: Option<&'a Overlay>,
}

/// What an attempt leaves behind for the next boot and for userspace.
pub(crate) struct Notes<'a> {
    /// The state file, which is on the EFI system partition.
    pub(crate) state: Option<(&'a mut State, &'a Source)>,
    /// Ids of the entries that a person made the default and the preferred one.
    pub(crate) wishes: [Option<&'a [u8]>; 2],
    /// What else was changed at the menu.
    pub(crate) changes: Changes,
    /// Id of the entry that boots when nobody chooses.
    pub(crate) default: &'a [u8],
    /// When the loader began, in ticks.
    pub(crate) began: u32,
}

impl<D: Disk, M: Memory, C: Console> Attempt<'_, '_, D, M, C> {
    /// Checks all that the entry names, notes the attempt, then loads it.
    ///
    /// # Errors
    /// What is wrong; the trail names the file it is about.
    pub(crate) fn boot(mut self) -> Result<Handoff, Error> {
        self.lines(Step::Check)?;
        let path = self.scratch.path.get().unwrap_or_default();
        self.trail.file(path);
        let kernel = Part::whole(self.loader.volume.find(self.loader.storage, path)?);
        let head = self.scratch.line.first_chunk_mut();
        let head = head.ok_or(Error::new(Kind::KernelUnknown, 0))?;
        self.loader
            .prepare(&kernel, self.command_line.as_bytes()?, head)?;
        self.note()?;
        self.loader.load(&kernel, self.command_line.as_bytes()?)?;
        self.lines(Step::Load)?;
        Ok(self.loader.handoff)
    }

    /// Goes through the entry's file. At the first time it gathers the kernel's
    /// path and the command line.
    fn lines(&mut self, step: Step) -> Result<(), Error> {
        let file = self.entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        let mut file = File::open(self.loader.volume, &file);
        while let Some(line) = file.line(self.loader.storage, &mut self.scratch.line)? {
            match type1::pair(line) {
                Some((Key::Initrd, value)) => {
                    if let Some(path) = type1::initrd(value) {
                        self.trail.file(path);
                        let node = self.loader.volume.find(self.loader.storage, path)?;
                        self.loader.initrd(&Part::whole(node), step)?;
                    }
                }
                Some((Key::Options, value)) if step == Step::Check && !self.edited => {
                    self.command_line.add(value);
                }
                Some((Key::Main(Main::Linux), path)) => {
                    self.scratch.path.set(&[path]);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Remembers what was booted, counts the attempt, and leaves the node for
    /// userspace. That the disk cannot be written keeps nothing from booting.
    fn note(&mut self) -> Result<(), Error> {
        let Notes {
            state,
            wishes,
            changes,
            default,
            began,
        } = &mut self.notes;
        let storage = &mut *self.loader.storage;
        let id = self.entry.id();
        self.trail.file(b"");
        if let Some((state, esp)) = state
            && let Err(error) = state.save(storage, esp, *wishes, changes.timeout, id)
        {
            self.trail.report(self.console, self.overlay, error);
        }
        let (room, text) = self.scratch.line.split_at_mut(count::ROOM);
        let counted = match &self.entry.file {
            Some(file) => count::attempt(
                storage,
                &self.source.partition,
                (self.loader.volume, file),
                b".conf",
                &mut self.scratch.name,
                room,
            ),
            None => Ok(None),
        };
        let counted = counted.unwrap_or_else(|error| {
            self.trail.report(self.console, self.overlay, error);
            None
        });
        let node = Node {
            selected: id,
            default,
            counted: counted.map(|name| [DIRECTORY, name]),
            partition: &self.source.partition,
            began: *began,
            now: self.console.ticks(),
        };
        self.loader.node(node.write(text))
    }
}
