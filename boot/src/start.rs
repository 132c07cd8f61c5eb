//! From the entry that was chosen to a kernel in memory.

use crate::Handoff;
use crate::count;
use crate::entries::entry::{Entry, tag};
use crate::entries::scan;
use crate::entries::type1::{self, Key};
use crate::error::{Error, Kind};
use crate::fat::{self, File};
use crate::inventory::Source;
use crate::load::cmdline::CommandLine;
use crate::load::{Loader, Part, Step};
use crate::machine::{Console, Disk, Memory};
use crate::node::Node;
use crate::overlay::Overlay;
use crate::report::Trail;
use crate::state::{Changes, State};
use crate::uki::{self, Image};
use crate::workspace::Scratch;
use layout::disk::OVERLAY_LBA;

/// An entry that is on its way.
///
/// The file of a Type 1 entry is read once more for each step, since it says what
/// the kernel and the initrds are and in which order they come. So are the
/// headers of a unified kernel image.
pub(crate) struct Attempt<'a, 'disk, D, M, C> {
    /// What loads it.
    pub(crate) loader: Loader<'a, 'disk, D, M, C>,
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// Where it comes from.
    pub(crate) source: &'a Source,
    /// The image that it boots; None for a kernel that is a file of its own.
    pub(crate) image: Option<Image>,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
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
    #[inline(never)]
    pub(crate) fn boot(mut self) -> Result<Handoff, Error> {
        let kernel = self.check()?;
        let head = self.scratch.line.first_chunk_mut();
        let head = head.ok_or(Error::new(Kind::KernelUnknown, 0))?;
        self.loader
            .prepare(&kernel, self.command_line.as_bytes()?, head)?;
        match self.loader.overlay {
            Some(overlay) => self.note_and_load(overlay, &kernel)?,
            None => self.load(&kernel)?,
        }
        Ok(self.loader.handoff)
    }

    /// Notes the attempt, then loads it, which a person can follow.
    #[inline(never)]
    fn note_and_load(&mut self, overlay: &Overlay, kernel: &Part) -> Result<(), Error> {
        self.note(overlay)?;
        let loaded = self.load(kernel);
        self.loader.end_progress(overlay);
        loaded
    }

    /// Loads what was checked.
    #[inline(never)] // once in stage2, not in the overlay too
    fn load(&mut self, kernel: &Part) -> Result<(), Error> {
        self.loader.load(kernel, self.command_line.as_bytes()?)?;
        self.initrds(Step::Load)
    }

    /// Checks the initrds and gathers the command line; gives the kernel.
    fn check(&mut self) -> Result<Part, Error> {
        let volume = self.loader.volume;
        let mut file = self.entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        if !self.entry.has(tag::TYPE2) {
            self.lines(Step::Check)?;
            let path = self.scratch.path.get().unwrap_or_default();
            self.trail.file(path);
            file = volume.find(self.loader.storage, path)?;
        }
        if !self.entry.has(tag::UKI) {
            return Ok(Part::whole(file));
        }
        match self.loader.overlay {
            Some(overlay) => self.check_image(overlay, &file),
            // Images are found by the overlay alone.
            None => Err(Error::new(Kind::OverlayDamaged, OVERLAY_LBA)),
        }
    }

    /// The same for a unified kernel image.
    #[inline(never)]
    fn check_image(&mut self, _: &Overlay, file: &fat::Node) -> Result<Part, Error> {
        let storage = &mut *self.loader.storage;
        let mut image = Image::new(self.loader.volume, file, self.long_mode);
        image.profile = self.entry.profile;
        // What an entry or a person says replaces what the image says, wholly.
        let line = &mut self.command_line;
        if line.is_empty() {
            uki::command_line(&mut image, storage, &mut self.scratch.line, line)?;
        }
        image.find_kernel(storage)?;
        if image.profile >= image.profiles.max(1) {
            return Err(Error::new(Kind::UkiProfile, image.profile.into()));
        }
        let kernel = image.part();
        self.image = Some(image);
        self.initrds(Step::Check)?;
        Ok(kernel)
    }

    /// Checks or loads the initrds.
    fn initrds(&mut self, step: Step) -> Result<(), Error> {
        let (Some(image), Some(overlay)) = (&mut self.image, self.loader.overlay) else {
            return self.lines(step);
        };
        uki::Companions {
            image,
            loader: &mut self.loader,
            entry: self.entry,
            path: self.scratch.path.get().unwrap_or_default(),
            line: &mut self.scratch.line,
            command_line: &mut self.command_line,
        }
        .initrds(overlay, step)
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
                Some((Key::Options, value)) if step == Step::Check && !self.edited => {
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

    /// Remembers what was booted, counts the attempt, and leaves the node for
    /// userspace. That the disk cannot be written keeps nothing from booting.
    fn note(&mut self, overlay: &Overlay) -> Result<(), Error> {
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
            self.trail.report(self.loader.console, Some(overlay), error);
        }
        let (directory, suffix) = scan::place(self.entry);
        let (room, text) = self.scratch.line.split_at_mut(count::ROOM);
        let counted = match &self.entry.file {
            Some(file) => count::attempt(
                storage,
                &self.source.partition,
                (self.loader.volume, file),
                suffix,
                &mut self.scratch.name,
                room,
            ),
            None => Ok(None),
        };
        let counted = counted.unwrap_or_else(|error| {
            self.trail.report(self.loader.console, Some(overlay), error);
            None
        });
        let node = Node {
            selected: id,
            default,
            counted: counted.map(|name| [directory, name]),
            partition: &self.source.partition,
            began: *began,
            now: self.loader.console.ticks(),
        };
        self.loader.node(node.write(text))
    }
}
