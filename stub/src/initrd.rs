//! The initrds, which the kernel gets as one.

use layout::uki::Kind;

use crate::memory::{PAGE, Range};
use crate::table::Table;

/// How many initrds there can be.
pub const COUNT: usize = 4;

/// The initrds in the order in which the kernel gets them: ranges of memory,
/// each to be padded to four bytes. Those of size 0 do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Initrds(pub [Range; COUNT]);

impl Initrds {
    /// Microcode, the loader's initrd, the file's own, and the archives of the
    /// stub. `file` is the address of the protected-mode part.
    pub fn collect(table: &Table, profile: u32, file: u64, handed_in: Range) -> Self {
        let piece = |kind| {
            let piece = table.piece(kind, profile).unwrap_or_default();
            Range {
                start: file.saturating_add(piece.start),
                size: piece.size,
            }
        };
        Self([
            piece(Kind::Microcode),
            handed_in,
            piece(Kind::Initrd),
            piece(Kind::Extra),
        ])
    }

    /// The initrds that exist, each with its offset in the whole.
    pub fn placed(&self) -> impl Iterator<Item = (u64, Range)> {
        self.existing().scan(0, |end: &mut u64, initrd| {
            let offset = *end;
            *end = end.saturating_add(padded(initrd.size));
            Some((offset, initrd))
        })
    }

    /// Bytes of the whole.
    pub fn size(&self) -> u64 {
        let sizes = self.existing().map(|initrd| padded(initrd.size));
        sizes.fold(0, u64::saturating_add)
    }

    /// Where the whole begins if it can be made by moving initrds down, inside
    /// the memory from the first to the last of them.
    pub fn in_place(&self, file: Range) -> Option<u64> {
        let mut initrds = self.existing();
        let first = initrds.next()?;
        let mut end = first.end();
        let mut inside = first.start >= file.start;
        for initrd in initrds {
            inside &= initrd.start >= end;
            end = initrd.end();
        }
        (inside && end <= file.end() && first.start.is_multiple_of(PAGE)).then_some(first.start)
    }

    fn existing(&self) -> impl Iterator<Item = Range> {
        self.0.into_iter().filter(|initrd| initrd.size != 0)
    }
}

/// A size with its padding to four bytes.
pub fn padded(size: u64) -> u64 {
    size.saturating_add(3) & !3
}
