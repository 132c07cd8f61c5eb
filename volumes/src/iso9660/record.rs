//! The records of a directory (ECMA-119, section 9.1).

use super::place::Place;

/// The part of every record that has a fixed place.
const FIXED: usize = 33;

const DIRECTORY: u8 = 0x02;
const ASSOCIATED: u8 = 0x04;
const CONTINUED: u8 = 0x80;

/// A record.
pub(super) struct Record<'a> {
    /// Its size in bytes.
    pub(super) length: usize,
    pub(super) place: Place,
    flags: u8,
    pub(super) name: Name<'a>,
    /// What follows the name: Rock Ridge's place.
    pub(super) system_use: &'a [u8],
}

/// A name as it lies there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// `.`
    Itself,
    /// `..`
    Parent,
    Of(&'a [u8]),
}

impl<'a> Record<'a> {
    /// The record at the start of `bytes`; `None` at the end of a sector's records.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let length = usize::from(*bytes.first()?);
        let bytes = bytes.get(..length)?;
        let number = |at: usize| {
            let number = bytes.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*number))
        };
        let attributes = u32::from(*bytes.get(1)?);
        let size = usize::from(*bytes.get(32)?);
        let (name, rest) = bytes.get(FIXED..)?.split_at_checked(size)?;
        // A byte of padding follows a name of an even size.
        let padding = usize::from(size.is_multiple_of(2));
        Some(Self {
            length,
            place: Place {
                // Extended attributes lie in front of the content.
                block: number(2)?.checked_add(attributes)?,
                size: number(10)?,
            },
            flags: *bytes.get(25)?,
            name: match name {
                [0] => Name::Itself,
                [1] => Name::Parent,
                name => Name::Of(name),
            },
            system_use: rest.get(padding..).unwrap_or_default(),
        })
    }

    pub(super) fn is_directory(&self) -> bool {
        self.flags & DIRECTORY != 0
    }

    /// It belongs to another file of the same name.
    pub(super) fn is_associated(&self) -> bool {
        self.flags & ASSOCIATED != 0
    }

    /// The file goes on in the next record.
    pub(super) fn is_continued(&self) -> bool {
        self.flags & CONTINUED != 0
    }
}

/// A plain name as people write it: in small letters, without the version and without a
/// dot at its end.
pub(super) fn plain(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    without_version(&name).trim_end_matches('.').to_owned()
}

/// Joliet's name, without the version.
pub(super) fn joliet(name: &[u8]) -> String {
    without_version(&utf16(name)).to_owned()
}

fn without_version(name: &str) -> &str {
    match name.rsplit_once(';') {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

/// Text in UTF-16, the higher byte first.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .as_chunks()
        .0
        .iter()
        .map(|unit| u16::from_be_bytes(*unit));
    let characters = char::decode_utf16(units);
    let characters = characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    characters.collect()
}
