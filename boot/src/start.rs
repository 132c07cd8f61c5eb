//! From the entry that was chosen to a kernel in memory.

use crate::Handoff;
use crate::entries::text::Text;
use crate::entries::type1::{self, Key, Main};
use crate::error::{Error, Kind};
use crate::fat::{File, Node};
use crate::load::cmdline::CommandLine;
use crate::load::{Loader, Part, Step};
use crate::machine::{Disk, Memory};
use crate::report::Trail;
use crate::workspace::LINE;

/// An entry of type 1 that is on its way.
///
/// Its file is read once more for each step, since it says what the kernel and
/// the initrds are and in which order they come.
pub(crate) struct Type1<'a, 'disk, D, M> {
    /// What loads it.
    pub(crate) loader: Loader<'a, 'disk, D, M>,
    /// The entry's file.
    pub(crate) entry: &'a Node,
    /// For one line of it.
    pub(crate) line: &'a mut [u8; LINE],
    /// For the kernel's path.
    pub(crate) path: &'a mut Text,
    /// For the command line.
    pub(crate) command_line: CommandLine<'a>,
    /// Told which file it is about.
    pub(crate) trail: &'a mut Trail,
}

impl<D: Disk, M: Memory> Type1<'_, '_, D, M> {
    /// Checks all that the entry names, then loads it.
    ///
    /// # Errors
    /// What is wrong; the trail names the file it is about.
    pub(crate) fn boot(mut self) -> Result<Handoff, Error> {
        self.lines(Step::Check)?;
        let path = self.path.get().unwrap_or_default();
        self.trail.file(path);
        let kernel = Part::whole(self.loader.volume.find(self.loader.storage, path)?);
        let command_line = self.command_line.as_bytes()?;
        let head = self
            .line
            .first_chunk_mut()
            .ok_or(Error::new(Kind::KernelUnknown, 0))?;
        self.loader.prepare(&kernel, command_line, head)?;
        self.loader.load(&kernel, command_line)?;
        self.lines(Step::Load)?;
        Ok(self.loader.handoff)
    }

    /// Goes through the entry's file. At the first time it gathers the kernel's
    /// path and the command line.
    fn lines(&mut self, step: Step) -> Result<(), Error> {
        let mut file = File::open(self.loader.volume, self.entry);
        while let Some(line) = file.line(self.loader.storage, self.line)? {
            match type1::pair(line) {
                Some((Key::Initrd, value)) => {
                    if let Some(path) = type1::initrd(value) {
                        self.trail.file(path);
                        let node = self.loader.volume.find(self.loader.storage, path)?;
                        self.loader.initrd(&Part::whole(node), step)?;
                    }
                }
                Some((Key::Options, value)) if step == Step::Check => self.command_line.add(value),
                Some((Key::Main(Main::Linux), path)) => {
                    self.path.set(&[path]);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
