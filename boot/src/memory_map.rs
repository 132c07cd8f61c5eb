//! The machine's memory map: which physical memory is usable RAM.
//!
//! Firmware reports ranges in any order, overlapping, empty, or running past
//! 2^64. The map stays right at every step, whatever comes: it is a list of the
//! addresses at which the use of memory changes, sorted, and adding a range
//! only ever raises what lies inside it, from unknown over usable to reserved.
//! So it does not matter in which order ranges come, and where two of them
//! disagree the unusable one wins.

/// What a stretch of memory may be used for, in the order of who wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Unknown,
    Usable,
    Reserved,
}

/// From `at` up to the next change, memory has this use.
#[derive(Clone, Copy)]
struct Change {
    at: u64,
    to: Use,
}

/// Enough for 128 regions that do not touch each other.
const CHANGES: usize = 2 * 128 + 1;

/// Addresses where something may begin are multiples of this, 2^12.
const PAGE_MASK: u32 = 0xfff;

/// The machine's memory map. Everything in it is a physical address or a
/// number of bytes. Questions are about the first 4 GiB, where everything lies
/// that a BIOS loader loads; one about 0 bytes is one about the first of them.
pub struct MemoryMap {
    changes: [Change; CHANGES],
    /// How many changes there are behind the first, which is always at 0: so an
    /// empty map is all zeros and takes no room in an image.
    more: usize,
}

/// A stretch of memory that the firmware reported and of which all has the
/// same use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The first byte.
    pub start: u64,
    /// The last byte: the one behind it may not be a number.
    pub last: u64,
    /// True for RAM that may be used, false for everything else.
    pub usable: bool,
}

impl MemoryMap {
    /// A map in which nothing is usable.
    pub const fn new() -> Self {
        let nothing = Change {
            at: 0,
            to: Use::Unknown,
        };
        Self {
            changes: [nothing; CHANGES],
            more: 0,
        }
    }

    /// Adds a range as the firmware reports it: `usable` is true for type 1 of
    /// INT 15h, AX=E820h, and false for every other type, known or not.
    ///
    /// When the map is full, what no longer fits makes it claim less usable
    /// memory, never more.
    pub fn add(&mut self, start: u64, size: u64, usable: bool) {
        if size == 0 {
            return;
        }
        let first = self.split(start, usable);
        let behind = match start.checked_add(size) {
            Some(end) => self.split(end, !usable),
            None => CHANGES,
        };
        let to = if usable { Use::Usable } else { Use::Reserved };
        for change in self.changes.get_mut(first..behind).unwrap_or_default() {
            change.to = change.to.max(to);
        }
        self.merge();
    }

    /// What was reported, sorted, no two regions overlapping and no two of the
    /// same use touching.
    pub fn regions(&self) -> impl Iterator<Item = Region> {
        let changes = self
            .changes
            .iter()
            .enumerate()
            .take(self.more.wrapping_add(1));
        changes
            .filter(|(_, change)| change.to != Use::Unknown)
            .map(|(index, change)| Region {
                start: change.at,
                last: self.last(index),
                usable: change.to == Use::Usable,
            })
    }

    /// True if all of `size` bytes from `start` on are usable.
    pub fn is_usable(&self, start: u32, size: u32) -> bool {
        self.lowest(start, size, u32::MAX, 0) == Some(start)
    }

    /// The lowest page-aligned address, `min` or above, from which `size` bytes
    /// are usable, the last of them not above `max`.
    pub fn find(&self, min: u32, size: u32, max: u32) -> Option<u32> {
        self.lowest(min, size, max, PAGE_MASK)
    }

    fn lowest(&self, min: u32, size: u32, max: u32, align_mask: u32) -> Option<u32> {
        let more = size.saturating_sub(1);
        for index in 0..=self.more {
            let change = self.changes.get(index)?;
            if change.to != Use::Usable {
                continue;
            }
            let start = u32::try_from(change.at).ok()?.max(min);
            let start = start.checked_add(align_mask)? & !align_mask;
            let last = u32::try_from(self.last(index)).unwrap_or(u32::MAX);
            if start.checked_add(more)? <= last.min(max) {
                return Some(start);
            }
        }
        None
    }

    /// The last byte before the change that follows change `index`.
    fn last(&self, index: usize) -> u64 {
        match self.changes.get(index.wrapping_add(1)) {
            Some(next) if index < self.more => next.at.wrapping_sub(1),
            _ => u64::MAX,
        }
    }

    /// Makes `at` an address where something changes, and gives the index of
    /// that change. In a full map it gives a change near it instead: the next
    /// one if `up`, else the one before.
    fn split(&mut self, at: u64, up: bool) -> usize {
        // The last change at or below `at`; the first change always is.
        let mut index = self.more;
        let mut before = Change {
            at: 0,
            to: Use::Unknown,
        };
        while let Some(change) = self.changes.get(index) {
            before = *change;
            if before.at <= at {
                break;
            }
            index = index.wrapping_sub(1);
        }
        if before.at == at {
            return index;
        }
        let next = index.wrapping_add(1);
        if self.more.wrapping_add(1) == CHANGES {
            return if up { next } else { index };
        }
        let mut moved = Change { at, to: before.to };
        for change in self.changes.iter_mut().skip(next) {
            moved = core::mem::replace(change, moved);
        }
        self.more = self.more.wrapping_add(1);
        next
    }

    /// Drops changes that change nothing.
    fn merge(&mut self) {
        let mut kept = 0;
        for index in 1..=self.more {
            let Some(&change) = self.changes.get(index) else {
                break;
            };
            if self
                .changes
                .get(kept)
                .is_some_and(|last| last.to == change.to)
            {
                continue;
            }
            kept = kept.wrapping_add(1);
            if let Some(place) = self.changes.get_mut(kept) {
                *place = change;
            }
        }
        self.more = kept;
    }
}

impl Default for MemoryMap {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )]

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    const MIB: u64 = 1 << 20;
    /// The same in questions.
    const M: u32 = 1 << 20;

    fn map(ranges: &[(u64, u64, bool)]) -> MemoryMap {
        let mut map = MemoryMap::new();
        for &(start, size, usable) in ranges {
            map.add(start, size, usable);
        }
        map
    }

    fn regions(map: &MemoryMap) -> Vec<(u64, u64, bool)> {
        map.regions()
            .map(|region| (region.start, region.last, region.usable))
            .collect()
    }

    #[test]
    fn qemu() {
        let map = map(&[
            (0, 0x9_fc00, true),
            (0x9_fc00, 0x400, false),
            (0xf_0000, 0x1_0000, false),
            (0x10_0000, 0x7ee_0000, true),
            (0x7fe_0000, 0x2_0000, false),
            (0xfffc_0000, 0x4_0000, false),
            (0xfd_0000_0000, 0x3_0000_0000, false),
        ]);
        assert_eq!(regions(&map).len(), 7);
        assert!(map.is_usable(0x10_0000, 0x7ee_0000));
        assert!(!map.is_usable(0x10_0000, 0x7ee_0001));
        assert!(!map.is_usable(0xf_ffff, 2));
        assert!(!map.is_usable(0x8_0000, M));
        assert_eq!(map.find(0, 0x9_fc00, u32::MAX), Some(0));
        assert_eq!(map.find(1, 0x9_ec00, u32::MAX), Some(0x1000));
        assert_eq!(map.find(1, 0x9_ec01, u32::MAX), Some(0x10_0000));
        assert_eq!(map.find(0x400_0001, 0x3fd_f000, u32::MAX), Some(0x400_1000));
        assert_eq!(map.find(0x400_0001, 0x3fd_f001, u32::MAX), None);
        assert_eq!(map.find(0x400_0000, M, 0x40f_ffff), Some(0x400_0000));
        assert_eq!(map.find(0x400_0000, M, 0x40f_fffe), None);
    }

    #[test]
    fn odd_reports() {
        // Adjoining and overlapping pieces of RAM are one, in any order.
        let pieces = [
            (3 * MIB, MIB, true),
            (MIB, MIB, true),
            (3 * MIB / 2, 2 * MIB, true),
        ];
        assert_eq!(regions(&map(&pieces)), [(MIB, 4 * MIB - 1, true)]);
        // The unusable range wins, before or after.
        let torn = [
            (0, 2 * MIB - 1, true),
            (2 * MIB, 3 * MIB - 1, false),
            (3 * MIB, 4 * MIB - 1, true),
        ];
        assert_eq!(
            regions(&map(&[(0, 4 * MIB, true), (2 * MIB, MIB, false)])),
            torn
        );
        assert_eq!(
            regions(&map(&[(2 * MIB, MIB, false), (0, 4 * MIB, true)])),
            torn
        );
        // Nothing is nothing.
        assert_eq!(regions(&map(&[(MIB, 0, true), (u64::MAX, 0, false)])), []);
        // Cut at 2^64.
        let top = u64::MAX - 0xfff;
        assert_eq!(
            regions(&map(&[(top, 0x1000, true)])),
            [(top, u64::MAX, true)]
        );
        assert_eq!(
            regions(&map(&[(top, u64::MAX, true)])),
            [(top, u64::MAX, true)]
        );
        let all = map(&[(0, u64::MAX, true), (u64::MAX, 1, true)]);
        assert_eq!(regions(&all), [(0, u64::MAX, true)]);
        assert!(all.is_usable(5, u32::MAX - 4));
        assert!(!all.is_usable(5, u32::MAX - 3), "ends above 4 GiB");
        assert_eq!(all.find(0xffff_f001, 1, u32::MAX), None);
    }

    #[test]
    fn full() {
        let mut map = MemoryMap::new();
        for n in 0..200 {
            map.add((2 * n + 1) * MIB, MIB, true);
        }
        assert_eq!(map.regions().count(), 128);
        // RAM that no longer fits is unused;
        assert!(map.is_usable(255 * M, M));
        assert!(!map.is_usable(257 * M, 1));
        map.add(MIB + 5, 1, true);
        map.add(257 * MIB, 1, true);
        assert_eq!(map.regions().count(), 128);
        // a reserved range that does not fit takes more than it asks for.
        map.add(255 * MIB + 5, 1, false);
        assert!(!map.is_usable(255 * M, 1));
        assert!(!map.is_usable(256 * M - 1, 1));
        assert!(map.is_usable(253 * M, M));
    }

    /// The naive model is a table of half pages, so that starts need rounding.
    const CELL: u64 = 0x800;
    const CELLS: usize = 48;
    /// Where the table lies: at the start of memory, up to 4 GiB, up to 2^64.
    const BASES: [u64; 3] = [0, (1 << 32) - CELL * 48, 0_u64.wrapping_sub(CELL * 48)];

    fn bytes(cells: usize) -> u64 {
        u64::try_from(cells).unwrap() * CELL
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn agrees_with_a_table(
            base in prop::sample::select(&BASES),
            ranges in prop::collection::vec((0..CELLS, 0..2 * CELLS, any::<bool>()), 0..24),
            (min, size, max) in (0..CELLS, 1..CELLS / 2, 0..CELLS),
        ) {
            let mut map = MemoryMap::new();
            let mut table = [Use::Unknown; CELLS];
            for (cell, cells, usable) in ranges {
                let inside = cells.min(CELLS - cell);
                // Ranges that run past 2^64 are part of the test.
                let reported = if base == BASES[2] { cells } else { inside };
                map.add(base + bytes(cell), bytes(reported), usable);
                for place in &mut table[cell..cell + inside] {
                    *place = (*place).max(if usable { Use::Usable } else { Use::Reserved });
                }
            }
            let mut seen = [Use::Unknown; CELLS];
            let mut end = None;
            for region in map.regions() {
                let at = |address: u64| usize::try_from((address - base) / CELL).unwrap();
                let to = if region.usable { Use::Usable } else { Use::Reserved };
                seen[at(region.start)..=at(region.last)].fill(to);
                let (before, touching) = end.unwrap_or((base, Use::Unknown));
                prop_assert!(before <= region.start, "sorted and disjoint");
                prop_assert!(before < region.start || touching != to, "merged");
                prop_assert!(region.start <= region.last);
                end = Some((region.last.wrapping_add(1), to));
            }
            prop_assert_eq!(seen, table);
            if base == BASES[2] {
                return Ok(());
            }
            let usable = |from: usize, cells: usize| {
                let place = table.get(from..from + cells);
                place.is_some_and(|all| all.iter().all(|&one| one == Use::Usable))
            };
            let at = |cell: usize| u32::try_from(base + bytes(cell)).unwrap();
            let length = u32::try_from(bytes(size)).unwrap();
            for cell in 0..CELLS {
                prop_assert_eq!(map.is_usable(at(cell), length), usable(cell, size));
            }
            let expected = (min.next_multiple_of(2)..CELLS).step_by(2).find(|&start| {
                usable(start, size) && start + size - 1 <= max
            });
            let found = map.find(at(min), length, at(max) + 0x7ff);
            prop_assert_eq!(found, expected.map(at));
        }
    }
}
