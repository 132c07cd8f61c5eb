//! From the entry that was chosen to a kernel in memory.

pub mod count;
mod node;

use crate::Handoff;
use crate::choose::Choice;
use crate::disk::partition::Partition;
use crate::entries::entry::{self, Entry, tag};
use crate::entries::list::List;
use crate::entries::type1::{self, Key};
use crate::error::{Error, Kind};
use crate::fat::File;
use crate::fat::Sources;
use crate::load::cmdline::CommandLine;
use crate::load::{Loader, Part, Step};
use crate::machine::{Console, Disk, Memory};
use crate::overlay::Overlay;
use crate::report::Trail;
use crate::settings::state::{State, Update};
use crate::uki::{self, Image};
use crate::workspace::Scratch;
use layout::disk::OVERLAY_LBA;
use node::{CountedFile, NodeData};

/// An entry that is on its way.
///
/// The file of a Type 1 entry is read once more for each step, since it says what
/// the kernel and the initrds are and in which order they come. So are the
/// headers of a unified kernel image.
// In this order, since what stands behind the image is dearer to reach.
#[repr(C)]
pub(crate) struct Attempt<'a, 'disk, D, M, C> {
    /// What loads it.
    pub(crate) loader: Loader<'a, 'disk, D, M, C>,
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// Where it lies.
    pub(crate) partition: &'a Partition,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// To read its file with.
    pub(crate) scratch: &'a mut Scratch,
    /// For the command line: empty, or one that a person has written.
    pub(crate) command_line: CommandLine<'a>,
    /// What is noted before the machine is the kernel's.
    pub(crate) notes: Notes<'a>,
    /// Told which file it is about.
    pub(crate) trail: &'a mut Trail,
    /// The kernel, once it was found.
    pub(crate) kernel: Part,
    /// Bytes of the new name of the entry's file, at the start of the line's room; 0
    /// if the attempt is not counted.
    pub(crate) counted: usize,
    /// The image that it boots; None for a kernel that is a file of its own.
    pub(crate) image: Option<Image>,
}

/// What is noted of an attempt, for the next boot and for userspace.
pub(crate) struct Notes<'a> {
    /// The entries.
    pub(crate) list: &'a List<'a>,
    /// What was chosen of them.
    pub(crate) choice: &'a Choice,
    /// The EFI system partition has the state file.
    pub(crate) sources: &'a Sources,
    /// What it says.
    pub(crate) state: &'a mut State,
    /// When the loader began, in ticks.
    pub(crate) began: u32,
}

impl<D: Disk, M: Memory, C: Console> Attempt<'_, '_, D, M, C> {
    /// Checks all that the entry names, notes the attempt, then loads it.
    ///
    /// What was found wrong is an attempt too. Else a machine with nobody at the
    /// keyboard would come back to the same entry for ever, with as many tries
    /// left and the wish for one boot still there.
    ///
    /// # Errors
    /// What is wrong; the trail names the file it is about.
    #[inline(never)]
    pub(crate) fn boot(&mut self) -> Result<Handoff, Error> {
        let checked = self.prepare();
        self.counted = self.count();
        match self.loader.overlay {
            Some(overlay) => overlay.note_and_load(self, checked)?,
            None => self.load(checked)?,
        }
        Ok(self.loader.handoff)
    }

    /// Checks all that the entry names.
    fn prepare(&mut self) -> Result<(), Error> {
        self.check()?;
        let head = self.scratch.line.first_chunk_mut();
        let head = head.ok_or(Error::new(Kind::KernelUnknown, 0))?;
        self.loader
            .prepare(&self.kernel, self.command_line.as_bytes()?, head)?;
        self.trail.file(b"");
        Ok(())
    }

    /// Loads what was checked and found right.
    #[inline(never)] // once in stage2, not in the overlay too
    fn load(&mut self, checked: Result<(), Error>) -> Result<(), Error> {
        checked?;
        self.loader
            .load(&self.kernel, self.command_line.as_bytes()?)?;
        self.initrds(Step::Load)
    }

    /// Checks the initrds, gathers the command line and finds the kernel.
    #[inline(never)] // smaller with registers of its own
    fn check(&mut self) -> Result<(), Error> {
        let volume = self.loader.volume;
        let mut file = self.entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        if !self.entry.has(tag::TYPE2) {
            self.lines(Step::Check)?;
            let path = self.scratch.path.get().unwrap_or_default();
            self.trail.file(path);
            file = volume.find(self.loader.storage, path)?;
        }
        self.kernel = Part::whole(file);
        if !self.entry.has(tag::UKI) {
            return Ok(());
        }
        match self.loader.overlay {
            Some(overlay) => overlay.check_image(self),
            // Images are found by the overlay alone.
            None => Err(Error::new(Kind::OverlayDamaged, OVERLAY_LBA)),
        }
    }

    /// Checks or loads the initrds.
    fn initrds(&mut self, step: Step) -> Result<(), Error> {
        match (self.loader.overlay, &self.image) {
            (Some(overlay), Some(_)) => overlay.companions(self, step),
            _ => self.lines(step),
        }
    }

    /// Goes through the file of a Type 1 entry. At the first time it gathers the
    /// kernel's path and the command line. Initrds beside those of a unified
    /// kernel image mean nothing.
    fn lines(&mut self, step: Step) -> Result<(), Error> {
        let file = self.entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        let mut file = File::open(self.loader.volume, &file);
        while let Some(line) = file.line(self.loader.storage, &mut self.scratch.line)? {
            match type1::pair(line) {
                Some((Key::Initrd, value)) if !self.entry.has(tag::UKI) => {
                    if let Some(path) = type1::initrd(value) {
                        self.trail.file(path);
                        let node = self.loader.volume.find(self.loader.storage, path)?;
                        self.loader.initrd(&Part::whole(node), step)?;
                    }
                }
                Some((Key::Options, value))
                    if step == Step::Check && self.notes.choice.edited.is_none() =>
                {
                    self.command_line.add(value);
                }
                Some((Key::Main(_), path)) => {
                    self.scratch.path.set(&[path]);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts the attempt in the name of the entry's file, and gives the length of the
    /// new name ([`count::attempt`]). That the disk cannot be written keeps nothing from
    /// booting.
    fn count(&mut self) -> usize {
        let Some(file) = &self.entry.file else {
            return 0;
        };
        let (_, suffix) = entry::place(self.entry);
        let counted = count::attempt(
            self.loader.overlay,
            self.loader.storage,
            self.partition,
            (self.loader.volume, file),
            suffix,
            &mut self.scratch.name,
            &mut self.scratch.line,
        );
        counted.unwrap_or_else(|error| {
            self.trail
                .report(self.loader.console, self.loader.overlay, error);
            0
        })
    }

    /// Remembers what was booted, and leaves the node for userspace.
    fn note(&mut self, overlay: Overlay) -> Result<(), Error> {
        let Notes {
            list,
            choice,
            sources,
            state,
            began,
        } = &mut self.notes;
        let id_of = |rank: Option<usize>| {
            let entry = rank.and_then(|rank| list.get(rank));
            entry.map_or(&b""[..], |entry| entry.id())
        };
        let id = self.entry.id();
        if let [Some(esp), _] = sources {
            let changes = choice.changes;
            let update = Update {
                booted: id,
                default: changes.default.map(id_of),
                preferred: changes.preferred.map(id_of),
                timeout: changes.timeout,
            };
            if let Err(error) = state.save(overlay, self.loader.storage, esp, &update) {
                self.trail.report(self.loader.console, Some(overlay), error);
            }
        }
        let (directory, _) = entry::place(self.entry);
        let (room, text) = self.scratch.line.split_at_mut(count::ROOM);
        let node = NodeData {
            selected: id,
            default: id_of(choice.default),
            counted: room
                .get(..self.counted)
                .filter(|name| !name.is_empty())
                .map(|name| CountedFile { directory, name }),
            partition: self.partition,
            began: *began,
            now: self.loader.console.ticks(),
        };
        self.loader.node(node.write(text))
    }
}

impl Overlay {
    /// Notes the attempt, then loads it, which a person can follow.
    #[inline(never)]
    fn note_and_load<D: Disk, M: Memory, C: Console>(
        self,
        attempt: &mut Attempt<D, M, C>,
        checked: Result<(), Error>,
    ) -> Result<(), Error> {
        attempt.note(self)?;
        let loaded = attempt.load(checked);
        attempt.loader.end_progress();
        loaded
    }

    /// The same for a unified kernel image.
    #[inline(never)]
    fn check_image<D: Disk, M: Memory, C: Console>(
        self,
        attempt: &mut Attempt<D, M, C>,
    ) -> Result<(), Error> {
        let storage = &mut *attempt.loader.storage;
        let file = &attempt.kernel.node;
        let mut image = Image::new(attempt.loader.volume, file, attempt.long_mode);
        image.profile = attempt.entry.profile;
        // What an entry or a person says replaces what the image says, wholly.
        let line = &mut attempt.command_line;
        if line.is_empty() {
            uki::command_line(&mut image, storage, &mut attempt.scratch.line, line)?;
        }
        image.find_kernel(storage)?;
        if image.profile >= image.profiles.max(1) {
            return Err(Error::new(Kind::UkiProfile, image.profile.into()));
        }
        attempt.kernel = image.part();
        attempt.image = Some(image);
        attempt.initrds(Step::Check)
    }

    /// The same for a unified kernel image and what lies beside it.
    #[inline(never)]
    fn companions<D: Disk, M: Memory, C: Console>(
        self,
        attempt: &mut Attempt<D, M, C>,
        step: Step,
    ) -> Result<(), Error> {
        let Some(image) = &mut attempt.image else {
            return Ok(());
        };
        uki::Companions {
            image,
            loader: &mut attempt.loader,
            entry: attempt.entry,
            path: attempt.scratch.path.get().unwrap_or_default(),
            line: &mut attempt.scratch.line,
            command_line: &mut attempt.command_line,
        }
        .initrds(step)
    }
}
