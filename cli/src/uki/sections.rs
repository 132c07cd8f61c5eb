//! The sections of a UKI: which profile each belongs to, and what the table
//! for the stub says of them.

use std::rc::Rc;

use layout::uki::{BASE_PROFILE, ENTRIES_MAX, Kind};

use super::content::{Content, SourceFile};
use super::cpio;
use super::pe::{self, Pe};
use crate::error::Error;
use crate::number::to_u32;

/// Contents that are data.
pub const DATA: u32 = 0x4000_0040;
/// Contents that are code.
pub const CODE: u32 = 0x6000_0020;

/// Our own sections: the real-mode loader, the entry code, archives.
pub const LOADER_NAME: [u8; 8] = *b".bzload\0";
/// See [`LOADER_NAME`].
pub const ENTRY_NAME: [u8; 8] = *b".bzentry";
/// See [`LOADER_NAME`].
pub const EXTRA_NAME: [u8; 8] = *b".bzextra";

/// Sections that an EFI stub looks up by name: they may lie at any address.
const PAYLOAD: [&str; 15] = [
    ".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".dtbauto", ".hwids",
    ".efifw", ".uname", ".sbat", ".pcrsig", ".pcrpkey", ".profile",
];

/// A section to be written.
#[derive(Clone, Debug)]
pub struct Section {
    /// The name, filled up with NULs.
    pub name: [u8; 8],
    /// What it holds in the file.
    pub content: Content,
    /// Bytes in memory.
    pub virtual_size: u32,
    /// Its address, if it has to stay: code refers to it.
    pub virtual_address: Option<u32>,
    /// Flags.
    pub characteristics: u32,
    /// [`BASE_PROFILE`], or the number of its profile + 1.
    pub profile: u32,
}

impl Section {
    /// A new section of data.
    ///
    /// # Errors
    /// The name is not one of a section, or the content is 4 GiB or more.
    pub fn new(name: &str, content: Content) -> Result<Self, Error> {
        let mut bytes = [0; 8];
        match bytes.get_mut(..name.len()) {
            Some(place) if name.is_ascii() && !name.is_empty() => {
                place.copy_from_slice(name.as_bytes());
            }
            _ => {
                return Err(Error::failed(format!(
                    "{name:?} cannot be a section's name: use 1 to 8 ASCII characters"
                )));
            }
        }
        let virtual_size = u32::try_from(content.size()).map_err(|_| {
            Error::failed(format!("{name} is larger than 4 GiB: use a smaller file"))
        })?;
        Ok(Self {
            name: bytes,
            content,
            virtual_size,
            virtual_address: None,
            characteristics: DATA,
            profile: BASE_PROFILE,
        })
    }

    /// The name as text.
    pub fn name(&self) -> String {
        pe::name(&self.name)
    }

    /// What the stub uses it for.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self.name().as_str() {
            ".linux" => Kind::Linux,
            ".cmdline" => Kind::Cmdline,
            ".ucode" => Kind::Microcode,
            ".initrd" => Kind::Initrd,
            ".bzextra" => Kind::Extra,
            _ => return None,
        })
    }
}

/// The sections of a file; our own of an earlier run are left out. Only those
/// of its EFI stub keep their addresses.
///
/// # Errors
/// A section lies outside the file.
pub fn of(source: &Rc<SourceFile>, pe: &Pe) -> Result<Vec<Section>, Error> {
    let ours = |name| [LOADER_NAME, ENTRY_NAME, EXTRA_NAME].contains(name);
    let sections = pe.sections.iter().filter(|section| !ours(&section.name));
    sections
        .map(|section| {
            let stays = !PAYLOAD.contains(&section.name().as_str());
            Ok(Section {
                name: section.name,
                content: pe::content(source, section)?,
                virtual_size: section.virtual_size,
                virtual_address: stays.then_some(section.virtual_address),
                characteristics: section.characteristics,
                profile: BASE_PROFILE,
            })
        })
        .collect()
}

/// Counts the profiles, and gives each section its own: those before the first
/// `.profile` are the base of all, each `.profile` begins one.
pub fn number(sections: &mut [Section]) -> u32 {
    let mut profile = BASE_PROFILE;
    for section in sections {
        if section.name() == ".profile" {
            profile = profile.saturating_add(1);
        }
        section.profile = profile;
    }
    profile
}

/// Puts sections into the order of the file, which is that of the section table
/// too: sbsign demands it. Profiles stay apart; inside each the order is free,
/// and kernel, microcode, initrd and archives come last, as they are handed over.
pub fn arrange(sections: &mut [Section]) {
    sections.sort_by_key(|section| {
        let rank = match section.kind() {
            Some(Kind::Linux) => 3,
            Some(Kind::Microcode) => 4,
            Some(Kind::Initrd) => 5,
            Some(Kind::Extra) => 6,
            _ if section.virtual_address.is_some() => 1,
            _ if section.name() == ".profile" => 0,
            _ => 2,
        };
        (section.profile, rank)
    });
}

/// The section of a name in effect in profile N, `own` = N + 1: its own before
/// the base's, the first of a name, and an empty one hides.
pub fn effective<'a>(sections: &'a [Section], own: u32, name: &str) -> Option<&'a Section> {
    let of = |profile| {
        let mut all = sections.iter();
        all.find(|section| section.profile == profile && section.name() == name)
    };
    of(own)
        .or_else(|| of(BASE_PROFILE))
        .filter(|section| section.virtual_size != 0)
}

/// The archives of systemd-stub for each profile, as sections of our own.
///
/// # Errors
/// A section cannot be read, or is too large.
pub fn extras(sections: &[Section], profiles: u32) -> Result<Vec<Section>, Error> {
    // Without profiles there is one, and all is the base.
    let numbers = if profiles == 0 { 0..=0 } else { 1..=profiles };
    let mut extras = Vec::new();
    for own in numbers {
        let mut archives = Vec::new();
        for (name, file) in cpio::PASSED_ON {
            if let Some(section) = effective(sections, own, name) {
                archives.extend(cpio::extra(file, &section.content.text(name)?));
            }
        }
        if !archives.is_empty() {
            let mut section = Section::new(".bzextra", Content::Bytes(archives))?;
            section.profile = own;
            extras.push(section);
        }
    }
    Ok(extras)
}

/// The number that the table has for it.
#[allow(clippy::as_conversions, reason = "the enumeration states its numbers")]
fn number_of(kind: Kind) -> u32 {
    kind as u32
}

/// The table for the stub: kind, profile, offset in the protected-mode part
/// and size of each section that it uses; `offset` gives the offset.
///
/// # Errors
/// There are more sections than the table holds.
pub fn table(sections: &[Section], offset: &dyn Fn(usize) -> u32) -> Result<Vec<[u32; 4]>, Error> {
    let entry = |(index, section): (usize, &Section)| {
        let size = to_u32(section.content.size());
        Some([
            number_of(section.kind()?),
            section.profile,
            offset(index),
            size,
        ])
    };
    let table: Vec<_> = sections.iter().enumerate().filter_map(entry).collect();
    if table.len() > ENTRIES_MAX {
        return Err(Error::failed("it has too many profiles: leave some out"));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(names: &[(&str, &str)]) -> Vec<Section> {
        let one = |(name, text): &(&str, &str)| {
            Section::new(name, Content::Bytes(text.as_bytes().to_vec())).unwrap()
        };
        names.iter().map(one).collect()
    }

    #[test]
    fn profiles_override_the_base() {
        let mut all = sections(&[
            (".osrel", "ID=a"),
            (".cmdline", "base"),
            (".profile", "ID=p0"),
            (".profile", "ID=p1"),
            (".cmdline", "one"),
            (".osrel", ""),
        ]);
        assert_eq!(number(&mut all), 2);
        let text =
            |own, name| effective(&all, own, name).map(|section| section.content.head(9).unwrap());
        assert_eq!(text(1, ".cmdline").unwrap(), b"base");
        assert_eq!(text(2, ".cmdline").unwrap(), b"one");
        assert_eq!(text(2, ".osrel"), None, "hidden");
        let extras = extras(&all, 2).unwrap();
        assert_eq!(
            extras.iter().map(|extra| extra.profile).collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(extras[0].content.size() > extras[1].content.size());
    }

    #[test]
    fn what_is_handed_over_comes_last_in_its_profile() {
        let names = [
            ".linux", ".initrd", ".ucode", ".osrel", ".profile", ".initrd", ".profile", ".cmdline",
        ];
        let names: Vec<_> = names.iter().map(|name| (*name, "x")).collect();
        let mut all = sections(&names);
        number(&mut all);
        arrange(&mut all);
        let arranged: Vec<_> = all.iter().map(Section::name).collect();
        assert_eq!(
            arranged,
            [
                ".osrel", ".linux", ".ucode", ".initrd", ".profile", ".initrd", ".profile",
                ".cmdline"
            ]
        );
    }

    #[test]
    fn names_have_at_most_eight_characters() {
        let empty = || Content::Bytes(Vec::new());
        assert!(Section::new(".cmdline", empty()).is_ok());
        assert!(Section::new(".cmdlines", empty()).is_err());
        assert!(Section::new("", empty()).is_err());
    }
}
