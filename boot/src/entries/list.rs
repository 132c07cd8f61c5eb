//! The sorted list of entries that the menu shows.

use super::entry::Entry;
use super::sort;

/// The most entries a list holds, in 64 KiB.
pub const CAPACITY: usize = 128;

/// The entries in the order of the menu.
///
/// The caller lends the memory. If more entries are offered than fit, the list holds
/// those that sort first, whatever order they come in.
pub struct List<'a> {
    /// In the order in which they came.
    entries: &'a mut [Entry],
    /// Indexes of `entries` in the order of the menu.
    order: [u8; CAPACITY],
    count: usize,
    dropped: u32,
    /// Only entries of which this is true are taken, if it is set.
    only: Option<&'a Filter<'a>>,
}

/// A condition for an entry.
pub(crate) type Filter<'a> = dyn Fn(&Entry) -> bool + 'a;

impl<'a> List<'a> {
    /// An empty list, with room for as many entries as `room` has, at most
    /// [`CAPACITY`].
    pub fn new(room: &'a mut [Entry]) -> Self {
        List {
            entries: room,
            order: [0; CAPACITY],
            count: 0,
            dropped: 0,
            only: None,
        }
    }

    /// The list takes only entries of which `filter` is true.
    pub(crate) fn only(self, filter: &'a Filter<'a>) -> Self {
        List {
            only: Some(filter),
            ..self
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number of entries that were offered and left out for lack of room.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The entry at `rank`, from 0 on.
    pub fn get(&self, rank: usize) -> Option<&Entry> {
        let place = self.order.get(..self.count)?.get(rank)?;
        self.entries.get(usize::from(*place))
    }

    /// The id of the entry at a rank; empty if there is no such entry.
    pub fn id_of(&self, rank: Option<usize>) -> &[u8] {
        let entry = rank.and_then(|rank| self.get(rank));
        entry.map_or(b"", Entry::id)
    }

    /// All entries, in no order.
    pub(super) fn entries(&mut self) -> &mut [Entry] {
        self.entries.get_mut(..self.count).unwrap_or_default()
    }

    /// Inserts an entry at its place, after those that are equal to it. Where there is
    /// no room left, the last entry is dropped, be it this one or another.
    pub fn offer(&mut self, entry: &Entry) {
        if self.only.is_some_and(|only| !only(entry)) {
            return;
        }
        let (mut rank, mut end) = (0usize, self.count);
        while rank < end {
            let middle = rank.midpoint(end);
            if self
                .get(middle)
                .is_some_and(|other| sort::compare(entry, other).is_lt())
            {
                end = middle;
            } else {
                rank = middle.saturating_add(1);
            }
        }
        let mut place = u8::try_from(self.count).unwrap_or(0);
        if self.count < self.entries.len().min(CAPACITY) {
            self.count = self.count.saturating_add(1);
        } else {
            self.dropped = self.dropped.saturating_add(1);
            place = self
                .order
                .get(..self.count)
                .and_then(<[u8]>::last)
                .copied()
                .unwrap_or(0);
        }
        // When the list ends at this rank, the new entry is dropped.
        let later = self.order.get_mut(rank..self.count).unwrap_or_default();
        if let (Some(into), false) = (self.entries.get_mut(usize::from(place)), later.is_empty()) {
            *into = *entry;
        }
        for rank in later {
            core::mem::swap(rank, &mut place);
        }
    }
}

impl List<'_> {
    /// Replaces the last entry by one that was left out, and gives its rank.
    pub fn replace_last(&mut self, entry: &Entry) -> Option<usize> {
        let rank = self.count.checked_sub(1)?;
        let place = self.order.get(rank)?;
        *self.entries.get_mut(usize::from(*place))? = *entry;
        Some(rank)
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
