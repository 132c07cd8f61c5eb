//! Keys: what the keyboard's scan codes and a serial terminal's control
//! sequences mean.

use crate::machine::{Console, Input};

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character: ASCII, Ctrl with a letter as 1 to 26 included, or one byte
    /// of a UTF-8 character.
    Char(u8),
    /// Enter or line feed.
    Enter,
    /// Escape.
    Escape,
    /// Backspace; Ctrl-H is the same.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home, or Alt-<.
    Home,
    /// End, or Alt->.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1.
    F1,
    /// Ctrl-Left, or Alt-B.
    WordLeft,
    /// Ctrl-Right, or Alt-F.
    WordRight,
    /// Alt-Backspace.
    DeleteWordLeft,
    /// Ctrl-Delete, or Alt-D.
    DeleteWordRight,
    /// Any other.
    Other,
}

/// What a keyboard and a terminal send for a key.
struct Code {
    /// Scan code of a key without a character.
    scan: u8,
    /// What follows ESC, or ESC [, or ESC O; for ESC [ number ~ the number,
    /// counted from the character '0' on.
    sequence: u8,
    key: Key,
}

/// No such scan code, no such sequence.
const NONE: u8 = 0xff;

const fn code(scan: u8, sequence: u8, key: Key) -> Code {
    Code {
        scan,
        sequence,
        key,
    }
}

/// Keys without a character. The sequences are those of the VT220, xterm (`1~`,
/// `4~`: also the Linux console, `7~`, `8~`: rxvt) and Alt with a letter.
static CODES: [Code; 25] = [
    code(0x48, b'A', Key::Up),
    code(0x50, b'B', Key::Down),
    code(0x4d, b'C', Key::Right),
    code(0x4b, b'D', Key::Left),
    code(0x47, b'H', Key::Home),
    code(0x33, b'<', Key::Home),
    code(NONE, b'1', Key::Home),
    code(NONE, b'7', Key::Home),
    code(0x4f, b'F', Key::End),
    code(0x34, b'>', Key::End),
    code(NONE, b'4', Key::End),
    code(NONE, b'8', Key::End),
    code(0x49, b'5', Key::PageUp),
    code(0x51, b'6', Key::PageDown),
    code(0x53, b'3', Key::Delete),
    code(0x3b, b'P', Key::F1),
    code(NONE, b'0' + 11, Key::F1),
    code(0x73, b'b', Key::WordLeft),
    code(0x30, NONE, Key::WordLeft),
    code(0x74, b'f', Key::WordRight),
    code(0x21, NONE, Key::WordRight),
    code(0x93, b'd', Key::DeleteWordRight),
    code(0x20, NONE, Key::DeleteWordRight),
    code(0x0e, 0x7f, Key::DeleteWordLeft),
    code(NONE, 0x08, Key::DeleteWordLeft),
];

const ESCAPE: u8 = 0x1b;

/// Ticks between the bytes of one sequence, at the most: serial lines over a
/// network deliver it in pieces. So long after ESC, it was the key.
const PAUSE: u32 = 4;

/// The next key; see [`Console::key`].
pub fn read(console: &mut dyn Console, ticks: Option<u32>) -> Option<Key> {
    Some(match console.key(ticks)? {
        Input::Keyboard {
            scan,
            ascii: 0 | 0xe0,
        } => find(|code| code.scan == scan),
        // The characters of code page 437, which nothing else here speaks.
        Input::Keyboard { ascii: 0x80.., .. } => Key::Other,
        Input::Serial(ESCAPE) => sequence(console),
        Input::Keyboard { ascii, .. } | Input::Serial(ascii) => character(ascii),
    })
}

fn character(byte: u8) -> Key {
    match byte {
        0 => Key::Other,
        0x08 | 0x7f => Key::Backspace,
        b'\r' | b'\n' => Key::Enter,
        ESCAPE => Key::Escape,
        _ => Key::Char(byte),
    }
}

fn find(is_it: impl Fn(&Code) -> bool) -> Key {
    CODES
        .iter()
        .find(|code| is_it(code))
        .map_or(Key::Other, |code| code.key)
}

/// What follows ESC: a character with Alt, `[ 1 ; 5 A`, `O A`, `[ 3 ; 5 ~`,
/// where the 5 stands for any modifier key, or nothing.
fn sequence(console: &mut dyn Console) -> Key {
    let mut next = || match console.key(Some(PAUSE)) {
        Some(Input::Serial(byte)) => byte,
        _ => 0,
    };
    let mut last = next();
    let mut number = b'0';
    let mut modified = false;
    match last {
        0 => return Key::Escape,
        b'[' | b'O' => loop {
            last = next();
            match last {
                b';' => modified = true,
                b'0'..=b'9' if modified => {}
                b'0'..=b'9' => {
                    number = number
                        .wrapping_sub(b'0')
                        .wrapping_mul(10)
                        .wrapping_add(last);
                }
                _ => break,
            }
        },
        _ => {}
    }
    if last == b'~' {
        last = number;
    }
    match find(|code| code.sequence == last) {
        Key::Left if modified => Key::WordLeft,
        Key::Right if modified => Key::WordRight,
        Key::Delete if modified => Key::DeleteWordRight,
        key => key,
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
