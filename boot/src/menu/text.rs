//! Text that fits into its place, whatever it contains.

use crate::machine::Console;

/// True for the bytes of a UTF-8 character after its first.
pub(super) fn continues(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Columns that `text` takes.
pub(super) fn columns(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| !continues(byte)).count()
}

/// A number of columns, to be filled with text.
pub(super) struct Cells<'a, C> {
    console: &'a mut C,
    /// Columns that are left.
    room: usize,
    /// There was more text than room.
    cut: bool,
    previous: u8,
}

impl<'a, C: Console> Cells<'a, C> {
    pub(super) fn new(console: &'a mut C, room: usize) -> Self {
        Self {
            console,
            room,
            cut: false,
            previous: 0,
        }
    }

    /// Writes text up to the end of the room. Control characters could do
    /// anything to a terminal; `?` stands for them.
    pub(super) fn put(&mut self, text: &[u8]) {
        for &byte in text {
            if !continues(byte) {
                self.cut |= self.room == 0;
                self.room = self.room.saturating_sub(1);
            }
            if !self.cut {
                // U+0080 to U+009F are control characters too.
                let control = byte < b' ' || byte == 0x7f || self.previous == 0xc2 && byte < 0xa0;
                self.console.write(&[if control { b'?' } else { byte }]);
                self.previous = byte;
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
