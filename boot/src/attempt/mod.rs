//! One attempt to boot an entry: from its file to a kernel in memory.
//!
//! | module | what |
//! |---|---|
//! | [`count`] | the attempt in the name of the entry's file |
//! | `node` | the report on the boot for userspace |

pub mod count;
mod node;

use crate::disk::partition::Partition;
use crate::disk::storage::Storage;
use crate::entries::entry::{self, Entry, tag};
use crate::entries::list::List;
use crate::entries::type1::{self, EntryKey};
use crate::error::{Error, Kind};
use crate::fat::{DirEntry, File, Sources};
use crate::handoff::Handoff;
use crate::load::cmdline::CommandLine;
use crate::load::{Extent, Loader, Pass};
use crate::machine::{Console, Disk, Memory};
use crate::overlay::Overlay;
use crate::report::Trail;
use crate::settings::state::{Changes, State, Update};
use crate::text::Text;
use crate::uki::{self, Image};
use layout::disk::OVERLAY_LBA;
use layout::node::DATA_SIZE;
use node::{CountedFile, NodeData};

/// An attempt to boot an entry: the loader, the entry and the memory for the work.
pub(crate) struct Attempt<'a, 'disk, D, M, C> {
    /// The loader of its files.
    pub(crate) loader: Loader<'a, 'disk, D, M, C>,
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// The partition on which it lies.
    pub(crate) partition: &'a Partition,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// For one line of a file.
    pub(crate) line: &'a mut [u8],
    /// For the path of the kernel or image that the entry's file names.
    pub(crate) path: &'a mut Text,
    /// For the command line: empty, or one that a person has written.
    pub(crate) command_line: CommandLine<'a>,
    /// The names for messages.
    pub(crate) trail: &'a mut Trail,
}

/// The notes on an attempt, for the next boot and for userspace.
pub(crate) struct Notes<'a> {
    /// The entries.
    pub(crate) list: &'a List<'a>,
    /// The rank of the entry that boots when nobody chooses.
    pub(crate) default: Option<usize>,
    /// The changes that a person made at the menu.
    pub(crate) changes: &'a Changes,
    /// The volumes. The one of the EFI system partition has the state file.
    pub(crate) sources: &'a Sources,
    /// The content of the state file.
    pub(crate) state: &'a mut State,
    /// When the loader began, in ticks.
    pub(crate) began: u32,
}

/// The results of the checks.
pub(crate) struct Plan {
    kernel: Extent,
    /// The image that it lies in; None for a kernel that is a file of its own.
    image: Option<Image>,
}

/// An attempt that failed.
pub(crate) struct Failure {
    /// The error; the trail names the file that it is about.
    pub(crate) error: Error,
    /// The attempt was counted.
    pub(crate) counted: bool,
}

impl<D: Disk, M: Memory, C: Console> Attempt<'_, '_, D, M, C> {
    /// Checks everything that the entry names, counts and notes the attempt, then loads
    /// the entry.
    ///
    /// An entry that fails the checks has used an attempt too. Otherwise a machine with
    /// nobody at the keyboard would come back to the same entry for ever, with the same
    /// number of attempts left and the setting for one boot still there.
    pub(crate) fn boot(
        &mut self,
        mut notes: Notes,
        names: &mut count::Names,
    ) -> Result<Handoff, Failure> {
        let plan = self.check();
        let counted = self.count(names);
        let noted = match self.loader.overlay {
            Some(overlay) => overlay.note(self, &mut notes, counted),
            None => Ok(()),
        };
        let counted = counted.is_some();
        let loaded = noted.and(plan).and_then(|mut plan| self.load(&mut plan));
        match loaded {
            Ok(()) => Ok(self.loader.handoff),
            Err(error) => Err(Failure { error, counted }),
        }
    }

    /// Checks the initrds, gathers the command line, and finds the kernel and a place
    /// for everything.
    #[inline(never)] // its own frame saves 64 bytes
    fn check(&mut self) -> Result<Plan, Error> {
        let file = self.main_file()?;
        let mut plan = Plan {
            kernel: Extent::whole(file),
            image: None,
        };
        if self.entry.has(tag::UKI) {
            match self.loader.overlay {
                Some(overlay) => overlay.check_image(self, &mut plan)?,
                None => return Err(Error::new(Kind::OverlayDamaged, OVERLAY_LBA)),
            }
        }
        let command_line = self.command_line.as_bytes()?;
        self.loader.prepare(&plan.kernel, command_line)?;
        self.trail.file(b"");
        Ok(plan)
    }

    /// The file that boots: the entry's own, or the one that it names.
    fn main_file(&mut self) -> Result<DirEntry, Error> {
        let file = self.entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        if self.entry.has(tag::TYPE2) {
            return Ok(file);
        }
        self.lines(Pass::Check)?;
        let path = self.path.get().unwrap_or_default();
        self.trail.file(path);
        self.loader.volume.find(self.loader.storage, path)
    }

    /// Counts the attempt in the name of the entry's file, and gives the new name. The
    /// entry boots even if the disk cannot be written.
    #[inline(never)] // its own frame saves 58 bytes
    fn count<'n>(&mut self, names: &'n mut count::Names) -> Option<&'n [u8]> {
        let file = self.entry.file?;
        let (_, suffix) = entry::place(self.entry);
        let loader = &mut self.loader;
        let counted = count::attempt(
            loader.overlay,
            loader.storage,
            self.partition,
            loader.volume,
            &file,
            suffix,
            names,
        );
        counted.unwrap_or_else(|error| {
            self.trail.report(loader.console, loader.overlay, error);
            None
        })
    }

    /// Loads the files that passed the checks, and shows the progress.
    fn load(&mut self, plan: &mut Plan) -> Result<(), Error> {
        let command_line = self.command_line.as_bytes()?;
        let loaded = self.loader.load(&plan.kernel, command_line);
        let loaded = loaded.and_then(|()| match (self.loader.overlay, &mut plan.image) {
            (Some(overlay), Some(image)) => overlay.companions(self, image, Pass::Load),
            _ => self.lines(Pass::Load),
        });
        self.loader.end(loaded)
    }

    /// Goes through the file of a Type 1 entry: checks or loads its initrds. The check also
    /// gathers the path of the file that boots and the command line, unless a person
    /// has written one. The `initrd` lines of an entry for a unified kernel image are
    /// ignored.
    fn lines(&mut self, pass: Pass) -> Result<(), Error> {
        if self.entry.has(tag::TYPE2) {
            return Ok(());
        }
        let file = self.entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        let takes_options = pass == Pass::Check && !self.command_line.is_edited();
        let mut file = File::open(self.loader.volume, &file);
        while let Some(line) = file.line(self.loader.storage, self.line)? {
            match type1::pair(line) {
                Some((EntryKey::Initrd, path)) if !self.entry.has(tag::UKI) => {
                    self.trail.file(path);
                    let node = self.loader.volume.find(self.loader.storage, path)?;
                    self.loader.initrd(&Extent::whole(node), pass)?;
                }
                Some((EntryKey::Options, value)) if takes_options => {
                    self.command_line.add(value);
                }
                Some((EntryKey::Main(_), path)) => {
                    self.path.set(&[path]);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Overlay {
    /// Checks a unified kernel image: finds its kernel and checks its initrds, and takes
    /// its command line unless the entry or a person has one, which replaces the
    /// image's own.
    #[inline(never)] // a way into the overlay
    fn check_image<D: Disk, M: Memory, C: Console>(
        self,
        attempt: &mut Attempt<D, M, C>,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        let storage = &mut *attempt.loader.storage;
        let mut image = Image::new(attempt.loader.volume, &plan.kernel.node, attempt.long_mode);
        image.profile = attempt.entry.profile;
        let line = &mut attempt.command_line;
        if line.is_empty() {
            uki::command_line(&mut image, storage, attempt.line, line)?;
        }
        image.find_kernel(storage)?;
        if image.profile >= image.profiles.max(1) {
            return Err(Error::new(Kind::UkiProfile, image.profile.into()));
        }
        plan.kernel = image.part();
        let image = plan.image.insert(image);
        self.companions(attempt, image, Pass::Check)
    }

    /// Checks or loads the initrds of a unified kernel image and the files beside the
    /// image.
    #[inline(never)] // a way into the overlay
    fn companions<D: Disk, M: Memory, C: Console>(
        self,
        attempt: &mut Attempt<D, M, C>,
        image: &mut Image,
        pass: Pass,
    ) -> Result<(), Error> {
        uki::Companions {
            image,
            loader: &mut attempt.loader,
            entry: attempt.entry,
            path: attempt.path.get().unwrap_or_default(),
            line: attempt.line,
            command_line: &mut attempt.command_line,
        }
        .initrds(pass)
    }

    /// Remembers the entry that boots, and leaves the node for userspace. `counted` is
    /// the new name of the entry's file.
    ///
    /// # Errors
    /// Those of [`Loader::node`].
    #[inline(never)] // a way into the overlay
    fn note<D: Disk, M: Memory, C: Console>(
        self,
        attempt: &mut Attempt<D, M, C>,
        notes: &mut Notes,
        counted: Option<&[u8]>,
    ) -> Result<(), Error> {
        let Attempt { loader, entry, .. } = attempt;
        if let Err(error) = notes.save(self, loader.storage, entry.id()) {
            attempt.trail.report(loader.console, Some(self), error);
        }
        let (directory, _) = entry::place(entry);
        let node = NodeData {
            selected: entry.id(),
            default: notes.list.id_of(notes.default),
            counted: counted.map(|name| CountedFile { directory, name }),
            partition: attempt.partition,
            began: notes.began,
            now: loader.console.ticks(),
        };
        loader.node(node.write(&mut [0; DATA_SIZE]))
    }
}

impl Notes<'_> {
    /// Remembers for the next boots that the entry `id` boots, and what a person changed.
    fn save<D: Disk>(
        &mut self,
        overlay: Overlay,
        storage: &mut Storage<D>,
        id: &[u8],
    ) -> Result<(), Error> {
        let [Some(esp), _] = self.sources else {
            return Ok(());
        };
        let id_of = |rank| self.list.id_of(rank);
        let update = Update {
            booted: id,
            default: self.changes.default.map(id_of),
            preferred: self.changes.preferred.map(id_of),
            timeout: self.changes.timeout,
        };
        self.state.save(overlay, storage, esp, &update)
    }
}
