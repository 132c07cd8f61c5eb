//! Entries of a unified kernel image, one for each profile, with the ids and titles that
//! the loader gives them on a disk ([`boot::uki`]).

use boot::Kind;
use boot::entries::counter::EntryName;
use boot::entries::entry::{Entry, Field};
use boot::text::cut;
use menus::storage::Location;
use volumes::Volumes;

use super::file::file;
use crate::error::{Error, loader_text};
use crate::menu::inside;
use crate::uki::content::Content;
use crate::uki::osrel;
use crate::uki::pe::Pe;
use crate::uki::sections::{self, Section};

/// An image of a mounted tree.
pub(super) struct Image {
    sections: Vec<Section>,
    /// The number of `.profile` sections.
    profiles: u32,
}

impl Image {
    /// Opens an image.
    ///
    /// # Errors
    /// It cannot be read, or is no image.
    pub(super) fn open(volumes: &Volumes, at: &Location) -> Result<Self, Error> {
        let source = file(volumes, at)?;
        let pe = Pe::of(&source)?;
        let mut sections = sections::of(&source, &pe)?;
        let profiles = sections::number(&mut sections);
        Ok(Self { sections, profiles })
    }

    /// The entries of its profiles, without the place of the file.
    ///
    /// # Errors
    /// No profile has a kernel and a name, or a text is too long.
    pub(super) fn entries(&self, name: &EntryName) -> Result<Vec<Entry>, Error> {
        let mut found = Vec::new();
        for number in 0..self.profiles.max(1) {
            if let Some(mut entry) = self.entry(number, name)? {
                entry.tries = name.tries;
                found.push(entry);
            }
        }
        match found.is_empty() {
            true => Err(Error::failed(
                "it is no unified kernel image with a kernel and a name.",
            )),
            false => Ok(found),
        }
    }

    /// The command line of a profile.
    ///
    /// # Errors
    /// There is no such profile, or its text cannot be read.
    pub(super) fn options(&self, profile: u32) -> Result<String, Error> {
        if profile >= self.profiles.max(1) {
            let error = boot::Error::new(Kind::UkiProfile, profile.into());
            return Err(Error::failed(loader_text(error)));
        }
        let options = self.text(profile, ".cmdline")?;
        let options = String::from_utf8_lossy(&options);
        let options = options.trim_end_matches(['\0', '\n', '\r', ' ']);
        Ok(options.replace('\n', " "))
    }

    /// Whether a profile needs an option that names the root file system, as far as that
    /// can be seen.
    pub(super) fn needs_root(&self, profile: u32) -> Option<bool> {
        let mut kernel = self.section(profile, ".linux")?.content.clone();
        if inside::is_other_program(&mut kernel)? {
            return Some(false);
        }
        let initrd = self.section(profile, ".initrd");
        let mut initrd = initrd.map_or(Content::Bytes(Vec::new()), |found| found.content.clone());
        let finds_root = inside::finds_root(&mut initrd)?;
        Some(!finds_root)
    }

    /// The section of a name in effect in a profile.
    fn section(&self, profile: u32, name: &str) -> Option<&Section> {
        let own = match self.profiles {
            0 => 0,
            _ => profile.saturating_add(1),
        };
        sections::effective(&self.sections, own, name)
    }

    fn text(&self, profile: u32, section: &str) -> Result<Vec<u8>, Error> {
        match self.section(profile, section) {
            Some(found) => found.content.text(section),
            None => Ok(Vec::new()),
        }
    }

    /// The entry of a profile; `None` if there is nothing to show: no kernel, or no name.
    fn entry(&self, number: u32, name: &EntryName) -> Result<Option<Entry>, Error> {
        let (release, profile) = (self.text(number, ".osrel")?, self.text(number, ".profile")?);
        let Some(mut title) = osrel::title(&release) else {
            return Ok(None);
        };
        if self.section(number, ".linux").is_none() {
            return Ok(None);
        }
        let mut entry = Entry::EMPTY;
        entry.profile = number;
        let is_full =
            || Error::failed("its texts are longer than an entry's may be: shorten them.");
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
        Ok(Some(entry))
    }
}
