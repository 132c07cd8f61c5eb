//! Finding the entries of a volume.
//!
//! A fault in a file costs only that file: the scan names it to the caller, who may
//! show it, and goes on.

use crate::disk::storage::Storage;
use crate::entries::counter::EntryName;
use crate::entries::entry::{TYPE1, TYPE2, tag};
use crate::entries::list::List;
use crate::entries::type1::{Draft, Main};
use crate::error::{Error, Kind};
use crate::fat::{DirEntry, File, Volume};
use crate::load::bzimage::{MAGIC, MAGIC_AT};
use crate::machine::Disk;
use crate::overlay::Overlay;
use crate::uki::{self, Image};
use crate::workspace::Scratch;
use layout::disk::OVERLAY_LBA;

/// Entry files of this size or more, in bytes, are skipped.
const TOO_LARGE: u32 = 64 << 10;

/// Gets each skipped file: its name, the file that it names if that one is to blame,
/// and the reason.
pub type Problem<'p> = dyn FnMut(&[u8], &[u8], Error) + 'p;

/// The means to read a volume.
pub(crate) struct Scan<'s, 'd, D: Disk> {
    /// The disk.
    pub(crate) storage: &'s mut Storage<'d, D>,
    /// The file system.
    pub(crate) volume: &'s Volume,
    /// The bits of [`tag`] for the volume.
    pub(crate) tag: u8,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// The code that reads unified kernel images. Without it, an image that is also a
    /// bzImage counts as a kernel.
    pub(crate) overlay: Option<Overlay>,
}

impl<D: Disk> Scan<'_, '_, D> {
    /// Offers every entry of the volume to `list`. Skipped files go to `problem`.
    pub(crate) fn all(&mut self, scratch: &mut Scratch, list: &mut List, problem: &mut Problem) {
        self.directory(TYPE2, scratch, list, problem);
        self.directory(TYPE1, scratch, list, problem);
    }

    /// Offers the entries in one directory.
    fn directory(
        &mut self,
        path: &[u8],
        scratch: &mut Scratch,
        list: &mut List,
        problem: &mut Problem,
    ) {
        let directory = match self.volume.find(self.storage, path) {
            Ok(node) if node.is_directory() => node,
            Ok(_) => return,
            Err(error) if error.is(Kind::NotFound) => return,
            Err(error) => return problem(b"", path, error),
        };
        let mut walk = self.volume.walk(&directory);
        loop {
            // After a sector that can't be read the directory goes on.
            let node = match walk.next(self.storage, &mut scratch.name) {
                Ok(Some(node)) => node,
                Ok(None) => return,
                Err(error) => {
                    problem(b"", path, error);
                    continue;
                }
            };
            if node.is_directory() {
                continue;
            }
            scratch.path.clear();
            let offered = match self.overlay {
                Some(overlay) if path == TYPE2 => overlay.offer_type2(self, &node, scratch, list),
                _ => self.offer(&node, path, scratch, list),
            };
            if let Err(error) = offered {
                let kernel = scratch.path.get().unwrap_or_default();
                problem(scratch.name.as_bytes(), kernel, error);
            }
        }
    }

    /// Offers one entry to `list`, if the name of its file is an entry's.
    fn offer(
        &mut self,
        node: &DirEntry,
        path: &[u8],
        scratch: &mut Scratch,
        list: &mut List,
    ) -> Result<(), Error> {
        let is_type1 = path == TYPE1;
        let suffix: &[u8] = if is_type1 { b".conf" } else { b".efi" };
        let Some(name) = EntryName::parse(scratch.name.as_bytes(), suffix) else {
            return Ok(());
        };
        let mut draft = Draft::new(&name, &mut scratch.entry, &mut scratch.path);
        let bits = if is_type1 {
            self.read_type1(node, &mut draft, &mut scratch.line)?
        } else {
            draft.check_id()?;
            self.check_bzimage(node)?
        };
        draft.entry.file = Some(*node);
        draft.entry.tag = self.tag | bits;
        list.offer(draft.entry);
        Ok(())
    }

    /// Reads the file of a Type 1 entry, and gives the bits of [`tag`] for it.
    fn read_type1(
        &mut self,
        node: &DirEntry,
        draft: &mut Draft,
        line: &mut [u8],
    ) -> Result<u8, Error> {
        if node.size() >= TOO_LARGE {
            return Err(Error::new(Kind::EntryTooLarge, node.size().into()));
        }
        let mut file = File::open(self.volume, node);
        while let Some(line) = file.line(self.storage, line)? {
            draft.line(line, self.long_mode);
        }
        let (main, path) = match draft.main() {
            Ok(found) => found,
            Err(error) => {
                // The entry is to blame, not the file that it names.
                draft.path.clear();
                return Err(error);
            }
        };
        let file = self.volume.find(self.storage, path)?;
        if file.is_directory() {
            return Err(Error::new(Kind::NotFound, 0));
        }
        match (main, self.overlay) {
            (Main::Linux, _) => Ok(0),
            (_, None) => Err(Error::new(Kind::OverlayDamaged, OVERLAY_LBA)),
            (Main::Efi, Some(overlay)) => overlay.check_efi(self, &file),
            _ => Ok(tag::UKI),
        }
    }

    /// Checks that a unified kernel image is a bzImage too. Its code for a BIOS knows
    /// its sections, so without the overlay the image boots like any other kernel, with
    /// no initrd and an empty command line.
    fn check_bzimage(&mut self, node: &DirEntry) -> Result<u8, Error> {
        if is_kernel(self.storage, File::open(self.volume, node))? {
            return Ok(tag::TYPE2);
        }
        Err(Error::new(Kind::OverlayDamaged, OVERLAY_LBA))
    }
}

/// True if a kernel begins at the position of the file.
fn is_kernel<D: Disk>(storage: &mut Storage<D>, mut file: File) -> Result<bool, Error> {
    let mut magic = [0; MAGIC.len()];
    file.seek(file.position().wrapping_add(MAGIC_AT));
    file.read_small(storage, &mut magic)?;
    Ok(magic == MAGIC)
}

impl Overlay {
    /// Checks that the file of an `efi` line contains a kernel or is one, and gives the
    /// bits of [`tag`] for it.
    #[inline(never)] // a way into the overlay
    fn check_efi<D: Disk>(self, scan: &mut Scan<D>, node: &DirEntry) -> Result<u8, Error> {
        let mut image = Image::new(scan.volume, node, scan.long_mode);
        image.find_kernel(scan.storage)?;
        if is_kernel(scan.storage, image.file)? {
            return Ok(tag::UKI);
        }
        Err(Error::new(Kind::EntryUnsupported, 0))
    }

    /// Offers the profiles of a unified kernel image to `list`, if the file's
    /// name is an entry's.
    #[inline(never)] // a way into the overlay
    fn offer_type2<D: Disk>(
        self,
        scan: &mut Scan<D>,
        node: &DirEntry,
        scratch: &mut Scratch,
        list: &mut List,
    ) -> Result<(), Error> {
        let Some(name) = EntryName::parse(scratch.name.as_bytes(), b".efi") else {
            return Ok(());
        };
        let mut image = Image::new(scan.volume, node, scan.long_mode);
        let mut result = Err(Error::new(Kind::UkiUnknown, 0));
        loop {
            let draft = Draft::new(&name, &mut scratch.entry, &mut scratch.path);
            let (entry, text) = draft.without_lines()?;
            let mut reader = uki::Reader {
                image: &mut image,
                storage: scan.storage,
                line: &mut scratch.line,
                text,
            };
            match reader.describe(entry) {
                // A profile may hide a section that the menu needs.
                Err(error) if error.is(Kind::UkiUnknown) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    entry.file = Some(*node);
                    entry.tag = scan.tag | tag::UKI | tag::TYPE2;
                    list.offer(entry);
                    result = Ok(());
                }
            }
            image.profile = image.profile.wrapping_add(1);
            if image.profile >= image.profiles {
                scratch.path.clear();
                return result;
            }
        }
    }
}
