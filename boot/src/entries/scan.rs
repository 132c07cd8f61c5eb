//! Finding the entries of a volume.
//!
//! Whatever is wrong with one file costs that file: it is named to the caller,
//! who may show it, and the scan goes on.

use super::counter::Name;
use super::list::List;
use super::type1::{Draft, Main};
use crate::error::{Error, Kind};
use crate::fat::{File, Node, Volume};
use crate::machine::Disk;
use crate::storage::Storage;
use crate::workspace::Scratch;

/// Where entries of type 1 lie (UAPI.1, "Type #1 Boot Loader Specification
/// Entries").
pub const DIRECTORY: &[u8] = b"/loader/entries";

/// Entry files of this size or more, in bytes, cost themselves.
const TOO_LARGE: u32 = 64 << 10;

/// Is told of a file that is no entry: its name, the file that it names if that
/// is to blame, and why.
pub type Problem<'p> = dyn FnMut(&[u8], &[u8], Error) + 'p;

/// What a scan reads with.
pub(crate) struct Scan<'s, 'd, D: Disk> {
    /// The disk.
    pub(crate) storage: &'s mut Storage<'d, D>,
    /// The file system.
    pub(crate) volume: &'s Volume,
    /// The caller's number for the volume, kept in its entries.
    pub(crate) tag: u8,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
}

impl<D: Disk> Scan<'_, '_, D> {
    /// Offers every Type 1 entry of the volume to `list`. Files that are
    /// none go to `problem`.
    pub(crate) fn type1(&mut self, scratch: &mut Scratch, list: &mut List, problem: &mut Problem) {
        let directory = match self.volume.find(self.storage, DIRECTORY) {
            Ok(node) if node.is_directory() => node,
            Ok(_) => return,
            Err(error) if error.is(Kind::NotFound) => return,
            Err(error) => return problem(b"", DIRECTORY, error),
        };
        let mut walk = self.volume.walk(&directory);
        loop {
            // Behind a sector that can't be read the directory goes on.
            let node = match walk.next(self.storage, &mut scratch.name) {
                Ok(Some(node)) => node,
                Ok(None) => return,
                Err(error) => {
                    problem(b"", DIRECTORY, error);
                    continue;
                }
            };
            if node.is_directory() {
                continue;
            }
            if let Err(error) = self.offer_type1(&node, scratch, list) {
                let kernel = scratch.path.get().unwrap_or_default();
                problem(scratch.name.as_bytes(), kernel, error);
            }
        }
    }

    /// Reads one file and offers it to `list`, if its name is an entry's.
    fn offer_type1(
        &mut self,
        node: &Node,
        scratch: &mut Scratch,
        list: &mut List,
    ) -> Result<(), Error> {
        let Some(name) = Name::parse(scratch.name.as_bytes(), b".conf") else {
            return Ok(());
        };
        if node.size() >= TOO_LARGE {
            return Err(Error::new(Kind::EntryTooLarge, node.size().into()));
        }
        let mut draft = Draft::new(&name, &mut scratch.entry, &mut scratch.path);
        let mut file = File::open(self.volume, node);
        while let Some(line) = file.line(self.storage, &mut scratch.line)? {
            draft.line(line, self.long_mode);
        }
        let path = match draft.main() {
            Ok((Main::Linux, path)) => path,
            other => {
                let error = other.err();
                scratch.path.clear();
                return Err(error.unwrap_or(Error::new(Kind::EntryUnsupported, 0)));
            }
        };
        if self.volume.find(self.storage, path)?.is_directory() {
            return Err(Error::new(Kind::NotFound, 0));
        }
        draft.entry.file = Some(*node);
        draft.entry.tag = self.tag;
        list.offer(draft.entry);
        Ok(())
    }
}
