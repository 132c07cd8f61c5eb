//! Keys: the meaning of the keyboard's scan codes and of a serial terminal's
//! control sequences.

use crate::machine::{Console, Input};

/// A key, or several that are pressed together, by the effect that they have
/// where a line is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A byte of text: an ASCII character, or one byte of a longer UTF-8 character.
    Character(u8),
    /// Ctrl and a letter, which is a small one, without a meaning below.
    Ctrl(u8),
    /// Enter, Ctrl-M, Ctrl-J.
    Enter,
    /// Escape.
    Escape,
    /// Arrow up, Ctrl-P.
    Up,
    /// Arrow down, Ctrl-N.
    Down,
    /// Arrow left, Ctrl-B.
    Left,
    /// Arrow right, Ctrl-F.
    Right,
    /// Ctrl-Left, Alt-B.
    WordLeft,
    /// Ctrl-Right, Alt-F.
    WordRight,
    /// Home, Alt-<, Ctrl-A.
    Home,
    /// End, Alt->, Ctrl-E.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Backspace, Ctrl-H.
    Backspace,
    /// Delete, Ctrl-D.
    Delete,
    /// Alt-Backspace, Ctrl-W.
    DeleteWordLeft,
    /// Ctrl-Delete, Alt-D.
    DeleteWordRight,
    /// F1.
    F1,
    /// Any other.
    Other,
}

/// Ticks between the bytes of one sequence, at the most: serial lines over a
/// network deliver it in pieces. After that time, ESC was the key.
const PAUSE: u32 = 4;

const ESC: u8 = 0x1b;
const DEL: u8 = 0x7f;

/// The next key; see [`Console::key`].
pub fn read(console: &mut impl Console, ticks: Option<u32>) -> Option<Key> {
    let input = console.key(ticks)?;
    Some(decode(console, input))
}

/// The key that `input` is, or whose sequence it begins. The rest of the sequence
/// comes from the console.
pub fn decode(console: &mut impl Console, input: Input) -> Key {
    match input {
        Input::Serial(ESC) => sequence(console),
        Input::Serial(byte) => character(byte),
        // Keypads have 0, the keys beside them E0h.
        Input::Keyboard {
            scan,
            ascii: 0 | 0xe0,
        } => scan_code(scan),
        // The characters of code page 437, which nothing else here uses.
        Input::Keyboard { ascii: 0x80.., .. } => Key::Other,
        Input::Keyboard { ascii, .. } => character(ascii),
    }
}

/// The key of a character.
fn character(byte: u8) -> Key {
    match byte {
        b'\r' | b'\n' => Key::Enter,
        0x08 | DEL => Key::Backspace,
        ESC => Key::Escape,
        0x01..=0x1a => control(byte | 0x60),
        0 | 0x1c..=0x1f => Key::Other,
        _ => Key::Character(byte),
    }
}

/// The key of Ctrl and a letter.
fn control(letter: u8) -> Key {
    match letter {
        b'a' => Key::Home,
        b'b' => Key::Left,
        b'd' => Key::Delete,
        b'e' => Key::End,
        b'f' => Key::Right,
        b'n' => Key::Down,
        b'p' => Key::Up,
        b'w' => Key::DeleteWordLeft,
        _ => Key::Ctrl(letter),
    }
}

/// The key of Alt and a character, as terminals send it: after ESC.
fn alt(character: u8) -> Key {
    match character {
        b'<' => Key::Home,
        b'>' => Key::End,
        b'b' => Key::WordLeft,
        b'f' => Key::WordRight,
        b'd' => Key::DeleteWordRight,
        0x08 | DEL => Key::DeleteWordLeft,
        _ => Key::Other,
    }
}

/// The key of a scan code that comes without a character (INT 16h).
fn scan_code(scan: u8) -> Key {
    match scan {
        0x48 => Key::Up,
        0x50 => Key::Down,
        0x4b => Key::Left,
        0x4d => Key::Right,
        0x47 => Key::Home,
        0x4f => Key::End,
        0x49 => Key::PageUp,
        0x51 => Key::PageDown,
        0x53 => Key::Delete,
        0x3b => Key::F1,
        // Ctrl and an arrow or Del.
        0x73 => Key::WordLeft,
        0x74 => Key::WordRight,
        0x93 => Key::DeleteWordRight,
        // Alt and the key of `,` or `.` on an American keyboard, where `<` and `>` are.
        0x33 => Key::Home,
        0x34 => Key::End,
        // Alt and B, F, D or Backspace.
        0x30 => Key::WordLeft,
        0x21 => Key::WordRight,
        0x20 => Key::DeleteWordRight,
        0x0e => Key::DeleteWordLeft,
        _ => Key::Other,
    }
}

/// The key of the input after ESC: nothing, a character with Alt, or the rest of a
/// control sequence.
fn sequence(console: &mut impl Console) -> Key {
    match next(console) {
        None => Key::Escape,
        Some(b'[' | b'O') => control_sequence(console),
        Some(character) => alt(character),
    }
}

/// The key of the input after `ESC [` or `ESC O`: `A`, `1 ; 5 A`, `3 ~`, `3 ; 5 ~`,
/// where the 5 stands for any modifier key. The sequences are those of the VT220,
/// xterm, the Linux console and rxvt.
fn control_sequence(console: &mut impl Console) -> Key {
    let mut number = 0u8;
    let mut modified = false;
    let key = loop {
        match next(console) {
            Some(b';') => modified = true,
            Some(b'0'..=b'9') if modified => {}
            Some(digit @ b'0'..=b'9') => {
                let digit = digit.wrapping_sub(b'0');
                number = number.saturating_mul(10).saturating_add(digit);
            }
            Some(b'~') => break numbered(number),
            Some(letter) => break lettered(letter),
            None => break Key::Other,
        }
    };
    match key {
        Key::Left if modified => Key::WordLeft,
        Key::Right if modified => Key::WordRight,
        Key::Delete if modified => Key::DeleteWordRight,
        key => key,
    }
}

/// The key of a sequence that ends in a letter.
fn lettered(letter: u8) -> Key {
    match letter {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'P' => Key::F1,
        _ => Key::Other,
    }
}

/// The key of a sequence that ends in a number and `~`. 1 and 4 are the Linux
/// console's, 7 and 8 rxvt's.
fn numbered(number: u8) -> Key {
    match number {
        1 | 7 => Key::Home,
        4 | 8 => Key::End,
        3 => Key::Delete,
        5 => Key::PageUp,
        6 => Key::PageDown,
        11 => Key::F1,
        _ => Key::Other,
    }
}

/// The next byte of a sequence; None if the sequence is over.
fn next(console: &mut impl Console) -> Option<u8> {
    match console.key(Some(PAUSE)) {
        Some(Input::Serial(byte)) => Some(byte),
        _ => None,
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
