//! A line of text that is being edited, in memory of the caller's.

use super::text::continues;

/// The line. Its positions are bytes, always at the start of a character as
/// far as it is UTF-8.
pub(super) struct Line<'a> {
    buffer: &'a mut [u8],
    length: usize,
    cursor: usize,
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

    pub(super) fn limit(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn move_to(&mut self, position: usize) {
        self.cursor = position.min(self.length);
    }

    /// Start of the character before the cursor.
    pub(super) fn left(&self) -> usize {
        let before = self.text().get(..self.cursor).unwrap_or_default();
        before
            .iter()
            .rposition(|&byte| !continues(byte))
            .unwrap_or(0)
    }

    /// End of the character at the cursor.
    pub(super) fn right(&self) -> usize {
        let mut behind = self
            .text()
            .iter()
            .enumerate()
            .skip(self.cursor.wrapping_add(1));
        behind
            .find(|(_, byte)| !continues(**byte))
            .map_or(self.length, |(at, _)| at)
    }

    /// Puts a byte in at the cursor; false if the line is full.
    pub(super) fn insert(&mut self, byte: u8) -> bool {
        if self.length == self.buffer.len() {
            return false;
        }
        let behind = self.cursor.wrapping_add(1);
        self.buffer.copy_within(self.cursor..self.length, behind);
        if let Some(place) = self.buffer.get_mut(self.cursor) {
            *place = byte;
        }
        self.length = self.length.wrapping_add(1);
        self.changed = self.changed.min(self.cursor);
        self.cursor = self.cursor.wrapping_add(1);
        true
    }

    /// Takes out what lies between the cursor and another position.
    pub(super) fn remove(&mut self, other: usize) {
        let other = other.min(self.length);
        let (from, to) = (self.cursor.min(other), self.cursor.max(other));
        self.buffer.copy_within(to..self.length, from);
        self.length = self.length.wrapping_sub(to.wrapping_sub(from));
        self.cursor = from;
        self.changed = self.changed.min(from);
    }
}
