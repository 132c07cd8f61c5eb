//! The editor of the command line: one line of the screen, scrolled sideways.

use super::keys::{self, Key};
use super::line::{Direction, Line, Unit};
use super::text::{Cells, centred, columns};
use crate::machine::Console;
use crate::text::continues;

/// The effect of a key on the line.
enum Action {
    /// Moves the cursor.
    Move(Direction, Unit),
    /// Removes the text that the same move would pass.
    Remove(Direction, Unit),
}

/// The action of a key, if it has one. Up and Down move by words, as in systemd-boot.
fn action(key: Key) -> Option<Action> {
    use Action::{Move, Remove};
    use Direction::{Back, Forward};
    Some(match key {
        Key::Left => Move(Back, Unit::Character),
        Key::Right => Move(Forward, Unit::Character),
        Key::Up | Key::WordLeft => Move(Back, Unit::Word),
        Key::Down | Key::WordRight => Move(Forward, Unit::Word),
        Key::Home => Move(Back, Unit::Line),
        Key::End => Move(Forward, Unit::Line),
        Key::Backspace => Remove(Back, Unit::Character),
        Key::Delete => Remove(Forward, Unit::Character),
        Key::DeleteWordLeft => Remove(Back, Unit::Word),
        Key::DeleteWordRight => Remove(Forward, Unit::Word),
        Key::Ctrl(b'k') => Remove(Forward, Unit::Line),
        _ => return None,
    })
}

/// Lets a person edit the first `length` bytes of `buffer`, whose size is the
/// limit. Gives the new length; None if the line should stay as it was, and then
/// the content of the buffer is lost.
pub(super) fn edit(console: &mut impl Console, buffer: &mut [u8], length: usize) -> Option<usize> {
    let (columns, lines) = console.size();
    let last = lines.saturating_sub(1);
    let status = lines.saturating_sub(2);
    centred(console, last, &[b"Enter boot   Esc back"]);
    console.cursor(true);
    let mut line = Line::new(buffer, length);
    let mut window = Window {
        first: None,
        width: columns.saturating_sub(3),
        line: lines.saturating_sub(3),
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
            Some(Key::Enter) => return Some(line.text().len()),
            None | Some(Key::Escape | Key::Ctrl(b'c' | b'g')) => return None,
            Some(Key::Character(character)) => {
                full = !line.insert(character);
                if full {
                    let message = b"No more: the kernel's limit is reached.";
                    centred(console, status, &[message]);
                }
            }
            Some(key) => match action(key) {
                Some(Action::Move(direction, unit)) => line.cursor = line.reach(direction, unit),
                Some(Action::Remove(direction, unit)) => line.remove(direction, unit),
                None => {}
            },
        }
    }
}

/// The visible part of the line, with a column on each side for the mark that shows
/// more text.
struct Window {
    /// The first byte of it; None before it is drawn.
    first: Option<usize>,
    /// Columns.
    width: usize,
    /// Line of the screen.
    line: usize,
}

impl Window {
    /// Draws the text that has changed, and puts the cursor in its place.
    fn draw(&mut self, console: &mut impl Console, line: &mut Line) {
        let changed = line.changed.take();
        let text = line.text();
        let cursor = line.cursor;
        let between = |from: usize, to: usize| columns(text.get(from..to).unwrap_or_default());
        let (first, stale) = match self.first {
            Some(first) if first <= cursor && between(first, cursor) < self.width => {
                (first, changed.map(|changed| changed.max(first)))
            }
            _ => {
                let first = self.scrolled_to(cursor, text);
                console.move_to(0, self.line);
                console.write(if first > 0 { b"<" } else { b" " });
                (first, Some(first))
            }
        };
        self.first = Some(first);
        if let Some(stale) = stale {
            let column = between(first, stale);
            console.move_to(column.saturating_add(1), self.line);
            let mut cells = Cells::new(console, self.width.saturating_sub(column));
            cells.put(text.get(stale..).unwrap_or_default());
            let cut = cells.was_cut();
            console.clear_to_end();
            if cut {
                console.write(b">");
            }
        }
        console.move_to(between(first, cursor).saturating_add(1), self.line);
    }

    /// The first byte of a window that has the cursor in its middle: it scrolls by
    /// half its width, so that it seldom moves.
    fn scrolled_to(&self, cursor: usize, text: &[u8]) -> usize {
        let mut first = cursor.saturating_sub(self.width / 2);
        while first > 0 && text.get(first).is_some_and(|&byte| continues(byte)) {
            first = first.saturating_sub(1);
        }
        first
    }
}
