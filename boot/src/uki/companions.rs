//! What lies beside an image: addons, credentials and extension images, and
//! what the image says of itself, for its initrd (systemd-stub(7)).
//!
//! | what | where |
//! |---|---|
//! | for one image, `X.efi` | `X.efi.extra.d/`, beside it and named without a counter |
//! | for all images of the partition | `/loader/addons`, `/loader/credentials`, `/loader/extensions` |
//! | for one entry of type 1 | the files of its `extra` lines |
//!
//! Later archives win over earlier ones, except for microcode, where the first
//! does. Nobody has signed any of it: on a BIOS there is nothing that would
//! check. A file that can't be read is left out, as systemd-stub has it.

use super::cmdline::command_line;
use super::cpio::{self, Archive, Place};
use super::image::{Image, Name, names};
use super::listing::{Listing, Suffix, ends_in};
use crate::entries::counter;
use crate::entries::entry::TYPE2;
use crate::entries::entry::{Entry, tag};
use crate::entries::type1::{self, Key};
use crate::error::Error;
use crate::fat::{File, Node};
use crate::load::cmdline::CommandLine;
use crate::load::{Loader, Part, Step};
use crate::machine::{Console, Disk, Memory};
use crate::text::Text;

const ADDON: Suffix = all(b".addon.efi");
const CREDENTIAL: Suffix = all(b".cred");
const CONFEXT: Suffix = all(b".confext.raw");
const SYSEXT: Suffix = Suffix {
    is: b".raw",
    is_not: CONFEXT.is,
};

const ADDONS: &[u8] = b"/loader/addons";

/// What is packed from directories, in this order: for the image where no
/// directory is named, else for all.
const SETS: [(Option<&[u8]>, Suffix, Place); 6] = [
    (None, CREDENTIAL, secret(b".extra/credentials")),
    (
        Some(b"/loader/credentials"),
        CREDENTIAL,
        secret(b".extra/global_credentials"),
    ),
    (None, SYSEXT, public(b".extra/sysext")),
    (
        Some(b"/loader/extensions"),
        SYSEXT,
        public(b".extra/global_sysext"),
    ),
    (None, CONFEXT, public(b".extra/confext")),
    (
        Some(b"/loader/extensions"),
        CONFEXT,
        public(b".extra/global_confext"),
    ),
];

/// What an `extra` line may name.
const EXTRAS: [(&[u8], Place); 3] = [
    (CREDENTIAL.is, SETS[0].2),
    (b".sysext.raw", SETS[2].2),
    (CONFEXT.is, SETS[4].2),
];

/// The sections that are passed on, and the names of their files.
const PASSED_ON: [(Name, &[u8]); 4] = [
    (*b".pcrsig\0", b"tpm2-pcr-signature.json"),
    (*b".pcrpkey", b"tpm2-pcr-public-key.pem"),
    (names::OSREL, b"os-release"),
    (names::PROFILE, b"profile"),
];

/// The version of the kernel, which addons may be made for.
const UNAME: Name = *b".uname\0\0";
/// The longest that is compared.
const UNAME_ROOM: usize = 128;

const fn all(is: &'static [u8]) -> Suffix {
    Suffix { is, is_not: b"" }
}

const fn secret(directory: &'static [u8]) -> Place {
    Place {
        directory,
        directory_mode: 0o500,
        file_mode: 0o400,
    }
}

const fn public(directory: &'static [u8]) -> Place {
    Place {
        directory,
        directory_mode: 0o555,
        file_mode: 0o444,
    }
}

/// Checks or loads all initrds of an image.
pub(crate) struct Companions<'a, 'l, 'disk, 'c, D, M, C> {
    /// The image.
    pub(crate) image: &'a mut Image,
    /// What loads them.
    pub(crate) loader: &'a mut Loader<'l, 'disk, D, M, C>,
    /// The entry that boots it.
    pub(crate) entry: &'a Entry,
    /// The path of the image, for an entry of type 1.
    pub(crate) path: &'a [u8],
    /// For one line.
    pub(crate) line: &'a mut [u8],
    /// Gets what addons add to it.
    pub(crate) command_line: &'a mut CommandLine<'c>,
}

impl<D: Disk, M: Memory, C: Console> Companions<'_, '_, '_, '_, D, M, C> {
    /// Checks or loads the initrds; at the check, adds to the command line.
    ///
    /// # Errors
    /// Those of [`Listing::next`], [`Image::find`], [`command_line`] and
    /// [`Loader::initrd`].
    pub(crate) fn initrds(&mut self, step: Step) -> Result<(), Error> {
        let mut room = Text::UNSET;
        let own = self.directory(&mut room);
        if step == Step::Check {
            self.command_lines(ADDONS)?;
            self.command_lines(own)?;
        }
        self.addons(own, &names::UCODE, true, step)?;
        self.addons(ADDONS, &names::UCODE, true, step)?;
        self.section(&names::UCODE, step)?;
        self.extras(step)?;
        self.section(&names::INITRD, step)?;
        for (path, suffix, place) in SETS {
            self.set(path.unwrap_or(own), suffix, place, step)?;
        }
        for (section, name) in PASSED_ON {
            self.image.find(self.loader.storage, &section)?;
            if !self.image.is_empty() {
                let part = self.image.part();
                cpio::one_file(self.loader, public(b".extra"), name, &part, step)?;
            }
        }
        self.addons(ADDONS, &names::INITRD, false, step)?;
        self.addons(own, &names::INITRD, false, step)?;
        self.loader.pad_end(step)
    }

    /// The path of the directory for this image: the image's own, without its
    /// counter, and `.extra.d`.
    fn directory<'r>(&self, room: &'r mut Text) -> &'r [u8] {
        const END: &[u8] = b".extra.d";
        if self.entry.has(tag::TYPE2) {
            // The id is the name without a counter; the case does not matter.
            room.set(&[TYPE2, b"/", self.entry.file_id(), END]);
        } else {
            let slash = self.path.iter().rposition(|&byte| byte == b'/');
            let start = slash.map_or(0, |at| at.wrapping_add(1));
            let (above, name) = self.path.split_at_checked(start).unwrap_or_default();
            let [base, suffix] = match counter::Name::parse(name, b".efi") {
                Some(name) => name.id(),
                None => [name, b""],
            };
            room.set(&[above, base, suffix, END]);
        }
        room.get().unwrap_or_default()
    }

    /// Adds the command lines of the addons in a directory.
    fn command_lines(&mut self, path: &[u8]) -> Result<(), Error> {
        let volume = self.loader.volume;
        let mut list = Listing::new(self.loader.storage, volume, path, ADDON, false);
        while let Some(node) = list.next(self.loader.storage)? {
            if let Some(mut addon) = self.addon(&node) {
                let storage = &mut *self.loader.storage;
                command_line(&mut addon, storage, self.line, self.command_line)?;
            }
        }
        Ok(())
    }

    /// A section of the image that is an initrd.
    fn section(&mut self, name: &Name, step: Step) -> Result<(), Error> {
        self.image.find(self.loader.storage, name)?;
        self.loader.initrd(&self.image.part(), step)
    }

    /// The files of one directory as an archive.
    fn set(&mut self, path: &[u8], suffix: Suffix, place: Place, step: Step) -> Result<(), Error> {
        let volume = self.loader.volume;
        let mut list = Listing::new(self.loader.storage, volume, path, suffix, false);
        let mut archive = None;
        while let Some(node) = list.next(self.loader.storage)? {
            let archive = match &mut archive {
                Some(archive) => archive,
                none => none.insert(Archive::begin(self.loader, place, step)?),
            };
            let part = Part::whole(node);
            if self.loader.check(&part).is_ok() {
                archive.file(self.loader, list.name(), part.size)?;
                self.loader.initrd(&part, step)?;
            }
        }
        archive.map_or(Ok(()), |archive| archive.end(self.loader))
    }

    /// The initrds that addons bring, by the name of their section.
    fn addons(
        &mut self,
        path: &[u8],
        section: &Name,
        backwards: bool,
        step: Step,
    ) -> Result<(), Error> {
        let volume = self.loader.volume;
        let mut list = Listing::new(self.loader.storage, volume, path, ADDON, backwards);
        while let Some(node) = list.next(self.loader.storage)? {
            if let Some(mut addon) = self.addon(&node) {
                addon.find(self.loader.storage, section)?;
                self.loader.initrd(&addon.part(), step)?;
            }
        }
        Ok(())
    }

    /// The addon in a file, if it is a good one and for this image.
    fn addon(&mut self, node: &Node) -> Option<Image> {
        self.loader.check(&Part::whole(*node)).ok()?;
        let storage = &mut *self.loader.storage;
        let mut addon = Image::new(self.loader.volume, node, self.image.long_mode);
        addon.find(storage, &names::LINUX).ok()?;
        if !addon.is_empty() {
            return None;
        }
        let mut unames = [[0; UNAME_ROOM]; 2];
        let [wanted, found] = &mut unames;
        addon.find(storage, &UNAME).ok()?;
        let wanted_size = addon.file.read_small(storage, wanted).ok()?;
        self.image.find(storage, &UNAME).ok()?;
        let found_size = self.image.file.read_small(storage, found).ok()?;
        let fits = wanted_size == 0 || found_size == 0 || wanted == found;
        fits.then_some(addon)
    }

    /// The files of the entry's `extra` lines, an archive for each.
    fn extras(&mut self, step: Step) -> Result<(), Error> {
        let Some(file) = self.entry.file.filter(|_| !self.entry.has(tag::TYPE2)) else {
            return Ok(());
        };
        let volume = self.loader.volume;
        let mut file = File::open(volume, &file);
        while let Some(line) = file.line(self.loader.storage, self.line)? {
            let Some((Key::Extra, path)) = type1::pair(line) else {
                continue;
            };
            let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            let place = EXTRAS.iter().find(|(suffix, _)| ends_in(name, suffix));
            // Kinds that are not known yet do no harm.
            if let Some(&(_, place)) = place {
                let part = Part::whole(volume.find(self.loader.storage, path)?);
                cpio::one_file(self.loader, place, name, &part, step)?;
            }
        }
        Ok(())
    }
}
