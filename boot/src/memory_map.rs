//! The machine's memory map: which physical memory is usable RAM.
//!
//! Firmware reports ranges in any order, overlapping, empty, or running past
//! 2^64. They are kept as they come. Where ranges overlap, unusable wins over usable,
//! and usable over unknown, so the order of the ranges does not matter.

use layout::memory::{KERNEL, KERNEL_SETUP, OVERLAY, SETUP_DATA};

/// The use of a stretch of memory. Of two uses, the later one here wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Unknown,
    Usable,
    Reserved,
}

/// More ranges than the loader asks a BIOS for.
const RANGES: usize = 260;

/// Addresses where something may begin are multiples of this, 2^12.
const PAGE_MASK: u32 = 0xfff;

/// The machine's memory map. Everything in it is a physical address or a
/// number of bytes. Questions are about the first 4 GiB, where a BIOS loader loads
/// everything; a question about 0 bytes counts as one about 1 byte.
///
/// An empty map is all zeros and takes no room in an image.
pub struct MemoryMap {
    ranges: [Region; RANGES],
    count: usize,
}

/// A stretch of memory that the firmware reported, all of it with the same use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The first byte.
    pub start: u64,
    /// The last byte: the address after it may not fit into 64 bits.
    pub last: u64,
    /// True for RAM that may be used, false for everything else.
    pub usable: bool,
}

impl MemoryMap {
    /// A map in which nothing is usable.
    pub const fn new() -> Self {
        let nothing = Region {
            start: 0,
            last: 0,
            usable: false,
        };
        Self {
            ranges: [nothing; RANGES],
            count: 0,
        }
    }

    /// Makes nothing usable again.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a range as the firmware reports it: `usable` is true for type 1 of
    /// INT 15h, AX=E820h, and false for every other type, known or not.
    ///
    /// In a full map, more usable memory is ignored, and with more of any other
    /// kind nothing is usable.
    pub fn add(&mut self, start: u64, size: u64, usable: bool) {
        let Some(more) = size.checked_sub(1) else {
            return;
        };
        let last = start.saturating_add(more);
        if let Some(place) = self.ranges.get_mut(self.count) {
            *place = Region {
                start,
                last,
                usable,
            };
            self.count = self.count.wrapping_add(1);
        } else if !usable && let Some(place) = self.ranges.last_mut() {
            (place.start, place.last) = (0, u64::MAX);
            place.usable = false;
        }
    }

    /// The reported memory as sorted regions, of which no two overlap, and no two of
    /// the same use touch.
    pub fn regions(&self) -> impl Iterator<Item = Region> {
        let mut next = Some(0);
        core::iter::from_fn(move || {
            loop {
                let start = next?;
                let (found, mut last) = self.stretch(start);
                next = last.checked_add(1);
                while let Some(following) = next
                    && let (same, further) = self.stretch(following)
                    && same == found
                {
                    last = further;
                    next = last.checked_add(1);
                }
                if found != Use::Unknown {
                    let usable = found == Use::Usable;
                    return Some(Region {
                        start,
                        last,
                        usable,
                    });
                }
            }
        })
    }

    /// True if all of `size` bytes from `start` on are usable.
    pub fn is_usable(&self, start: u32, size: u32) -> bool {
        self.lowest(start, size, u32::MAX, 0) == Some(start)
    }

    /// True if the loader may write `size` bytes at `start`: to memory that the layout
    /// gives the kernel or the overlay, and to usable memory above 1 MiB. Writing
    /// nothing does no harm anywhere. Every [`crate::machine::Memory`] asks this.
    ///
    /// The overlay comes before the map, because it has code that makes maps: its memory
    /// is closed as soon as anything is known about the machine's.
    pub fn is_loadable(&self, start: u32, size: u32) -> bool {
        let end = start.saturating_add(size);
        size == 0
            || start >= KERNEL && self.is_usable(start, size)
            || start >= KERNEL_SETUP.start && end <= SETUP_DATA.end
            || start >= OVERLAY.start && end <= OVERLAY.end && self.count == 0
    }

    /// The lowest page-aligned address, `min` or above, from which `size` bytes
    /// are usable, the last of them not above `max`.
    pub fn find(&self, min: u32, size: u32, max: u32) -> Option<u32> {
        self.lowest(min, size, max, PAGE_MASK)
    }

    fn lowest(&self, min: u32, size: u32, max: u32, align_mask: u32) -> Option<u32> {
        let (mut at, mut start) = (min, None);
        loop {
            // Everything from `start` up to `at` is usable; nothing is known yet from
            // `at` on.
            let first = match start {
                Some(first) => first,
                None => {
                    at = at.checked_add(align_mask)? & !align_mask;
                    at
                }
            };
            let end = first.checked_add(size.saturating_sub(1))?;
            if end > max {
                return None;
            }
            let (found, last) = self.stretch(at.into());
            let last = u32::try_from(last).unwrap_or(u32::MAX);
            start = (found == Use::Usable).then_some(first);
            if start.is_some() && last >= end {
                return start;
            }
            at = last.checked_add(1)?;
        }
    }

    /// The use of the memory at `at`, and the last address up to which no range
    /// begins or ends.
    fn stretch(&self, at: u64) -> (Use, u64) {
        let (mut found, mut last) = (Use::Unknown, u64::MAX);
        for range in self.ranges.get(..self.count).unwrap_or_default() {
            if range.last < at {
                continue;
            }
            let end = if range.start > at {
                range.start.wrapping_sub(1)
            } else {
                found = found.max(if range.usable {
                    Use::Usable
                } else {
                    Use::Reserved
                });
                range.last
            };
            last = last.min(end);
        }
        (found, last)
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
        // A range of no bytes adds nothing.
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
        for n in 0..300 {
            map.add((2 * n + 1) * MIB, MIB, true);
        }
        assert_eq!(map.regions().count(), 260);
        // RAM that no longer fits is unused;
        assert!(map.is_usable(519 * M, M));
        assert!(!map.is_usable(521 * M, 1));
        // a reserved range that does not fit makes everything so.
        map.add(517 * MIB + 5, 1, false);
        map.add(MIB, MIB, true);
        assert!(!map.is_usable(M, 1));
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
