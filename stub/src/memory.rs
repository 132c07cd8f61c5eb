//! Which memory is free: the memory map calls it usable, and it holds nothing
//! that the kernel or the stub still needs.

use crate::problem::Problem;

/// A stretch of physical memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

impl Range {
    /// The first address after the range, at most 2^64 - 1.
    pub fn end(self) -> u64 {
        self.start.saturating_add(self.size)
    }

    /// True if the range lies below `end`, not at address 0, and outside
    /// `image`: no Rust object is there, and no null pointer.
    pub fn is_lendable(self, image: Range, end: u64) -> bool {
        let own_end = self.start.checked_add(self.size);
        self.start != 0 && own_end.is_some_and(|at| at <= end) && !self.overlaps(image)
    }

    /// True if both ranges have a byte in common.
    pub fn overlaps(self, other: Range) -> bool {
        self.size != 0 && other.size != 0 && self.start < other.end() && other.start < self.end()
    }
}

/// Initrds begin at a multiple of this, in bytes.
pub const PAGE: u64 = 0x1000;

/// Nothing below this address is used: firmware, loaders and kernels all have
/// their own ideas about that memory.
pub const LOW: u64 = 0x10_0000;

/// Entries of the memory map: as many as `boot_params` holds.
const ENTRIES: usize = 128;
/// Ranges that can be kept.
const KEPT: usize = 48;

/// The machine's memory, and the ranges of it that have to be kept.
pub struct Memory {
    entries: [(Range, bool); ENTRIES],
    count: usize,
    kept: [Range; KEPT],
    kept_count: usize,
}

impl Memory {
    /// A machine without memory.
    pub fn new() -> Self {
        let none = Range { start: 0, size: 0 };
        Self {
            entries: [(none, false); ENTRIES],
            count: 0,
            kept: [none; KEPT],
            kept_count: 0,
        }
    }

    /// Adds an entry of the memory map. Memory is not usable if one entry says
    /// so, whatever others say. Entries for which there is no room are ignored.
    pub fn add(&mut self, range: Range, usable: bool) {
        if let Some(entry) = self.entries.get_mut(self.count) {
            *entry = (range, usable);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Keeps a range from being given away. An empty range needs no keeping.
    ///
    /// # Errors
    /// [`Problem::TooManyRanges`].
    pub fn keep(&mut self, range: Range) -> Result<(), Problem> {
        if range.size == 0 {
            return Ok(());
        }
        let place = self.kept.get_mut(self.kept_count);
        *place.ok_or(Problem::TooManyRanges)? = range;
        self.kept_count = self.kept_count.saturating_add(1);
        Ok(())
    }

    /// True if all of the range is usable, and no byte of it is kept.
    pub fn is_free(&self, range: Range) -> bool {
        range.start >= LOW
            && range.start.checked_add(range.size).is_some()
            && !self.taken().any(|taken| taken.overlaps(range))
            && self.is_ram(range)
    }

    /// The lowest multiple of `align` (a power of two) that is at least `min`
    /// and for which `fits` is true. `fits` has to be false for every place that
    /// is not free by [`Self::is_free`].
    pub fn lowest(&self, min: u64, align: u64, fits: &dyn Fn(u64) -> bool) -> Option<u64> {
        let starts = self.usable().map(|range| range.start);
        let ends = self.taken().map(Range::end);
        let places = starts.chain(ends).chain([LOW, min]);
        places
            .filter_map(|at| at.max(min).checked_next_multiple_of(align))
            .filter(|&at| fits(at))
            .min()
    }

    /// The highest page from which on `size` bytes are free, all below `limit`.
    pub fn highest(&self, size: u64, limit: u64) -> Option<u64> {
        let ends = self.usable().map(Range::end);
        let starts = self.taken().map(|range| range.start);
        let places = ends.chain(starts).chain([limit]);
        places
            .filter_map(|end| Some(end.min(limit).checked_sub(size)? & !(PAGE - 1)))
            .filter(|&start| self.is_free(Range { start, size }))
            .max()
    }

    fn usable(&self) -> impl Iterator<Item = Range> {
        self.entries()
            .filter(|(_, usable)| *usable)
            .map(|(range, _)| range)
    }

    fn taken(&self) -> impl Iterator<Item = Range> {
        let reserved = self
            .entries()
            .filter(|(_, usable)| !usable)
            .map(|(range, _)| range);
        reserved.chain(self.kept.iter().copied().take(self.kept_count))
    }

    fn entries(&self) -> impl Iterator<Item = (Range, bool)> {
        self.entries.iter().copied().take(self.count)
    }

    /// True if usable entries that touch or overlap cover the range.
    fn is_ram(&self, range: Range) -> bool {
        let mut at = range.start;
        // Each round passes the end of an entry.
        for _ in 0..=self.count {
            if at >= range.end() {
                return true;
            }
            let covers = |ram: &Range| ram.start <= at && at < ram.end();
            match self.usable().filter(covers).map(Range::end).max() {
                Some(end) => at = end,
                None => return false,
            }
        }
        false
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn range(start: u64, size: u64) -> Range {
        Range { start, size }
    }

    /// 640 KiB and 1 GiB with a hole at 15 MiB, in three entries out of order.
    fn machine() -> Memory {
        let mut memory = Memory::new();
        memory.add(range(512 * MIB, 512 * MIB), true);
        memory.add(range(15 * MIB, MIB), false);
        memory.add(range(MIB, 511 * MIB), true);
        memory.add(range(0, 0x9_fc00), true);
        memory
    }

    #[test]
    fn usable_entries_join_and_reserved_ones_win() {
        let memory = machine();
        assert!(memory.is_free(range(16 * MIB, 1008 * MIB)));
        assert!(!memory.is_free(range(16 * MIB, 1008 * MIB + 1)));
        assert!(memory.is_free(range(MIB, 14 * MIB)));
        assert!(!memory.is_free(range(MIB, 14 * MIB + 1)));
        assert!(
            !memory.is_free(range(0x1000, 0x1000)),
            "low memory is not ours"
        );
        assert!(!memory.is_free(range(u64::MAX - 1, 4)));
    }

    #[test]
    fn only_mapped_memory_outside_the_image_is_lent() {
        let image = range(0x10_0000, 0x2_4000);
        let end = 1 << 32;
        for (start, size, is_lent) in [
            (0x500, 1, true),
            (0xf_f000, 0x1000, true),
            (0x12_4000, 0x1000, true),
            (end - 1, 1, true),
            (0, 1, false),
            (0xf_f000, 0x1001, false),
            (0x12_3fff, 1, false),
            (1, 1 << 30, false),
            (end - 1, 2, false),
            (end, 1, false),
            (u64::MAX, 2, false),
        ] {
            let lent = range(start, size).is_lendable(image, end);
            assert_eq!(lent, is_lent, "{start:#x}, {size:#x}");
        }
    }

    #[test]
    fn what_is_kept_is_not_free() {
        let mut memory = machine();
        memory.keep(range(100 * MIB, MIB)).unwrap();
        assert!(!memory.is_free(range(99 * MIB, MIB + 1)));
        assert!(memory.is_free(range(99 * MIB, MIB)));
        assert_eq!(memory.highest(MIB, 102 * MIB), Some(101 * MIB));
        assert_eq!(memory.highest(MIB + 1, 102 * MIB), Some(99 * MIB - PAGE));
        let fits = |start| memory.is_free(range(start, 80 * MIB));
        assert_eq!(memory.lowest(0, 2 * MIB, &fits), Some(16 * MIB));
        assert_eq!(memory.lowest(17 * MIB, 2 * MIB, &fits), Some(18 * MIB));
        assert_eq!(memory.lowest(21 * MIB, 2 * MIB, &fits), Some(102 * MIB));
    }

    #[test]
    fn too_much_to_keep_is_an_error() {
        let mut memory = machine();
        for n in 0..KEPT as u64 {
            memory.keep(range(n, 0)).unwrap();
            memory.keep(range(n, 1)).unwrap();
        }
        assert_eq!(memory.keep(range(0, 1)), Err(Problem::TooManyRanges));
    }
}
