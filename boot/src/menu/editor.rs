//! The editor of the command line: one line of the screen, scrolled sideways.

use super::line::Line;
use super::text::{self, Cells, centred, columns, continues};
use super::words;
use crate::keys::{self, Key};
use crate::machine::Console;

/// Lets a person edit the first `length` bytes of `buffer`, whose size is the
/// limit. Gives the new length, or nothing if it should stay as it was; the
/// buffer's content is lost then.
#[inline(never)]
pub(super) fn edit(console: &mut dyn Console, buffer: &mut [u8], length: usize) -> Option<usize> {
    let (columns, lines) = console.size();
    let last = lines.saturating_sub(1);
    centred(console, last.wrapping_sub(2), &[]);
    centred(console, last, &[b"Enter boot   Esc back"]);
    console.cursor(true);
    let mut line = Line::new(buffer, length);
    let mut window = Window {
        first: usize::MAX,
        width: columns.saturating_sub(3),
        line: last.wrapping_sub(1),
    };
    let mut full = false;
    loop {
        // Keys may come faster than a slow line draws.
        let key = keys::read(console, Some(0)).or_else(|| {
            window.draw(console, &mut line);
            keys::read(console, None)
        });
        if full {
            full = false;
            centred(console, last.wrapping_sub(2), &[]);
        }
        match key {
            Some(Key::Enter) => return Some(line.text().len()),
            // Ctrl-C, Ctrl-G
            None | Some(Key::Escape | Key::Char(3 | 7)) => return None,
            Some(Key::Char(character @ b' '..)) if !line.insert(character) => {
                full = true;
                let mut digits = [0; 10];
                let limit = u32::try_from(line.limit()).unwrap_or(0);
                let pieces: [&[u8]; 3] = [
                    b"The kernel takes no more than ",
                    text::decimal(limit, &mut digits),
                    b" bytes.",
                ];
                centred(console, last.wrapping_sub(2), &pieces);
            }
            Some(key) => change(&mut line, key),
        }
    }
}

/// What a key does that is no text.
fn change(line: &mut Line, key: Key) {
    match key {
        Key::Left | Key::Char(2) => line.move_to(line.left()),
        Key::Right | Key::Char(6) => line.move_to(line.right()),
        Key::Home | Key::Char(1) => line.move_to(0),
        Key::End | Key::Char(5) => line.move_to(line.text().len()),
        Key::Delete | Key::Char(4) => line.remove(line.right()),
        Key::Backspace => line.remove(line.left()),
        _ => words::key(line, key),
    }
}

/// The part of the line that is seen, with a column on each side for a mark
/// that there is more.
struct Window {
    /// The first byte of it; at the start beyond any, so that it is drawn.
    first: usize,
    width: usize,
    /// Line of the screen.
    line: usize,
}

impl Window {
    /// Draws what has changed, and puts the cursor in its place.
    fn draw(&mut self, console: &mut dyn Console, line: &mut Line) {
        let changed = core::mem::replace(&mut line.changed, usize::MAX);
        let text = line.text();
        let cursor = line.cursor();
        let between = |from: usize, to: usize| columns(text.get(from..to).unwrap_or_default());
        let mut from = changed.max(self.first);
        if cursor < self.first || between(self.first, cursor) >= self.width {
            // By half its width, so that it moves seldom.
            self.first = cursor.saturating_sub(self.width / 2);
            while self.first > 0 && text.get(self.first).is_some_and(|&byte| continues(byte)) {
                self.first = self.first.wrapping_sub(1);
            }
            from = self.first;
            console.move_to(0, self.line);
            console.write(if from > 0 { b"<" } else { b" " });
        }
        if let Some(rest) = text.get(from..) {
            let column = between(self.first, from);
            console.move_to(column.wrapping_add(1), self.line);
            let mut cells = Cells::new(console, self.width.saturating_sub(column));
            cells.put(rest);
            let cut = cells.room < 0;
            console.clear_to_end();
            if cut {
                console.write(b">");
            }
        }
        console.move_to(between(self.first, cursor).wrapping_add(1), self.line);
    }
}
