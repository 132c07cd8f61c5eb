//! The sorted list of entries that the menu shows.
//!
//! The memory is the caller's: one [`Slot`] an entry, 512 bytes each. The list
//! holds as many entries as there are slots (at least [`CAPACITY`] in gapboot),
//! and when more are offered, those that sort first, whatever order they come in.

use core::cmp::Ordering;

use super::counter::Tries;
use super::sort;
use crate::fat::Node;
use crate::{Error, Kind};

/// Entries that a menu holds at the least, and at the most in 64 KiB.
pub const CAPACITY: usize = 128;

/// The texts of an entry.
///
/// All but the title order the menu, and are kept whole: together they may have
/// [`Slot::TEXT`] bytes (a file name of 255 and 200 for the rest, where 150 in
/// all are usual), and an entry with more is refused. The title, which is only
/// looked at, is cut to what room is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// File name without counter, in small letters, `.conf` or `.efi` included;
    /// for a profile of a UKI also `@` and the profile's name.
    Id,
    /// Key `version`.
    Version,
    /// Key `sort-key`.
    SortKey,
    /// Key `machine-id`.
    MachineId,
    /// Key `title`. The last one: it is the one that is cut.
    Title,
}

impl Field {
    /// Number of fields.
    pub const COUNT: usize = 5;

    const fn index(self) -> usize {
        match self {
            Field::Id => 0,
            Field::Version => 1,
            Field::SortKey => 2,
            Field::MachineId => 3,
            Field::Title => 4,
        }
    }
}

/// What the list keeps of an entry beside its texts.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The boot counter.
    pub tries: Tries,
    /// Number of the UKI profile; 0 for everything else.
    pub profile: u32,
    /// The entry's file; None for what the loader adds by itself.
    pub file: Option<Node>,
    /// Bytes at the end of the id that name the profile, the `@` included.
    pub profile_suffix: u16,
    /// True for what the loader adds to the menu by itself (power off,
    /// reboot): behind all entries, in the order of adding, and never booted
    /// without being asked for.
    pub generated: bool,
    /// The caller's: what kind of entry, on which partition.
    pub tag: u8,
}

impl Facts {
    /// Nothing known: not counted, and no file.
    pub const NONE: Facts = Facts {
        tries: Tries::NONE,
        profile: 0,
        file: None,
        profile_suffix: 0,
        generated: false,
        tag: 0,
    };
}

/// One entry, as it is offered to the list and as it is read from it.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The texts, in the order of [`Field`]. Unset is not the same as empty.
    pub texts: [Option<&'a [u8]>; Field::COUNT],
    /// Everything else.
    pub facts: &'a Facts,
}

impl<'a> Entry<'a> {
    /// One of the texts.
    pub fn text(&self, field: Field) -> Option<&'a [u8]> {
        *self.texts.get(field.index())?
    }

    /// The id.
    pub fn id(&self) -> &'a [u8] {
        self.text(Field::Id).unwrap_or_default()
    }

    /// The id of the file: without the profile.
    pub fn file_id(&self) -> &'a [u8] {
        let id = self.id();
        id.len()
            .checked_sub(self.facts.profile_suffix.into())
            .and_then(|end| id.get(..end))
            .unwrap_or(id)
    }
}

/// Memory for one entry, 512 bytes.
pub struct Slot {
    facts: Facts,
    /// Which slot the entry of this rank is in: a matter of the list as a
    /// whole, kept here so that it needs no array of its own.
    order: u16,
    /// What is shown behind the title, see [`super::title`].
    pub(super) marks: u16,
    /// One more than the bytes of each text; 0: not set.
    lengths: [u16; Field::COUNT],
    text: [u8; Slot::TEXT],
}

impl Slot {
    /// Bytes for the texts of one entry.
    pub const TEXT: usize = 456;
    /// An unused slot: nothing but zeros, so that an array of them takes no
    /// room in an image.
    pub const EMPTY: Slot = Slot {
        facts: Facts {
            tries: Tries { left: 0, done: 0 },
            ..Facts::NONE
        },
        order: 0,
        marks: 0,
        lengths: [0; Field::COUNT],
        text: [0; Slot::TEXT],
    };

    fn fill(&mut self, entry: &Entry) {
        self.facts = *entry.facts;
        self.marks = 0;
        let mut room = &mut self.text[..];
        for (text, length) in entry.texts.iter().zip(&mut self.lengths) {
            *length = 0;
            if let Some(text) = text {
                let text = cut(text, room.len());
                let (place, rest) = core::mem::take(&mut room)
                    .split_at_mut_checked(text.len())
                    .unwrap_or_default();
                place.copy_from_slice(text);
                room = rest;
                *length = u16::try_from(text.len()).unwrap_or(0).wrapping_add(1);
            }
        }
    }

    fn entry(&self) -> Entry<'_> {
        let mut texts = [None; Field::COUNT];
        let mut rest = &self.text[..];
        for (text, length) in texts.iter_mut().zip(&self.lengths) {
            if let Some(length) = length.checked_sub(1) {
                let (bytes, behind) = rest.split_at_checked(length.into()).unwrap_or_default();
                *text = Some(bytes);
                rest = behind;
            }
        }
        Entry {
            texts,
            facts: &self.facts,
        }
    }
}

/// The start of `text` that fits into `room` bytes, not ending inside a UTF-8
/// character.
pub(super) fn cut(text: &[u8], room: usize) -> &[u8] {
    let mut end = room.min(text.len());
    while let (Some(0x80..=0xbf), Some(before)) = (text.get(end), end.checked_sub(1)) {
        end = before;
    }
    text.get(..end).unwrap_or_default()
}

/// The entries in the order of the menu.
pub struct List<'a> {
    slots: &'a mut [Slot],
    count: usize,
    dropped: u32,
}

impl<'a> List<'a> {
    /// An empty list in `slots`, of which it uses at most 65,535.
    pub fn new(slots: &'a mut [Slot]) -> Self {
        List {
            slots,
            count: 0,
            dropped: 0,
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

    /// How many entries were offered and are not here for want of room.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The entry at `rank`, from 0 on.
    pub fn get(&self, rank: usize) -> Option<Entry<'_>> {
        if rank >= self.count {
            return None;
        }
        Some(self.slots.get(self.order(rank))?.entry())
    }

    /// Takes an entry in at its place, behind those that are equal to it. In a
    /// full list the last one, or this one if it would be the last, is dropped.
    ///
    /// # Errors
    /// [`Kind::EntryTooLong`] if what sorts it does not fit into a slot.
    pub fn offer(&mut self, entry: &Entry) -> Result<(), Error> {
        let needed: usize = entry
            .texts
            .iter()
            .take(Field::Title.index())
            .flatten()
            .map(|text| text.len())
            .sum();
        if needed > Slot::TEXT {
            return Err(Error::new(Kind::EntryTooLong, 0));
        }
        let (mut rank, mut end) = (0usize, self.count);
        while rank < end {
            let middle = rank.midpoint(end);
            match self.get(middle) {
                Some(other) if sort::compare(&other, entry) != Ordering::Greater => {
                    rank = middle.saturating_add(1)
                }
                _ => end = middle,
            }
        }
        let full = self.count >= self.slots.len();
        let place = if full {
            self.dropped = self.dropped.saturating_add(1);
            if rank >= self.count {
                return Ok(());
            }
            self.count = self.count.saturating_sub(1);
            self.order(self.count)
        } else {
            self.count
        };
        for at in (rank..self.count).rev() {
            let order = self.order(at);
            self.set_order(at.saturating_add(1), order);
        }
        self.set_order(rank, place);
        self.count = self.count.saturating_add(1);
        if let Some(slot) = self.slots.get_mut(place) {
            slot.fill(entry);
        }
        Ok(())
    }

    fn order(&self, rank: usize) -> usize {
        self.slots.get(rank).map_or(0, |slot| slot.order.into())
    }

    fn set_order(&mut self, rank: usize, place: usize) {
        if let (Some(slot), Ok(place)) = (self.slots.get_mut(rank), u16::try_from(place)) {
            slot.order = place;
        }
    }

    /// Sets a bit of [`Slot::marks`] of the entry at `rank`.
    pub(super) fn mark(&mut self, rank: usize, bit: u16) {
        let place = self.order(rank);
        if let Some(slot) = self.slots.get_mut(place) {
            slot.marks |= bit;
        }
    }

    /// [`List::get`] with the entry's marks.
    pub(super) fn marked(&self, rank: usize) -> Option<(Entry<'_>, u16)> {
        Some((self.get(rank)?, self.slots.get(self.order(rank))?.marks))
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
