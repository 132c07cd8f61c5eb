//! From the entry that was chosen to a kernel in memory.

use crate::Handoff;
use crate::entries::entry::{Entry, tag};
use crate::entries::text::Text;
use crate::entries::type1::{self, Key};
use crate::error::{Error, Kind};
use crate::fat::{File, Node};
use crate::load::cmdline::CommandLine;
use crate::load::{Loader, Part, Step};
use crate::machine::{Disk, Memory};
use crate::overlay::Overlay;
use crate::report::Trail;
use crate::uki::{self, Image};
use crate::workspace::LINE;

/// An entry that is on its way.
///
/// The file of a Type 1 entry is read once more for each step, since it says what
/// the kernel and the initrds are and in which order they come. So are the
/// headers of a unified kernel image.
pub(crate) struct Start<'a, 'disk, D, M> {
    /// What loads it.
    pub(crate) loader: Loader<'a, 'disk, D, M>,
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// Its file.
    pub(crate) file: Node,
    /// The image that it boots; None for a kernel that is a file of its own.
    pub(crate) image: Option<Image>,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// What passes on the files beside a unified kernel image, if it is there.
    pub(crate) overlay: Option<Overlay>,
    /// For one line of a file.
    pub(crate) line: &'a mut [u8; LINE],
    /// For the path of the kernel or image.
    pub(crate) path: &'a mut Text,
    /// For the command line.
    pub(crate) command_line: CommandLine<'a>,
    /// Told which file it is about.
    pub(crate) trail: &'a mut Trail,
}

impl<D: Disk, M: Memory> Start<'_, '_, D, M> {
    /// Checks all that the entry names, then loads it.
    ///
    /// # Errors
    /// What is wrong; the trail names the file it is about.
    pub(crate) fn boot(mut self) -> Result<Handoff, Error> {
        let kernel = self.check()?;
        let command_line = self.command_line.as_bytes()?;
        let head = self
            .line
            .first_chunk_mut()
            .ok_or(Error::new(Kind::KernelUnknown, 0))?;
        self.loader.prepare(&kernel, command_line, head)?;
        self.loader.load(&kernel, command_line)?;
        self.initrds(Step::Load)?;
        Ok(self.loader.handoff)
    }

    /// Checks the initrds and gathers the command line; gives the kernel.
    fn check(&mut self) -> Result<Part, Error> {
        let volume = self.loader.volume;
        let mut file = self.file;
        if !self.entry.has(tag::TYPE2) {
            self.lines(Step::Check)?;
            let path = self.path.get().unwrap_or_default();
            self.trail.file(path);
            file = volume.find(self.loader.storage, path)?;
        }
        if !self.entry.has(tag::UKI) {
            return Ok(Part::whole(file));
        }
        let storage = &mut *self.loader.storage;
        let mut image = Image::new(volume, &file, self.long_mode);
        image.profile = self.entry.profile;
        // What an entry says replaces what the image says, wholly.
        if self.command_line.is_empty() {
            let into = &mut self.command_line;
            uki::command_line(&mut image, storage, self.line, into)?;
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
        let Some(image) = &mut self.image else {
            return self.lines(step);
        };
        let Some(overlay) = &self.overlay else {
            return uki::initrds(image, &mut self.loader, step);
        };
        uki::Companions {
            image,
            loader: &mut self.loader,
            entry: self.entry,
            file: &self.file,
            path: self.path.get().unwrap_or_default(),
            line: self.line,
            command_line: &mut self.command_line,
        }
        .initrds(overlay, step)
    }

    /// Goes through the file of a Type 1 entry. At the first time it gathers the
    /// kernel's path and the command line. Initrds beside those of a unified
    /// kernel image mean nothing.
    fn lines(&mut self, step: Step) -> Result<(), Error> {
        let mut file = File::open(self.loader.volume, &self.file);
        while let Some(line) = file.line(self.loader.storage, self.line)? {
            match type1::pair(line) {
                Some((Key::Initrd, value)) if !self.entry.has(tag::UKI) => {
                    if let Some(path) = type1::initrd(value) {
                        self.trail.file(path);
                        let node = self.loader.volume.find(self.loader.storage, path)?;
                        self.loader.initrd(&Part::whole(node), step)?;
                    }
                }
                Some((Key::Options, value)) if step == Step::Check => self.command_line.add(value),
                Some((Key::Main(_), path)) => {
                    self.path.set(&[path]);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
