//! The entries that an image gives, one for each of its profiles.
//!
//! Titles, versions, sort keys and ids are those of systemd-boot. They come from
//! os-release, in `.osrel`, and from the variables `ID` and `TITLE` of `.profile`.

use super::image::{Image, SectionName, names};
use crate::disk::storage::Storage;
use crate::entries::entry::{Entry, Field};
use crate::entries::line;
use crate::error::{Error, Kind};
use crate::machine::Disk;
use crate::text::decimal;
use crate::text::{Text, cut};

/// Variables, of which the first that is set counts.
type Variables = &'static [&'static [u8]];

/// The texts of an entry that come from os-release (os-release(5)).
const OS_RELEASE: [(Field, Variables); 3] = [
    (Field::SortKey, &[b"IMAGE_ID", b"ID"]),
    (
        Field::Version,
        &[b"IMAGE_VERSION", b"VERSION", b"VERSION_ID", b"BUILD_ID"],
    ),
    (Field::Title, &[b"PRETTY_NAME", b"IMAGE_ID", b"NAME", b"ID"]),
];

const TOO_LONG: Error = Error::new(Kind::EntryTooLong, 0);

/// Reads the texts of an image's profile.
pub(crate) struct Reader<'a, 'd, D> {
    /// The image.
    pub(crate) image: &'a mut Image,
    /// The disk.
    pub(crate) storage: &'a mut Storage<'d, D>,
    /// For one line.
    pub(crate) line: &'a mut [u8],
    /// For one text.
    pub(crate) text: &'a mut Text,
}

impl<D: Disk> Reader<'_, '_, D> {
    /// Describes the profile in `entry`, which has the id of the file and nothing
    /// else.
    ///
    /// # Errors
    /// [`Kind::UkiUnknown`] if there is nothing to show: no kernel, or no name in
    /// os-release. [`Kind::EntryTooLong`]; those of [`Image::find`] and
    /// [`crate::fat::File::line`].
    pub(crate) fn describe(&mut self, entry: &mut Entry) -> Result<(), Error> {
        entry.profile = self.image.profile;
        // A text can be added to only while it is the last one that was set: the id
        // comes first, and the title is the last text of os-release.
        self.complete_id(entry)?;
        for (field, variables) in OS_RELEASE {
            if let Some(text) = self.value(&names::OSREL, variables)? {
                entry.set(field, &[text]).ok_or(TOO_LONG)?;
            }
        }
        self.complete_title(entry)?;
        self.image.find(self.storage, &names::LINUX)?;
        if self.image.is_empty() || entry.text(Field::Title).is_none() {
            return Err(Error::new(Kind::UkiUnknown, 0));
        }
        Ok(())
    }

    /// Adds the name of the profile to the id: its `ID`, or else its number. The first
    /// profile has the id of the file, even if it has an `ID`.
    fn complete_id(&mut self, entry: &mut Entry) -> Result<(), Error> {
        if entry.profile == 0 {
            return Ok(());
        }
        let digits = &mut [0; 20];
        let number = decimal(entry.profile.into(), digits);
        let name = self.value(&names::PROFILE, &[b"ID"])?.unwrap_or(number);
        let suffix = entry.add(Field::Id, &[b"@", name]).ok_or(TOO_LONG)?;
        suffix.make_ascii_lowercase();
        entry.profile_suffix = u8::try_from(suffix.len()).unwrap_or(0);
        Ok(())
    }

    /// Adds the name of the profile to the title: its `TITLE`, or else its `ID`, or else
    /// its number, which the first profile does not show.
    fn complete_title(&mut self, entry: &mut Entry) -> Result<(), Error> {
        let digits = &mut [0; 20];
        let number = decimal(entry.profile.into(), digits);
        let added = match self.value(&names::PROFILE, &[b"TITLE", b"ID"])? {
            Some(name) => entry.add(Field::Title, &[b" (", name, b")"]),
            None if entry.profile > 0 => entry.add(Field::Title, &[b" (@", number, b")"]),
            None => return Ok(()),
        };
        added.ok_or(TOO_LONG)?;
        Ok(())
    }

    /// The value of the first of these variables that a section has, cut to the length
    /// of a title. If there are several lines for it, the last one counts.
    fn value(
        &mut self,
        section: &SectionName,
        variables: Variables,
    ) -> Result<Option<&[u8]>, Error> {
        self.text.clear();
        self.image.find(self.storage, section)?;
        let mut found = variables.len();
        while let Some(line) = self.image.file.line(self.storage, self.line)? {
            if let Some((name, value)) = line::split(line, line::EQUALS)
                && let Some(rank) = variables.iter().position(|variable| *variable == name)
                && rank <= found
            {
                found = rank;
                self.text.set(&[cut(line::unquote(value), Entry::TITLE)]);
            }
        }
        Ok(self.text.get())
    }
}
