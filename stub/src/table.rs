//! Where the file's pieces lie: the table in the protected-mode part.

use layout::uki::{BASE_PROFILE, ENTRIES_MAX, ENTRY_SIZE, Kind, TABLE_HEADER, TABLE_MAGIC};

use crate::memory::Range;
use crate::params::u32;
use crate::problem::Problem;
use crate::size::{index, wide};

/// The table. Its offsets count from the protected-mode part.
pub struct Table<'a> {
    entries: &'a [u8],
}

impl<'a> Table<'a> {
    /// Finds the table by its header, which lies in `start`, the first bytes of
    /// the protected-mode part. `read` returns bytes of that part, by offset
    /// and size.
    ///
    /// # Errors
    /// [`Problem::Damaged`], and those of `read`.
    pub fn find(
        start: &[u8],
        read: &mut dyn FnMut(u64, u64) -> Result<&'a [u8], Problem>,
    ) -> Result<Self, Problem> {
        let header = start.get(TABLE_HEADER..).unwrap_or_default();
        let offset = u32(header, 8);
        let count = index(u32(header, 12));
        if !header.starts_with(&TABLE_MAGIC) || count > ENTRIES_MAX {
            return Err(Problem::Damaged);
        }
        let size = wide(count.saturating_mul(ENTRY_SIZE));
        let entries = read(offset.into(), size)?;
        Ok(Self { entries })
    }

    /// The piece of a kind that belongs to profile `profile`: its own, or else
    /// that of the base profile. An empty piece does not exist.
    pub fn piece(&self, kind: Kind, profile: u32) -> Option<Range> {
        let own = self.of(kind, profile.saturating_add(1));
        own.or_else(|| self.of(kind, BASE_PROFILE))
            .filter(|piece| piece.size != 0)
    }

    /// True if the file has profile `profile`. Every file has profile 0.
    pub fn has_profile(&self, profile: u32) -> bool {
        let mut entries = self.entries.chunks_exact(ENTRY_SIZE);
        profile == 0 || entries.any(|entry| u32(entry, 4) == profile.saturating_add(1))
    }

    /// The end of the piece that ends last.
    pub fn end(&self) -> u64 {
        let entries = self.entries.chunks_exact(ENTRY_SIZE);
        entries.map(|entry| range(entry).end()).max().unwrap_or(0)
    }

    fn of(&self, kind: Kind, profile: u32) -> Option<Range> {
        let mut entries = self.entries.chunks_exact(ENTRY_SIZE);
        let found =
            entries.find(|entry| u32(entry, 0) == kind.number() && u32(entry, 4) == profile);
        found.map(range)
    }
}

fn range(entry: &[u8]) -> Range {
    Range {
        start: u32(entry, 8).into(),
        size: u32(entry, 12).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn table(entries: &[[u32; 4]]) -> Vec<u8> {
        entries
            .iter()
            .flatten()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    }

    #[test]
    fn a_profile_has_its_own_pieces_and_those_of_the_base() {
        let bytes = table(&[
            [1, 0, 10, 1],
            [2, 0, 20, 2],
            [2, 1, 30, 3],
            [4, 0, 40, 4],
            [4, 2, 0, 0],
        ]);
        let table = Table { entries: &bytes };
        let piece = |kind, profile| table.piece(kind, profile).map(|piece| piece.start);
        assert_eq!(piece(Kind::Linux, 0), Some(10));
        assert_eq!(piece(Kind::Cmdline, 0), Some(30));
        assert_eq!(piece(Kind::Cmdline, 1), Some(20));
        assert_eq!(piece(Kind::Initrd, 0), Some(40));
        assert_eq!(piece(Kind::Initrd, 1), None, "masked by an empty section");
        assert_eq!(piece(Kind::Microcode, 0), None);
        assert!(table.has_profile(1) && !table.has_profile(2));
        assert_eq!(table.end(), 44);
    }

    #[test]
    fn only_a_table_is_a_table() {
        let mut start = [0_u8; 0x40];
        let bytes = table(&[[1, 0, 10, 1]]);
        let mut read = |_, _| Ok(&bytes[..]);
        assert!(Table::find(&start, &mut read).is_err());
        start[TABLE_HEADER..TABLE_HEADER + 4].copy_from_slice(&TABLE_MAGIC);
        start[TABLE_HEADER + 12] = 1;
        assert!(Table::find(&start, &mut read).is_ok());
        start[TABLE_HEADER + 14] = 1;
        assert!(Table::find(&start, &mut read).is_err());
    }
}
