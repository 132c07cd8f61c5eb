//! A line of text that is being edited, in memory of the caller's.

use super::text::continues;

/// What the cursor moves by.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Character,
    /// What stands between spaces.
    Word,
    /// All that there is.
    Line,
}

/// The line. Its positions are bytes, always at the start of a character as
/// far as it is UTF-8.
pub(super) struct Line<'a> {
    buffer: &'a mut [u8],
    length: usize,
    pub(super) cursor: usize,
    /// The first byte that is not what it was when this was last reset.
    pub(super) changed: usize,
}

impl<'a> Line<'a> {
    /// The first `length` bytes of `buffer`; it may grow to fill it.
    pub(super) fn new(buffer: &'a mut [u8], length: usize) -> Self {
        let length = length.min(buffer.len());
        Self {
            buffer,
            length,
            cursor: 0,
            changed: 0,
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Where the cursor gets by one `unit`.
    pub(super) fn reach(&self, unit: Unit, back: bool) -> usize {
        let mut at = self.cursor;
        let mut inside = false;
        loop {
            // There is nothing before 0, and nothing at the number before it.
            let next = if back { at.wrapping_sub(1) } else { at };
            let Some(&byte) = self.text().get(next) else {
                return at;
            };
            let (edge, enters) = match unit {
                Unit::Character => (back || !continues(byte), !back || !continues(byte)),
                Unit::Word => (byte == b' ', byte != b' '),
                Unit::Line => (false, false),
            };
            if inside && edge {
                return at;
            }
            inside |= enters;
            at = if back { next } else { at.wrapping_add(1) };
        }
    }

    /// Puts a byte in at the cursor; false if the line is full.
    pub(super) fn insert(&mut self, mut byte: u8) -> bool {
        let end = self.length.wrapping_add(1);
        let Some(behind) = self.buffer.get_mut(self.cursor..end) else {
            return false;
        };
        for place in behind {
            core::mem::swap(place, &mut byte);
        }
        self.length = end;
        self.changed = self.changed.min(self.cursor);
        self.cursor = self.cursor.wrapping_add(1);
        true
    }

    /// Takes out what lies between the cursor and `other`, which [`Line::reach`]
    /// gave.
    pub(super) fn remove(&mut self, other: usize) {
        let mut from = self.cursor.max(other);
        self.cursor = self.cursor.min(other);
        self.changed = self.changed.min(self.cursor);
        let mut to = self.cursor;
        while let Some(&byte) = self.text().get(from) {
            if let Some(place) = self.buffer.get_mut(to) {
                *place = byte;
            }
            from = from.wrapping_add(1);
            to = to.wrapping_add(1);
        }
        self.length = to;
    }
}
