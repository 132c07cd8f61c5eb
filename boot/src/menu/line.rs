//! A line of text that is being edited, in the caller's memory.

use crate::text::continues;

/// The distance of a move.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Character,
    /// The text between two spaces.
    Word,
    /// Up to the end of the line.
    Line,
}

/// Where to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Back,
    Forward,
}

/// The line. Its positions are bytes, always at the start of a character as
/// far as it is UTF-8.
pub(super) struct Line<'a> {
    buffer: &'a mut [u8],
    length: usize,
    pub(super) cursor: usize,
    /// The first byte that has changed since this was last taken.
    pub(super) changed: Option<usize>,
}

impl<'a> Line<'a> {
    /// The first `length` bytes of `buffer`; the line may grow to fill it.
    pub(super) fn new(buffer: &'a mut [u8], length: usize) -> Self {
        let length = length.min(buffer.len());
        Self {
            buffer,
            length,
            cursor: 0,
            changed: Some(0),
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// The cursor's position after a move by one `unit`.
    pub(super) fn reach(&self, direction: Direction, unit: Unit) -> usize {
        let (before, after) = self
            .text()
            .split_at_checked(self.cursor)
            .unwrap_or_default();
        match direction {
            Direction::Back => self.cursor.saturating_sub(length_back(before, unit)),
            Direction::Forward => self.cursor.saturating_add(length_forward(after, unit)),
        }
    }

    /// Inserts a byte at the cursor; false if the line is full.
    pub(super) fn insert(&mut self, mut byte: u8) -> bool {
        let end = self.length.saturating_add(1);
        let Some(rest) = self.buffer.get_mut(self.cursor..end) else {
            return false;
        };
        for place in rest {
            core::mem::swap(place, &mut byte);
        }
        self.length = end;
        self.change_from(self.cursor);
        self.cursor = self.cursor.saturating_add(1);
        true
    }

    /// Removes the text that a move by one `unit` would pass.
    pub(super) fn remove(&mut self, direction: Direction, unit: Unit) {
        let other = self.reach(direction, unit);
        let (mut to, mut from) = (self.cursor.min(other), self.cursor.max(other));
        self.cursor = to;
        self.change_from(to);
        while let Some(&byte) = self.text().get(from) {
            if let Some(place) = self.buffer.get_mut(to) {
                *place = byte;
            }
            from = from.saturating_add(1);
            to = to.saturating_add(1);
        }
        self.length = to;
    }

    fn change_from(&mut self, at: usize) {
        self.changed = Some(self.changed.map_or(at, |changed| changed.min(at)));
    }
}

/// Bytes from the end of `text` back to where a unit begins.
fn length_back(text: &[u8], unit: Unit) -> usize {
    let start = match unit {
        Unit::Character => text.iter().rposition(|&byte| !continues(byte)),
        Unit::Word => {
            let end = text.iter().rposition(|&byte| byte != b' ');
            let word = text.get(..end.unwrap_or(0)).unwrap_or_default();
            let space = word.iter().rposition(|&byte| byte == b' ');
            space.map(|space| space.saturating_add(1))
        }
        Unit::Line => None,
    };
    text.len().saturating_sub(start.unwrap_or(0))
}

/// Bytes from the start of `text` to where a unit ends.
fn length_forward(text: &[u8], unit: Unit) -> usize {
    let end = match unit {
        Unit::Character => {
            let next = text.iter().skip(1).position(|&byte| !continues(byte));
            next.map(|next| next.saturating_add(1))
        }
        Unit::Word => {
            let word = text.iter().position(|&byte| byte != b' ');
            word.and_then(|word| {
                let space = text.iter().skip(word).position(|&byte| byte == b' ');
                space.map(|space| word.saturating_add(space))
            })
        }
        Unit::Line => None,
    };
    end.unwrap_or(text.len())
}
