//! The debug directory: the one part of a PE image that holds offsets into the
//! file, which change when sections move.

use stub::params::{put, u32};

use super::content::Content;
use super::field;
use super::sections::Section;
use crate::error::Error;
use crate::number::{to_u32, to_u64, to_usize};

/// Its entry in the data directory.
const ENTRY: usize = 6;
/// Bytes of a record, and its fields for address and offset of the data.
const RECORD: usize = 28;
const ADDRESS: usize = 20;
const OFFSET: usize = 24;

/// Puts the offsets right; `places` has the offset of each section.
///
/// # Errors
/// The directory cannot be read.
pub fn relocate(
    optional: &[u8],
    sections: &mut [Section],
    places: &[(u64, u64)],
) -> Result<(), Error> {
    let entry = field::directory(optional, ENTRY);
    let (address, size) = (u32(optional, entry), u32(optional, entry.saturating_add(4)));
    let Some((index, at)) = find(sections, address).filter(|_| size != 0) else {
        return Ok(());
    };
    let mut bytes = sections[index].content.text(&sections[index].name())?;
    let records = bytes.get_mut(at..).unwrap_or_default();
    let size = records.len().min(to_usize(size));
    for record in records[..size].chunks_exact_mut(RECORD) {
        let data = find(sections, u32(record, ADDRESS));
        // Data that is not in a section is not in the new file.
        let offset = data.map_or(0, |(index, at)| places[index].0.saturating_add(to_u64(at)));
        put(record, OFFSET, &to_u32(offset).to_le_bytes());
    }
    sections[index].content = Content::Bytes(bytes);
    Ok(())
}

/// The section that an address lies in, and the offset there.
fn find(sections: &[Section], address: u32) -> Option<(usize, usize)> {
    let offset = |section: &Section| {
        let offset = address.checked_sub(section.virtual_address?)?;
        (u64::from(offset) < section.content.size()).then_some(to_usize(offset))
    };
    let mut all = sections.iter().enumerate();
    all.find_map(|(index, section)| Some((index, offset(section)?)))
        .filter(|_| address != 0)
}
