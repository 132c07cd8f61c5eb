//! What an image says of itself, for the menu: one entry for each profile.
//!
//! Titles, versions, sort keys and ids are those of systemd-boot. They come from
//! os-release, in `.osrel`, and from the profile's `ID=` and `TITLE=`.

use super::image::{Image, Name, names};
use crate::disk::storage::Storage;
use crate::entries::entry::{Entry, Field};
use crate::entries::line;
use crate::error::{Error, Kind};
use crate::machine::Disk;
use crate::text::decimal;
use crate::text::{Text, cut};

/// A text of an entry, or a piece of one.
struct Source {
    section: &'static Name,
    /// The variables that it may come from: the first one that is there.
    keys: &'static [u8],
    field: Field,
    /// What stands before it and behind it, and before the profile's number in
    /// place of it.
    around: [&'static [u8]; 3],
}

/// In the order of their reading, the first one not for the first profile: that
/// has the id of the file, even if it has one of its own.
const SOURCES: [Source; 5] = [
    profile(b"ID\0", Field::Id, [b"@", b"", b""]),
    osrel(b"IMAGE_ID\0ID\0", Field::SortKey),
    osrel(
        b"IMAGE_VERSION\0VERSION\0VERSION_ID\0BUILD_ID\0",
        Field::Version,
    ),
    osrel(b"PRETTY_NAME\0IMAGE_ID\0NAME\0ID\0", Field::Title),
    profile(b"TITLE\0ID\0", Field::Title, [b" (", b")", b"@"]),
];

const fn osrel(keys: &'static [u8], field: Field) -> Source {
    let around: [&[u8]; 3] = [b"", b"", b""];
    Source {
        section: &names::OSREL,
        keys,
        field,
        around,
    }
}

const fn profile(keys: &'static [u8], field: Field, around: [&'static [u8]; 3]) -> Source {
    Source {
        section: &names::PROFILE,
        keys,
        field,
        around,
    }
}

/// Reads the texts of an image's profile.
pub(crate) struct Reader<'a, 'd, D> {
    /// The image.
    pub(crate) image: &'a mut Image,
    /// The disk.
    pub(crate) storage: &'a mut Storage<'d, D>,
    /// For one line.
    pub(crate) line: &'a mut [u8],
    /// What was read last.
    pub(crate) text: &'a mut Text,
}

impl<D: Disk> Reader<'_, '_, D> {
    /// Describes the profile in `entry`, which has the id of the file.
    ///
    /// # Errors
    /// [`Kind::UkiUnknown`] if there is nothing to show: no kernel, or no name in
    /// os-release. [`Kind::EntryTooLong`]; those of [`Image::find`] and
    /// [`crate::fat::File::line`].
    pub(crate) fn describe(&mut self, entry: &mut Entry) -> Result<(), Error> {
        let profile = self.image.profile;
        entry.profile = profile;
        let mut digits = [0; 20];
        let number = decimal(profile.into(), &mut digits);
        for source in SOURCES.iter().skip(usize::from(profile == 0)) {
            self.value(source)?;
            let [before, behind, mark] = source.around;
            let adds = *source.section == names::PROFILE;
            if adds && profile > 0 && self.text.get().is_none() {
                self.text.set(&[mark, number]);
            }
            let Some(text) = self.text.get() else {
                continue;
            };
            let parts = [before, text, behind];
            let added = if adds {
                entry.add(source.field, &parts)
            } else {
                entry.set(source.field, &parts)
            };
            let added = added.ok_or(Error::new(Kind::EntryTooLong, 0))?;
            if source.field == Field::Id {
                added.make_ascii_lowercase();
                entry.profile_suffix = u8::try_from(added.len()).unwrap_or(0);
            }
        }
        self.image.find(self.storage, &names::LINUX)?;
        if self.image.is_empty() || entry.text(Field::Title).is_none() {
            return Err(Error::new(Kind::UkiUnknown, 0));
        }
        Ok(())
    }

    /// Reads a text, cut to the length of a title. A later line replaces an
    /// earlier one.
    fn value(&mut self, source: &Source) -> Result<(), Error> {
        self.text.clear();
        self.image.find(self.storage, source.section)?;
        let mut best = usize::MAX;
        while let Some(line) = self.image.file.line(self.storage, self.line)? {
            if let Some((key, value)) = line::split(line, line::EQUALS)
                && let Some(rank) = line::word(source.keys, key)
                && rank <= best
            {
                best = rank;
                self.text.set(&[cut(line::unquote(value), Entry::TITLE)]);
            }
        }
        Ok(())
    }
}
