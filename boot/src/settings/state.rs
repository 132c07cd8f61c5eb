//! The state file, by which one boot remembers settings for the next.
//!
//! It is one sector ([`layout::state`]) that exists already: the loader does not create
//! it. The loader writes nothing else in the file system for it: no directory and no
//! file allocation table.

use crate::crc32::Crc32;
use crate::disk::mirror::refuse_mirror;
use crate::disk::storage::Storage;
use crate::entries::glob;
use crate::error::Error;
use crate::fat::Source;
use crate::fat::Volume;
use crate::machine::{Disk, Lba};
use crate::menu::Timeout;
use crate::overlay::Overlay;
use crate::text::concat;
use layout::state::{
    CHECKED_FROM, FORMAT, HAS_ONE_SHOT_TIMEOUT, HAS_TIMEOUT, MAGIC, PATH, SIZE, Setting, TEXTS,
    TEXTS_SIZE,
};
use zerocopy::byteorder::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, transmute};

/// The file, as it lies on the disk.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Raw {
    magic: [u8; 8],
    format: U16,
    reserved: U16,
    checksum: U32,
    timeout: U32,
    one_shot_timeout: U32,
    flags: U32,
    reserved_too: U32,
    texts: [u8; TEXTS_SIZE],
}

const _: () = assert!(size_of::<Raw>() == SIZE);

impl Raw {
    const EMPTY: Self = Self {
        magic: [0; 8],
        format: U16::ZERO,
        reserved: U16::ZERO,
        checksum: U32::ZERO,
        timeout: U32::ZERO,
        one_shot_timeout: U32::ZERO,
        flags: U32::ZERO,
        reserved_too: U32::ZERO,
        texts: [0; TEXTS_SIZE],
    };

    fn checksum(&self) -> u32 {
        let mut checksum = Crc32::new();
        checksum.update(self.as_bytes().get(CHECKED_FROM..).unwrap_or_default());
        checksum.finish()
    }

    /// True for a file of any format.
    fn is_valid(&self) -> bool {
        self.magic == MAGIC && self.checksum.get() == self.checksum()
    }

    fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }
}

/// The content of the file, and its place. Before use it is all zeros.
pub struct State {
    /// The sector that is the file; None where there is no file to write to.
    sector: Option<Lba>,
    /// The file as it was on the disk; zeros where it was not valid.
    read: Raw,
}

/// The changes that a person made at the menu; None where nothing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The rank of the default entry, or that no entry is the default any more.
    pub default: Option<Option<usize>>,
    /// The same for the preferred entry.
    pub preferred: Option<Option<usize>>,
    /// The timeout, or that the one of loader.conf counts again.
    pub timeout: Option<Option<Timeout>>,
}

/// A boot that [`State::save`] is to remember; None where nothing changed.
pub(crate) struct Update<'a> {
    /// Id of the entry that boots.
    pub(crate) booted: &'a [u8],
    /// Id of the default entry; empty for none.
    pub(crate) default: Option<&'a [u8]>,
    /// Id of the preferred entry; empty for none.
    pub(crate) preferred: Option<&'a [u8]>,
    /// The timeout, or that the one of loader.conf counts again.
    pub(crate) timeout: Option<Option<Timeout>>,
}

impl State {
    /// Nothing is remembered.
    pub const EMPTY: Self = Self {
        sector: None,
        read: Raw::EMPTY,
    };

    /// Reads the file. Nothing is remembered where there is no file, an invalid one, or
    /// one of another format, which stays as it is.
    pub(crate) fn read<D: Disk>(&mut self, storage: &mut Storage<D>, esp: &Volume) {
        *self = Self::EMPTY;
        if let Ok(node) = esp.find(storage, PATH.as_bytes())
            && let Some(lba) = esp.only_sector(&node)
            && let Ok(sector) = storage.sector(lba)
        {
            let raw: Raw = transmute!(*sector);
            if raw.is_valid() {
                // Only a newer gapboot may write its own format.
                if raw.format.get() != FORMAT {
                    return;
                }
                self.read = raw;
            }
            self.sector = Some(lba);
        }
    }

    /// True if there is a file that can keep changes for the next boots.
    pub(crate) fn is_kept(&self) -> bool {
        self.sector.is_some()
    }

    /// A text, if it is set.
    pub fn text(&self, setting: Setting) -> Option<&[u8]> {
        let mut texts = self.read.texts.split(|byte| *byte == 0);
        texts.nth(setting.index()).filter(|text| !text.is_empty())
    }

    /// The timeout that counts instead of loader.conf's: the one for this boot, or
    /// else the lasting one.
    pub fn timeout(&self) -> Option<Timeout> {
        self.one_shot_timeout().or_else(|| self.lasting_timeout())
    }

    /// The timeout that counts at this boot alone. It is meant to show the menu.
    fn one_shot_timeout(&self) -> Option<Timeout> {
        let number = self.read.one_shot_timeout.get();
        let is_set = self.read.has(HAS_ONE_SHOT_TIMEOUT);
        is_set.then_some(match Timeout::from_number(number) {
            Timeout::Hidden | Timeout::Disabled => Timeout::Forced,
            timeout => timeout,
        })
    }

    /// The timeout that counts instead of loader.conf's at every boot.
    pub fn lasting_timeout(&self) -> Option<Timeout> {
        let number = self.read.timeout.get();
        let is_set = self.read.has(HAS_TIMEOUT);
        is_set.then_some(Timeout::from_number(number))
    }

    /// Remembers the entry that boots, and forgets the settings for one boot. An entry
    /// that boots because of such a setting is not remembered as the last one: `@saved`
    /// must not make that setting permanent. Writes nothing if there is no file or the
    /// file says all that already.
    ///
    /// # Errors
    /// [`crate::Kind::MirrorMember`]; those of [`Storage::replace`].
    pub(crate) fn save<D: Disk>(
        &mut self,
        overlay: Overlay,
        storage: &mut Storage<D>,
        esp: &Source,
        update: &Update,
    ) -> Result<(), Error> {
        let Some(lba) = self.sector else {
            return Ok(());
        };
        let new = self.updated(update);
        if new.as_bytes() == self.read.as_bytes() {
            return Ok(());
        }
        refuse_mirror(storage, &esp.partition, Some(overlay))?;
        let before = *storage.sector(lba)?;
        storage.replace(lba, &before, &transmute!(new))
    }

    /// The file with an update.
    fn updated(&self, update: &Update) -> Raw {
        let one_shot = self.text(Setting::OneShot);
        let was_one_shot = one_shot.is_some_and(|pattern| glob::selects(pattern, update.booted));
        let last_booted = (!was_one_shot).then_some(update.booted);
        let keep = |new: Option<_>, setting| new.or(self.text(setting)).unwrap_or_default();
        let end: &[u8] = b"\0";
        let texts: [&[u8]; 2 * TEXTS] = [
            keep(update.default, Setting::Default),
            end,
            keep(update.preferred, Setting::Preferred),
            end,
            b"", // the one-shot entry
            end,
            keep(last_booted, Setting::LastBooted),
            end,
        ];
        let timeout = update.timeout.unwrap_or(self.lasting_timeout());
        let mut new = Raw {
            magic: MAGIC,
            format: FORMAT.into(),
            timeout: timeout.map_or(0, Timeout::number).into(),
            flags: timeout.map_or(0, |_| HAS_TIMEOUT).into(),
            ..Raw::EMPTY
        };
        // Texts that do not fit are forgotten.
        let _ = concat(&mut new.texts, &texts);
        new.checksum = new.checksum().into();
        new
    }
}
