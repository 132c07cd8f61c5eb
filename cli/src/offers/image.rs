//! Entries of a unified kernel image, one for each profile, with the ids and titles that
//! the loader gives them on a disk ([`boot::uki`]).

use boot::entries::counter::EntryName;
use boot::entries::entry::{Entry, Field};
use boot::text::cut;
use menus::storage::Location;
use volumes::Volumes;

use super::file::file;
use crate::error::Error;
use crate::uki::osrel;
use crate::uki::pe::Pe;
use crate::uki::sections::{self, Section};

/// A profile of an image.
pub(super) struct Profile {
    /// Its entry, without the place of the file.
    pub(super) entry: Entry,
    /// Its command line.
    pub(super) options: String,
}

/// The entries of an image.
pub(super) fn profiles(
    volumes: &Volumes,
    at: &Location,
    name: &EntryName,
) -> Result<Vec<Profile>, Error> {
    let source = file(volumes, at)?;
    let pe = Pe::of(&source)?;
    let mut all = sections::of(&source, &pe)?;
    let profiles = sections::number(&mut all);
    let mut found = Vec::new();
    for number in 0..profiles.max(1) {
        let own = match profiles {
            0 => 0,
            _ => number.saturating_add(1),
        };
        if let Some(mut profile) = profile(&all, own, number, name)? {
            profile.entry.tries = name.tries;
            found.push(profile);
        }
    }
    match found.is_empty() {
        true => Err(Error::failed(
            "it is no unified kernel image with a kernel and a name.",
        )),
        false => Ok(found),
    }
}

/// A profile; `None` if there is nothing to show: no kernel, or no name.
fn profile(
    all: &[Section],
    own: u32,
    number: u32,
    name: &EntryName,
) -> Result<Option<Profile>, Error> {
    let text = |section: &str| match sections::effective(all, own, section) {
        Some(found) => found.content.text(section),
        None => Ok(Vec::new()),
    };
    let (release, profile) = (text(".osrel")?, text(".profile")?);
    let Some(mut title) = osrel::title(&release) else {
        return Ok(None);
    };
    if sections::effective(all, own, ".linux").is_none() {
        return Ok(None);
    }
    let mut entry = Entry::EMPTY;
    entry.profile = number;
    let is_full = || Error::failed("its texts are longer than an entry's may be: shorten them.");
    entry.set_id(&name.id()).ok_or_else(is_full)?;
    if number > 0 {
        let id = osrel::value(&profile, "ID").unwrap_or_else(|| number.to_string());
        let added = entry.add(Field::Id, &[b"@", id.as_bytes()]);
        added.ok_or_else(is_full)?.make_ascii_lowercase();
        let size = id.len().saturating_add(1);
        entry.profile_suffix = u8::try_from(size).unwrap_or_default();
    }
    let called = osrel::value(&profile, "TITLE").or_else(|| osrel::value(&profile, "ID"));
    match called {
        Some(called) => title += &format!(" ({called})"),
        None if number > 0 => title += &format!(" (@{number})"),
        None => {}
    }
    let keys = ["IMAGE_ID", "ID"];
    let sort_key = keys.iter().find_map(|key| osrel::value(&release, key));
    let texts = [
        (Field::SortKey, sort_key),
        (Field::Version, osrel::version(&release)),
        (Field::Title, Some(title)),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            let text = cut(text.as_bytes(), Entry::TITLE.saturating_mul(2));
            entry.set(field, &[text]).ok_or_else(is_full)?;
        }
    }
    let options = text(".cmdline")?;
    let options = String::from_utf8_lossy(&options);
    let options = options
        .trim_end_matches(['\0', '\n', '\r', ' '])
        .replace('\n', " ");
    Ok(Some(Profile { entry, options }))
}
