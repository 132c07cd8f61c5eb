//! The editor's finer keys: by words, and to the end of the line.

use super::line::Line;
use crate::keys::Key;

/// What `key` does to the line. A word is what stands between spaces.
#[inline(never)]
pub(super) fn key(line: &mut Line, key: Key) {
    let to = match key {
        Key::Up | Key::WordLeft | Key::DeleteWordLeft | Key::Char(0x17) => left(line),
        Key::Down | Key::WordRight | Key::DeleteWordRight => right(line),
        // Ctrl-K
        Key::Char(0x0b) => line.text().len(),
        _ => return,
    };
    match key {
        Key::DeleteWordLeft | Key::DeleteWordRight | Key::Char(_) => line.remove(to),
        _ => line.move_to(to),
    }
}

/// Start of the word at or before the cursor.
fn left(line: &Line) -> usize {
    let before = line.text().get(..line.cursor()).unwrap_or_default();
    let end = before.trim_ascii_end();
    end.iter()
        .rposition(|&byte| byte == b' ')
        .map_or(0, |space| space.wrapping_add(1))
}

/// End of the word at or behind the cursor.
fn right(line: &Line) -> usize {
    let behind = line.text().get(line.cursor()..).unwrap_or_default();
    let start = behind.trim_ascii_start();
    let word = start
        .iter()
        .position(|&byte| byte == b' ')
        .unwrap_or(start.len());
    line.text()
        .len()
        .wrapping_sub(start.len())
        .wrapping_add(word)
}
