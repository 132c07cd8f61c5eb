//! Text that fits into its place, whatever it contains.

use crate::machine::Console;
use crate::text::{character, continues};

/// Columns that `text` takes.
pub(super) fn columns(text: &[u8]) -> usize {
    core::iter::successors(character(text), |(_, rest)| character(rest)).count()
}

/// A number of columns, to be filled with text.
pub(super) struct Cells<'a, C> {
    console: &'a mut C,
    /// Columns that are left.
    room: usize,
    /// There was more text than room.
    cut: bool,
}

impl<'a, C: Console> Cells<'a, C> {
    pub(super) fn new(console: &'a mut C, room: usize) -> Self {
        Self {
            console,
            room,
            cut: false,
        }
    }

    /// Writes text up to the end of the room.
    pub(super) fn put(&mut self, mut text: &[u8]) {
        while let Some((character, rest)) = character(text) {
            text = rest;
            self.cut |= self.room == 0;
            self.room = self.room.saturating_sub(1);
            if !self.cut {
                self.console.write(character);
            }
        }
    }

    /// Fills the rest of the room with spaces.
    pub(super) fn pad(&mut self) {
        while self.room > 0 {
            self.put(b" ");
        }
    }

    /// True if there was more text than room.
    pub(super) fn was_cut(&self) -> bool {
        self.cut
    }
}

/// Writes `pieces` into the middle of an empty line.
pub(super) fn centred(console: &mut impl Console, line: usize, pieces: &[&[u8]]) {
    let (width, _) = console.size();
    let room = width.saturating_sub(1);
    let length = pieces.iter().map(|piece| columns(piece)).sum();
    // An empty line needs no spaces.
    let indent = if length > 0 {
        room.saturating_sub(length) / 2
    } else {
        0
    };
    console.move_to(0, line);
    Cells::new(console, indent).pad();
    let mut cells = Cells::new(console, room);
    for piece in pieces {
        cells.put(piece);
    }
    console.clear_to_end();
}

/// Where to break a text for two lines of `room` columns: after a sentence if possible. In
/// bytes.
pub(super) fn status_break(text: &[u8], room: usize) -> usize {
    let edge = line_break(text, room);
    let mut sentences = text.get(..edge).unwrap_or_default().windows(2);
    let sentence = sentences.rposition(|end| end == b". ");
    match sentence.map(|end| end.saturating_add(2)) {
        Some(end) if edge < text.len() && columns(text.get(end..).unwrap_or_default()) <= room => {
            end
        }
        _ => edge,
    }
}

/// Where to break a text that is longer than `room` columns: after the last
/// space that fits, else at the edge. In bytes.
pub(super) fn line_break(text: &[u8], room: usize) -> usize {
    let mut column = 0usize;
    let mut after_space = None;
    for (at, &byte) in text.iter().enumerate() {
        if !continues(byte) {
            if column == room {
                // Never 0: it would not end.
                return after_space.unwrap_or(at).max(1);
            }
            column = column.saturating_add(1);
        }
        if byte == b' ' {
            after_space = Some(at.saturating_add(1));
        }
    }
    text.len()
}
