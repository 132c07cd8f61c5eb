//! The initrds of an image: its own, and those that are made of the files beside it:
//! addons, credentials and extension images (systemd-stub(7)).
//!
//! | files | where |
//! |---|---|
//! | for one image, `X.efi` | `X.efi.extra.d/`, beside it and named without a counter |
//! | for all images of the partition | `/loader/addons`, `/loader/credentials`, `/loader/extensions` |
//! | for one Type 1 entry | the files of its `extra` lines |
//!
//! Later archives win over earlier ones, except for microcode, where the first
//! does. No signatures are checked: a BIOS has no code that checks them. A file that
//! can't be read is skipped, as systemd-stub does.

use super::cmdline::command_line;
use super::cpio::{self, Archive, Destination};
use super::image::{Image, SectionName, names};
use super::listing::{Listing, Order, Suffix, ends_in};
use crate::entries::counter;
use crate::entries::entry::TYPE2;
use crate::entries::entry::{Entry, tag};
use crate::entries::type1::{self, EntryKey};
use crate::error::Error;
use crate::fat::{DirEntry, File, separates};
use crate::load::cmdline::CommandLine;
use crate::load::{Extent, Loader, Pass};
use crate::machine::{Console, Disk, Memory};
use crate::text::Text;

const ADDON: Suffix = Suffix::new(b".addon.efi");
const CREDENTIAL: Suffix = Suffix::new(b".cred");
const CONFEXT: Suffix = Suffix::new(b".confext.raw");
const SYSEXT: Suffix = Suffix {
    end: b".raw",
    except: Some(CONFEXT.end),
};

const ADDONS: &[u8] = b"/loader/addons";
const CREDENTIALS: &[u8] = b"/loader/credentials";
const EXTENSIONS: &[u8] = b"/loader/extensions";

// Where the files of one image go.
const OWN_CREDENTIALS: Destination = Destination::secret(b".extra/credentials");
const OWN_SYSEXTS: Destination = Destination::public(b".extra/sysext");
const OWN_CONFEXTS: Destination = Destination::public(b".extra/confext");

/// Files of a directory that become one archive.
struct Collection {
    /// The directory; None for the one of the image.
    directory: Option<&'static [u8]>,
    files: Suffix,
    destination: Destination,
}

/// The archives that are made of directories, in their order.
const SETS: [Collection; 6] = [
    Collection {
        directory: None,
        files: CREDENTIAL,
        destination: OWN_CREDENTIALS,
    },
    Collection {
        directory: Some(CREDENTIALS),
        files: CREDENTIAL,
        destination: Destination::secret(b".extra/global_credentials"),
    },
    Collection {
        directory: None,
        files: SYSEXT,
        destination: OWN_SYSEXTS,
    },
    Collection {
        directory: Some(EXTENSIONS),
        files: SYSEXT,
        destination: Destination::public(b".extra/global_sysext"),
    },
    Collection {
        directory: None,
        files: CONFEXT,
        destination: OWN_CONFEXTS,
    },
    Collection {
        directory: Some(EXTENSIONS),
        files: CONFEXT,
        destination: Destination::public(b".extra/global_confext"),
    },
];

/// Files that an `extra` line may name, by the suffixes of their names.
const EXTRAS: [(&[u8], Destination); 3] = [
    (CREDENTIAL.end, OWN_CREDENTIALS),
    (b".sysext.raw", OWN_SYSEXTS),
    (CONFEXT.end, OWN_CONFEXTS),
];

/// The sections that are passed on, and the names of their files.
const PASSED_ON: [(SectionName, &[u8]); 4] = [
    (*b".pcrsig\0", b"tpm2-pcr-signature.json"),
    (*b".pcrpkey", b"tpm2-pcr-public-key.pem"),
    (names::OSREL, b"os-release"),
    (names::PROFILE, b"profile"),
];
const PASSED_ON_TO: Destination = Destination::public(b".extra");

/// The version of the kernel, which addons may be made for.
const UNAME: SectionName = *b".uname\0\0";
/// Bytes of it that are compared.
const UNAME_SIZE: usize = 128;

/// Checks or loads all initrds of an image.
pub(crate) struct Companions<'a, 'l, 'disk, 'c, D, M, C> {
    /// The image.
    pub(crate) image: &'a mut Image,
    /// The loader of the initrds.
    pub(crate) loader: &'a mut Loader<'l, 'disk, D, M, C>,
    /// The entry that boots it.
    pub(crate) entry: &'a Entry,
    /// The path of the image, for a Type 1 entry.
    pub(crate) path: &'a [u8],
    /// For one line.
    pub(crate) line: &'a mut [u8],
    /// The command line, to which addons may add theirs.
    pub(crate) command_line: &'a mut CommandLine<'c>,
}

impl<D: Disk, M: Memory, C: Console> Companions<'_, '_, '_, '_, D, M, C> {
    /// Checks or loads the initrds; at the check, adds to the command line.
    ///
    /// # Errors
    /// Those of [`Listing::next`], [`Image::find`], [`command_line`] and
    /// [`Loader::initrd`].
    pub(crate) fn initrds(&mut self, pass: Pass) -> Result<(), Error> {
        let mut room = Text::UNSET;
        let own = self.directory(&mut room);
        if pass == Pass::Check {
            self.command_lines(ADDONS)?;
            self.command_lines(own)?;
        }
        self.addons(own, &names::UCODE, Order::Descending, pass)?;
        self.addons(ADDONS, &names::UCODE, Order::Descending, pass)?;
        self.section(&names::UCODE, pass)?;
        self.extras(pass)?;
        self.section(&names::INITRD, pass)?;
        for set in &SETS {
            self.set(set.directory.unwrap_or(own), set, pass)?;
        }
        for (section, name) in PASSED_ON {
            self.image.find(self.loader.storage, &section)?;
            if !self.image.is_empty() {
                let part = self.image.part();
                cpio::one_file(self.loader, PASSED_ON_TO, name, &part, pass)?;
            }
        }
        self.addons(ADDONS, &names::INITRD, Order::Ascending, pass)?;
        self.addons(own, &names::INITRD, Order::Ascending, pass)?;
        self.loader.pad_end(pass)
    }

    /// The path of the directory for this image: the image's own, without its
    /// counter, and `.extra.d`.
    fn directory<'r>(&self, room: &'r mut Text) -> &'r [u8] {
        const END: &[u8] = b".extra.d";
        if self.entry.has(tag::TYPE2) {
            // The id is the name without a counter; the case does not matter.
            room.set(&[TYPE2, b"/", self.entry.file_id(), END]);
        } else {
            let slash = self.path.iter().rposition(separates);
            let start = slash.map_or(0, |at| at.wrapping_add(1));
            let (above, name) = self.path.split_at_checked(start).unwrap_or_default();
            let [base, suffix] = match counter::EntryName::parse(name, b".efi") {
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
        let mut list = Listing::new(self.loader.storage, volume, path, ADDON, Order::Ascending);
        while let Some(node) = list.next(self.loader.storage)? {
            if let Some(mut addon) = self.addon(&node) {
                let storage = &mut *self.loader.storage;
                command_line(&mut addon, storage, self.line, self.command_line)?;
            }
        }
        Ok(())
    }

    /// A section of the image that is an initrd.
    fn section(&mut self, name: &SectionName, pass: Pass) -> Result<(), Error> {
        self.image.find(self.loader.storage, name)?;
        self.loader.initrd(&self.image.part(), pass)
    }

    /// The files of one directory as an archive; no archive if there are no files.
    fn set(&mut self, path: &[u8], set: &Collection, pass: Pass) -> Result<(), Error> {
        let storage = &mut *self.loader.storage;
        let mut list = Listing::new(
            storage,
            self.loader.volume,
            path,
            set.files,
            Order::Ascending,
        );
        let Some(mut next) = list.next(self.loader.storage)? else {
            return Ok(());
        };
        let mut archive = Archive::begin(self.loader, set.destination, pass)?;
        loop {
            let part = Extent::whole(next);
            if self.loader.check(&part).is_ok() {
                archive.file(self.loader, list.name(), part.size)?;
                self.loader.initrd(&part, pass)?;
            }
            match list.next(self.loader.storage)? {
                Some(node) => next = node,
                None => return archive.end(self.loader),
            }
        }
    }

    /// The initrds in one section of all addons of a directory.
    fn addons(
        &mut self,
        path: &[u8],
        section: &SectionName,
        order: Order,
        pass: Pass,
    ) -> Result<(), Error> {
        let volume = self.loader.volume;
        let mut list = Listing::new(self.loader.storage, volume, path, ADDON, order);
        while let Some(node) = list.next(self.loader.storage)? {
            if let Some(mut addon) = self.addon(&node) {
                addon.find(self.loader.storage, section)?;
                self.loader.initrd(&addon.part(), pass)?;
            }
        }
        Ok(())
    }

    /// The addon in a file; None if the file is not an addon, or not for this image.
    fn addon(&mut self, node: &DirEntry) -> Option<Image> {
        self.loader.check(&Extent::whole(*node)).ok()?;
        let storage = &mut *self.loader.storage;
        let mut addon = Image::new(self.loader.volume, node, self.image.long_mode);
        addon.find(storage, &names::LINUX).ok()?;
        if !addon.is_empty() {
            return None;
        }
        let (addon_uname, own_uname) = (&mut [0; UNAME_SIZE], &mut [0; UNAME_SIZE]);
        addon.find(storage, &UNAME).ok()?;
        let addon_size = addon.file.read_small(storage, addon_uname).ok()?;
        self.image.find(storage, &UNAME).ok()?;
        let own_size = self.image.file.read_small(storage, own_uname).ok()?;
        let fits = addon_size == 0 || own_size == 0 || addon_uname == own_uname;
        fits.then_some(addon)
    }

    /// The files of the entry's `extra` lines, an archive for each.
    fn extras(&mut self, pass: Pass) -> Result<(), Error> {
        let Some(file) = self.entry.file.filter(|_| !self.entry.has(tag::TYPE2)) else {
            return Ok(());
        };
        let volume = self.loader.volume;
        let mut file = File::open(volume, &file);
        while let Some(line) = file.line(self.loader.storage, self.line)? {
            let Some((EntryKey::Extra, path)) = type1::pair(line) else {
                continue;
            };
            let name = path.rsplit(separates).next().unwrap_or_default();
            let known = EXTRAS.iter().find(|(end, _)| ends_in(name, end));
            // An unknown kind is skipped: a newer systemd may know it.
            if let Some(&(_, destination)) = known {
                let part = Extent::whole(volume.find(self.loader.storage, path)?);
                cpio::one_file(self.loader, destination, name, &part, pass)?;
            }
        }
        Ok(())
    }
}
