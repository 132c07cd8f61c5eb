//! The volume descriptors: a list of sectors from the 17th on.

use std::io;

use super::place::{Place, SECTOR};
use super::record::{self, Record};
use crate::bytes::{Bytes, read, to_u64};

/// Where the descriptors begin, and the most of them that are looked at.
const FIRST: u64 = 16;
const MOST: u64 = 64;
/// In every descriptor, after the byte with its kind.
const MARK: &[u8] = b"CD001";

/// The kind of the primary descriptor.
pub const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;
const END: u8 = 255;

/// Offsets in a descriptor.
const LABEL: std::ops::Range<usize> = 40..72;
const ESCAPES: std::ops::Range<usize> = 88..91;
const BLOCK: std::ops::Range<usize> = 128..130;
const ROOT: std::ops::Range<usize> = 156..190;
const CREATED: std::ops::Range<usize> = 813..829;
const MODIFIED: std::ops::Range<usize> = 830..846;

/// The escape sequences by which Joliet's three levels are known.
const JOLIET: [&[u8]; 3] = [b"%/@", b"%/C", b"%/E"];

/// The descriptors that matter.
#[derive(Default)]
pub(crate) struct Descriptors {
    pub(super) primary: Option<Descriptor>,
    pub(super) joliet: Option<Descriptor>,
}

/// One of them.
pub(super) struct Descriptor {
    pub(super) block: u32,
    pub(super) root: Place,
    label: String,
    uuid: String,
}

/// Whether there is such a file system.
pub(crate) fn is_there(bytes: &dyn Bytes) -> bool {
    sector(bytes, 0).is_ok_and(|sector| sector.get(1..6) == Some(MARK))
}

fn sector(bytes: &dyn Bytes, number: u64) -> io::Result<Vec<u8>> {
    let at = FIRST.saturating_add(number).saturating_mul(to_u64(SECTOR));
    read(bytes, at, SECTOR)
}

/// The sectors of all descriptors, each with its kind in the first byte (ECMA-119, section
/// 8.1). The list ends where it says so, or with a sector that is none or cannot be read.
///
/// # Errors
/// The first one cannot be read.
pub fn descriptors(bytes: &dyn Bytes) -> io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for number in 0..MOST {
        let sector = match sector(bytes, number) {
            Err(_) if number > 0 => break,
            sector => sector?,
        };
        if sector.get(1..6) != Some(MARK) || sector.first() == Some(&END) {
            break;
        }
        found.push(sector);
    }
    Ok(found)
}

impl Descriptors {
    pub(crate) fn read(bytes: &dyn Bytes) -> io::Result<Self> {
        let mut found = Self::default();
        for sector in descriptors(bytes)? {
            let is_joliet = sector
                .get(ESCAPES)
                .is_some_and(|escapes| JOLIET.contains(&escapes));
            match sector.first() {
                Some(&PRIMARY) if found.primary.is_none() => {
                    found.primary = Descriptor::parse(&sector, false);
                }
                Some(&SUPPLEMENTARY) if is_joliet && found.joliet.is_none() => {
                    found.joliet = Descriptor::parse(&sector, true);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The label: that of Joliet where its names count, as for GRUB.
    pub(crate) fn label(&self, is_joliet: bool) -> String {
        let joliet = self.joliet.as_ref().filter(|_| is_joliet);
        let found = joliet.or(self.primary.as_ref());
        found.map(|found| found.label.clone()).unwrap_or_default()
    }

    /// The time of the last change, as blkid writes it.
    pub(crate) fn uuid(&self) -> String {
        let found = self.primary.as_ref();
        found.map(|found| found.uuid.clone()).unwrap_or_default()
    }
}

impl Descriptor {
    fn parse(sector: &[u8], is_joliet: bool) -> Option<Self> {
        let block = sector.get(BLOCK)?.first_chunk()?;
        let block = u32::from(u16::from_le_bytes(*block));
        if ![512, 1024, 2048].contains(&block) {
            return None;
        }
        let label = sector.get(LABEL)?;
        let label = match is_joliet {
            true => record::utf16(label),
            false => String::from_utf8_lossy(label).into_owned(),
        };
        let dates = [sector.get(MODIFIED)?, sector.get(CREATED)?];
        Some(Self {
            block,
            root: Record::parse(sector.get(ROOT)?)?.place,
            label: label.trim_end_matches([' ', '\0']).to_owned(),
            uuid: dates.into_iter().find_map(date).unwrap_or_default(),
        })
    }
}

/// A date of 16 digits with dashes; `None` if it is not set.
fn date(digits: &[u8]) -> Option<String> {
    if !digits.iter().all(u8::is_ascii_digit) || digits.iter().all(|digit| *digit == b'0') {
        return None;
    }
    let (year, rest) = digits.split_at_checked(4)?;
    let parts = std::iter::once(year).chain(rest.chunks(2));
    let parts: Vec<_> = parts.map(String::from_utf8_lossy).collect();
    Some(parts.join("-"))
}
