//! What an image says of itself, for the menu: one entry for each profile.
//!
//! Titles, versions, sort keys and ids are those of systemd-boot. They come from
//! os-release, in `.osrel`, and from the profile's `ID=` and `TITLE=`.

use super::image::{Image, names};
use crate::entries::counter::Name;
use crate::entries::entry::{Entry, Field};
use crate::entries::line;
use crate::entries::text::{Text, cut};
use crate::error::{Error, Kind};
use crate::machine::Disk;
use crate::report::decimal;
use crate::storage::Storage;

/// The variables of os-release that the menu uses.
const VARIABLES: &[u8] = b"PRETTY_NAME\0IMAGE_ID\0NAME\0ID\0\
    IMAGE_VERSION\0VERSION\0VERSION_ID\0BUILD_ID\0";
/// Which of them give a text of the entry, a bit for each: the first that is
/// there does.
const SOURCES: [(Field, u32); 3] = [
    (Field::Title, 0b0000_1111),
    (Field::SortKey, 0b0000_1010),
    (Field::Version, 0b1111_0000),
];

/// The most bytes of a profile's title.
const TITLE: usize = Entry::TITLE / 2;

/// What the entry of one profile is made from and made in.
pub(crate) struct Draft<'a> {
    /// The name of the image's file.
    pub(crate) name: &'a Name<'a>,
    /// The entry for the list.
    pub(crate) entry: &'a mut Entry,
    /// For a text of the profile.
    pub(crate) text: &'a mut Text,
    /// For one line.
    pub(crate) line: &'a mut [u8],
}

/// Describes `profile` of an image. False if it is not to be shown: without a
/// kernel, or a name in `.osrel`, there is nothing to show.
///
/// # Errors
/// [`Kind::EntryTooLong`]; those of [`Image::find`] and
/// [`crate::fat::File::line`].
pub(crate) fn describe<D: Disk>(
    image: &mut Image,
    storage: &mut Storage<D>,
    profile: u32,
    draft: Draft,
) -> Result<bool, Error> {
    let Draft {
        name,
        entry,
        text,
        line,
    } = draft;
    let too_long = Error::new(Kind::EntryTooLong, 0);
    let mut digits = [0; 20];
    let [base, suffix] = name.id();
    entry.clear();
    entry.tries = name.tries;
    entry.profile = profile;

    // The first profile has the id of the file, even if it has one of its own.
    let (mut at, mut id) = (&b""[..], &b""[..]);
    if profile > 0 {
        image.enter(storage, &names::PROFILE, profile)?;
        value(image, storage, b"ID\0", line, text)?;
        at = b"@";
        id = text
            .get()
            .unwrap_or_else(|| decimal(profile.into(), &mut digits));
    }
    entry.set_id(&[base, suffix, at, id]).ok_or(too_long)?;
    entry.profile_suffix = u8::try_from(at.len().wrapping_add(id.len())).unwrap_or(0);

    image.enter(storage, &names::PROFILE, profile)?;
    let titles: &[u8] = if profile > 0 {
        b"TITLE\0ID\0"
    } else {
        b"TITLE\0"
    };
    value(image, storage, titles, line, text)?;
    if profile > 0 && text.get().is_none() {
        let number = decimal(u64::from(profile).wrapping_add(1), &mut digits);
        text.set(&[b"Profile #", number]);
    }

    let kernel = image.find(storage, &names::LINUX, profile)?;
    image.enter(storage, &names::OSREL, profile)?;
    let (open, title, close): (&[u8], &[u8], &[u8]) = match text.get() {
        Some(title) => (b" (", title, b")"),
        None => (b"", b"", b""),
    };
    let most = Entry::TITLE.saturating_sub(title.len());
    let mut best = [usize::MAX; SOURCES.len()];
    while let Some(line) = image.file.line(storage, line)? {
        let Some((variable, value)) = line::split(line, line::EQUALS) else {
            continue;
        };
        let Some(rank) = line::word(VARIABLES, variable) else {
            continue;
        };
        let value = line::unquote(value);
        for (best, (field, sources)) in best.iter_mut().zip(SOURCES) {
            if sources >> rank & 1 == 0 || rank > *best {
                continue;
            }
            *best = rank;
            let set = match field {
                Field::Title => entry.set(field, &[cut(value, most), open, title, close]),
                _ => entry.set(field, &[value]),
            };
            set.ok_or(too_long)?;
        }
    }
    Ok(kernel.is_some() && entry.text(Field::Title).is_some())
}

/// The value of the first of `keys` that is there, in the section that was
/// entered; unset if none is. A later line replaces an earlier one.
fn value<D: Disk>(
    image: &mut Image,
    storage: &mut Storage<D>,
    keys: &[u8],
    buffer: &mut [u8],
    into: &mut Text,
) -> Result<(), Error> {
    into.clear();
    let mut best = usize::MAX;
    while let Some(line) = image.file.line(storage, buffer)? {
        if let Some((key, value)) = line::split(line, line::EQUALS)
            && let Some(rank) = line::word(keys, key)
            && rank <= best
        {
            best = rank;
            into.set(&[cut(line::unquote(value), TITLE)]);
        }
    }
    Ok(())
}
