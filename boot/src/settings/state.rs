//! The state file: what is remembered from one boot to the next.
//!
//! It is one sector of its own ([`layout::state`]) that exists already or not at
//! all. The loader writes nothing else of the file system for it: no directory, no
//! file allocation table.

use crate::disk::crc32::Crc32;
use crate::disk::mirror::refuse_mirror;
use crate::disk::storage::Storage;
use crate::entries::glob;
use crate::error::Error;
use crate::fat::Source;
use crate::fat::Volume;
use crate::machine::{Disk, Lba};
use crate::overlay::Overlay;
use crate::settings::conf::timeout;
use crate::text::concat;
use layout::state::{
    CHECKED_FROM, FORMAT, HAS_ONE_SHOT_TIMEOUT, HAS_TIMEOUT, MAGIC, PATH, SIZE, TEXTS, TEXTS_SIZE,
    Text,
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

/// What is remembered. Unused it is nothing but zeros.
pub struct State {
    /// Where it lies, as one more than the LBA; 0: there is no such file.
    place: u64,
    /// As it was on the disk; zeros where it was not valid.
    read: Raw,
}

/// What a person changed at the menu; None where nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The rank of the default entry, or none any more.
    pub default: Option<Option<usize>>,
    /// Likewise of the preferred entry.
    pub preferred: Option<Option<usize>>,
    /// The timeout, in loader.conf's numbers.
    pub timeout: Option<Option<u32>>,
}

impl State {
    /// Nothing is remembered.
    pub const EMPTY: Self = Self {
        place: 0,
        read: Raw::EMPTY,
    };

    /// Reads the file. Nothing is remembered where there is none, or no valid one, or
    /// one of another format, which stays as it is.
    pub(crate) fn read<D: Disk>(&mut self, storage: &mut Storage<D>, esp: &Volume) {
        self.place = 0;
        self.read = Raw::EMPTY;
        if let Ok(node) = esp.find(storage, PATH.as_bytes())
            && let Some(lba) = esp.only_sector(&node)
            && let Ok(sector) = storage.sector(lba)
        {
            let raw: Raw = transmute!(*sector);
            if raw.is_valid() {
                // That of a newer gapboot is nobody else's to write.
                if raw.format.get() != FORMAT {
                    return;
                }
                self.read = raw;
            }
            self.place = lba.0.wrapping_add(1);
        }
    }

    /// A text, if it is set.
    pub fn text(&self, which: Text) -> Option<&[u8]> {
        let index = match which {
            Text::Default => 0,
            Text::Preferred => 1,
            Text::OneShot => 2,
            Text::LastBooted => 3,
        };
        let text = self.read.texts.split(|byte| *byte == 0).nth(index);
        text.filter(|text| !text.is_empty())
    }

    /// The timeout that counts instead of loader.conf's, at this boot or at all.
    pub fn timeout(&self) -> Option<u32> {
        let raw = &self.read;
        if raw.has(HAS_ONE_SHOT_TIMEOUT) {
            // It is meant to show the menu.
            return Some(match raw.one_shot_timeout.get() {
                timeout::HIDDEN | timeout::DISABLED => timeout::FORCED,
                timeout => timeout,
            });
        }
        self.lasting_timeout()
    }

    /// The timeout that counts instead of loader.conf's at every boot.
    pub fn lasting_timeout(&self) -> Option<u32> {
        let raw = &self.read;
        raw.has(HAS_TIMEOUT).then_some(raw.timeout.get())
    }

    /// Remembers that `last_booted` boots: the wishes for one boot are forgotten. If
    /// it was one of them, so is that it booted: `@saved` must not make it last.
    /// `default` and `preferred` are new values, or nothing new. Nothing is
    /// written where there is no file or where it says all that already.
    ///
    /// # Errors
    /// [`crate::Kind::MirrorMember`]; those of [`Storage::replace`].
    pub(crate) fn save<D: Disk>(
        &mut self,
        overlay: Overlay,
        storage: &mut Storage<D>,
        esp: &Source,
        [default, preferred]: [Option<&[u8]>; 2],
        timeout: Option<Option<u32>>,
        last_booted: &[u8],
    ) -> Result<(), Error> {
        let Some(place) = self.place.checked_sub(1) else {
            return Ok(());
        };
        let keep = |new: Option<_>, which| new.or(self.text(which)).unwrap_or_default();
        let wish = self.text(Text::OneShot);
        let wished = wish.is_some_and(|wish| glob::selects(wish, last_booted));
        let end: &[u8] = b"\0";
        let texts: [&[u8]; 2 * TEXTS] = [
            keep(default, Text::Default),
            end,
            keep(preferred, Text::Preferred),
            end,
            b"", // the one-shot entry
            end,
            keep((!wished).then_some(last_booted), Text::LastBooted),
            end,
        ];
        let timeout = timeout.unwrap_or(self.lasting_timeout());
        let mut new = Raw {
            magic: MAGIC,
            format: FORMAT.into(),
            timeout: timeout.unwrap_or(0).into(),
            flags: if timeout.is_some() { HAS_TIMEOUT } else { 0 }.into(),
            ..Raw::EMPTY
        };
        // What is too long to be remembered is forgotten.
        let _ = concat(&mut new.texts, &texts);
        new.checksum = new.checksum().into();
        if new.as_bytes() == self.read.as_bytes() {
            return Ok(());
        }
        refuse_mirror(storage, &esp.partition, Some(overlay))?;
        let at = Lba(place);
        let before = *storage.sector(at)?;
        storage.replace(at, &before, &transmute!(new))
    }
}
