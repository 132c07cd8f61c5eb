//! The editor of the command line: one line of the screen, scrolled sideways.

use super::line::{Line, Unit};
use super::text::{Cells, centred, columns, continues};
use crate::machine::Console;
use crate::menu::keys::{self, Key};

/// What a key does: it moves the cursor, or removes what it would pass.
struct Action {
    key: Key,
    unit: Unit,
    back: bool,
    remove: bool,
}

const fn action(key: u8, unit: Unit, back: bool, remove: bool) -> Action {
    Action {
        key: Key(key),
        unit,
        back,
        remove,
    }
}

static ACTIONS: [Action; 13] = [
    action(Key::LEFT.0, Unit::Character, true, false),
    action(Key::RIGHT.0, Unit::Character, false, false),
    action(Key::HOME.0, Unit::Line, true, false),
    action(Key::END.0, Unit::Line, false, false),
    action(Key::UP.0, Unit::Word, true, false),
    action(Key::WORD_LEFT.0, Unit::Word, true, false),
    action(Key::DOWN.0, Unit::Word, false, false),
    action(Key::WORD_RIGHT.0, Unit::Word, false, false),
    action(Key::BACKSPACE.0, Unit::Character, true, true),
    action(Key::DELETE.0, Unit::Character, false, true),
    action(Key::DELETE_WORD_LEFT.0, Unit::Word, true, true),
    action(Key::DELETE_WORD_RIGHT.0, Unit::Word, false, true),
    // Ctrl-K
    action(0x0b, Unit::Line, false, true),
];

/// Lets a person edit the first `length` bytes of `buffer`, whose size is the
/// limit. Gives the new length, or nothing if it should stay as it was; the
/// buffer's content is lost then.
#[inline(never)]
pub(super) fn edit(console: &mut impl Console, buffer: &mut [u8], length: usize) -> Option<usize> {
    let (columns, lines) = console.size();
    let last = lines.wrapping_sub(1);
    let status = lines.wrapping_sub(2);
    centred(console, last, &[b"Enter boot   Esc back"]);
    console.cursor(true);
    let mut line = Line::new(buffer, length);
    let mut window = Window {
        first: usize::MAX,
        width: columns.wrapping_sub(3),
        line: lines.wrapping_sub(3),
    };
    centred(console, status, &[]);
    let mut full = false;
    loop {
        // Keys may come faster than a slow line draws.
        let key = keys::read(console, Some(0)).or_else(|| {
            window.draw(console, &mut line);
            keys::read(console, None)
        });
        if full {
            centred(console, status, &[]);
            full = false;
        }
        match key {
            Some(Key::ENTER) => return Some(line.text().len()),
            // Ctrl-C, Ctrl-G
            None | Some(Key::ESCAPE | Key(0x03 | 0x07)) => return None,
            Some(Key(character @ b' '..)) => {
                full = !line.insert(character);
                if full {
                    centred(
                        console,
                        status,
                        &[b"No more: the kernel's limit is reached."],
                    );
                }
            }
            Some(key) => {
                for action in &ACTIONS {
                    if action.key == key {
                        let to = line.reach(action.unit, action.back);
                        if action.remove {
                            line.remove(to);
                        } else {
                            line.cursor = to;
                        }
                    }
                }
            }
        }
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
    fn draw(&mut self, console: &mut impl Console, line: &mut Line) {
        let changed = core::mem::replace(&mut line.changed, usize::MAX);
        let text = line.text();
        let cursor = line.cursor;
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
