//! One entry as the menu knows it, whatever kind of file it comes from.

use super::counter::Tries;
use crate::fat::DirEntry;
use crate::text::concat;

/// The texts of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// File name without counter, in small letters, `.conf` or `.efi` included;
    /// for a profile of a UKI also `@` and the profile's name.
    Id,
    /// Key `title`.
    Title,
    /// Key `version`.
    Version,
    /// Key `sort-key`.
    SortKey,
    /// Key `machine-id`.
    MachineId,
}

/// An entry, 512 bytes of it.
///
/// The title is only displayed: whoever sets it cuts it to [`Entry::TITLE`] bytes. All
/// other texts order the menu and are kept whole. Together with the title they may have
/// [`Entry::TEXT`] bytes (the longest file name and 191 for the rest; 200 in all are
/// usual), and an entry with more is refused.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The boot counter.
    pub tries: Tries,
    /// Number of the UKI profile; 0 for everything else.
    pub profile: u32,
    /// The entry's file; None for an entry that the loader adds by itself.
    pub file: Option<DirEntry>,
    /// Bytes at the end of the id that name the profile, the `@` included.
    pub profile_suffix: u8,
    /// True for an entry that the loader adds to the menu by itself (power off,
    /// reboot). It comes after all others, in the order of adding, and runs only if
    /// somebody asks for it.
    pub generated: bool,
    /// The kind of the entry and its partition: bits of [`tag`].
    pub tag: u8,
    /// The additions that tell the title apart, see [`super::title`].
    pub(super) additions: u8,
    /// A hash of the title as it is shown, by which titles are compared.
    pub(super) title_hash: u32,
    /// Bytes of `bytes` that are in use.
    used: u16,
    /// Where in `bytes` the texts are, each from `start` to `end`.
    places: [TextRange; 5],
    bytes: [u8; Entry::TEXT],
}

/// The bits of [`Entry::tag`].
pub mod tag {
    /// Which partition: 0 for the EFI system partition, 1 for XBOOTLDR.
    pub const VOLUME: u8 = 1;
    /// It boots a unified kernel image.
    pub const UKI: u8 = 2;
    /// Its file is that image: a Type 2 entry.
    pub const TYPE2: u8 = 4;
}

#[derive(Clone, Copy)]
struct TextRange {
    /// One more than the index of the first byte; 0: not set.
    start: u16,
    end: u16,
}

impl Entry {
    /// Bytes for all texts together.
    pub const TEXT: usize = 446;
    /// The most bytes of a title: a line of the screen, in any script.
    pub const TITLE: usize = 160;
    /// An empty entry: all zeros, so that an array of entries takes no room in an
    /// image.
    pub const EMPTY: Entry = Entry {
        tries: Tries { left: 0, done: 0 },
        profile: 0,
        file: None,
        profile_suffix: 0,
        generated: false,
        tag: 0,
        additions: 0,
        title_hash: 0,
        used: 0,
        places: [TextRange { start: 0, end: 0 }; 5],
        bytes: [0; Entry::TEXT],
    };

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Entry::EMPTY;
        self.tries = Tries::NONE;
    }

    /// A text. Unset is not the same as empty.
    pub fn text(&self, field: Field) -> Option<&[u8]> {
        let place = self.places.get(index(field))?;
        let start = place.start.checked_sub(1)?;
        self.bytes.get(start.into()..place.end.into())
    }

    /// Sets a text to `parts`, one after the other, and gives it back. None if there is
    /// no room; the entry is unusable then. A text that was set before still takes its
    /// room.
    pub fn set(&mut self, field: Field, parts: &[&[u8]]) -> Option<&mut [u8]> {
        *self.places.get_mut(index(field))? = TextRange {
            start: self.used.wrapping_add(1),
            end: 0,
        };
        self.add(field, parts)
    }

    /// Adds `parts` to the text that was set last, and gives them back; None if
    /// there is no room.
    pub fn add(&mut self, field: Field, parts: &[&[u8]]) -> Option<&mut [u8]> {
        let text = concat(self.bytes.get_mut(self.used.into()..)?, parts)?;
        self.used = self.used.checked_add(u16::try_from(text.len()).ok()?)?;
        self.places.get_mut(index(field))?.end = self.used;
        Some(text)
    }

    /// The index of its partition.
    pub fn volume(&self) -> usize {
        (self.tag & tag::VOLUME).into()
    }

    /// True if this bit of [`tag`] is set.
    pub fn has(&self, bit: u8) -> bool {
        self.tag & bit != 0
    }

    /// Sets the id to `parts` in small letters; None if there is no room.
    pub fn set_id(&mut self, parts: &[&[u8]]) -> Option<()> {
        self.set(Field::Id, parts).map(<[u8]>::make_ascii_lowercase)
    }

    /// The id.
    pub fn id(&self) -> &[u8] {
        self.text(Field::Id).unwrap_or_default()
    }

    /// The id of the file: without the profile.
    pub fn file_id(&self) -> &[u8] {
        let id = self.id();
        id.get(..id.len().wrapping_sub(self.profile_suffix.into()))
            .unwrap_or(id)
    }
}

const fn index(field: Field) -> usize {
    match field {
        Field::Id => 0,
        Field::Title => 1,
        Field::Version => 2,
        Field::SortKey => 3,
        Field::MachineId => 4,
    }
}

const _: () = assert!(size_of::<Entry>() == 512);

/// Where Type 1 entries lie (UAPI.1, "Type #1 Boot Loader Specification Entries").
pub const TYPE1: &[u8] = b"/loader/entries";
/// Where unified kernel images lie (UAPI.1, "Type #2 EFI Unified Kernel Images").
pub const TYPE2: &[u8] = b"/EFI/Linux";

/// The directory of an entry's file, and the suffix of its name.
pub(crate) fn place(entry: &Entry) -> (&'static [u8], &'static [u8]) {
    if entry.has(tag::TYPE2) {
        (TYPE2, b".efi")
    } else {
        (TYPE1, b".conf")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let mut entry = Entry::EMPTY;
        entry.clear();
        assert_eq!(entry.tries, Tries::NONE);
        assert_eq!((entry.id(), entry.text(Field::Version)), (&b""[..], None));
        entry.set_id(&[b"Debian 12", b".CONF", b"@1"]).unwrap();
        entry.set(Field::Version, &[b"V1"]).unwrap();
        entry.set(Field::SortKey, &[b""]).unwrap();
        entry.set(Field::Version, &[b"V", b"22"]).unwrap();
        entry.profile_suffix = 2;
        assert_eq!(entry.id(), b"debian 12.conf@1");
        assert_eq!(entry.file_id(), b"debian 12.conf");
        assert_eq!(entry.text(Field::Version), Some(&b"V22"[..]));
        assert_eq!(entry.text(Field::SortKey), Some(&b""[..]));
        assert_eq!(entry.text(Field::MachineId), None);
        entry.set(Field::Title, &[b"T"]).unwrap();
        assert_eq!(entry.add(Field::Title, &[b"i", b"tle"]).unwrap(), b"itle");
        assert_eq!(entry.text(Field::Title), Some(&b"Title"[..]));
        entry.clear();
        assert_eq!(entry.text(Field::SortKey), None);
        // Nothing to add to.
        entry.add(Field::Title, &[b"x"]).unwrap();
        assert_eq!(entry.text(Field::Title), None);
    }

    #[test]
    fn whole_or_refused() {
        let mut entry = Entry::EMPTY;
        let long = [b'x'; Entry::TEXT];
        assert!(entry.set(Field::Version, &[&long, b"x"]).is_none());
        assert!(entry.set(Field::Version, &[&long]).is_some());
        assert!(entry.set_id(&[b"x"]).is_none());
        assert!(entry.set(Field::MachineId, &[]).is_some());
        // A profile's name that is longer than its id.
        entry.profile_suffix = 9;
        assert_eq!(entry.file_id(), b"");
        assert_eq!(entry.text(Field::MachineId), Some(&b""[..]));
    }
}
