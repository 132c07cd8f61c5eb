//! Keys: what the keyboard's scan codes and a serial terminal's control
//! sequences mean.

use crate::machine::{Console, Input};

/// A key, as one byte: the character that it gives, which may be one byte of a
/// UTF-8 character. Keys without a character are the control characters that do
/// the same where lines are edited, or that do nothing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub u8);

impl Key {
    /// Any that is not among these.
    pub const OTHER: Key = Key(0);
    /// Home, Alt-<, Ctrl-A.
    pub const HOME: Key = Key(0x01);
    /// Arrow left, Ctrl-B.
    pub const LEFT: Key = Key(0x02);
    /// Delete, Ctrl-D.
    pub const DELETE: Key = Key(0x04);
    /// End, Alt->, Ctrl-E.
    pub const END: Key = Key(0x05);
    /// Arrow right, Ctrl-F.
    pub const RIGHT: Key = Key(0x06);
    /// Backspace, Ctrl-H.
    pub const BACKSPACE: Key = Key(0x08);
    /// Enter, Ctrl-M, Ctrl-J.
    pub const ENTER: Key = Key(b'\r');
    /// Arrow down, Ctrl-N.
    pub const DOWN: Key = Key(0x0e);
    /// Arrow up, Ctrl-P.
    pub const UP: Key = Key(0x10);
    /// Page up.
    pub const PAGE_UP: Key = Key(0x15);
    /// Page down.
    pub const PAGE_DOWN: Key = Key(0x16);
    /// Alt-Backspace, Ctrl-W.
    pub const DELETE_WORD_LEFT: Key = Key(0x17);
    /// Ctrl-Left, Alt-B.
    pub const WORD_LEFT: Key = Key(Key::LEFT.0 + MODIFIED);
    /// Escape.
    pub const ESCAPE: Key = Key(0x1b);
    /// Ctrl-Delete, Alt-D.
    pub const DELETE_WORD_RIGHT: Key = Key(Key::DELETE.0 + MODIFIED);
    /// Ctrl-Right, Alt-F.
    pub const WORD_RIGHT: Key = Key(Key::RIGHT.0 + MODIFIED);
    /// F1.
    pub const F1: Key = Key(0x1f);
}

/// From a key to what it is with Ctrl.
const MODIFIED: u8 = 0x18;

/// What a keyboard and a terminal send for a key.
struct Code {
    /// Scan code of a key without a character.
    scan: u8,
    /// What follows ESC, or ESC [, or ESC O; for ESC [ number ~ the number and
    /// [`NUMBER`].
    sequence: u8,
    key: Key,
}

/// What tells numbers from characters.
const NUMBER: u8 = 0x80;

/// No such scan code, no such sequence.
const NONE: u8 = 0xfe;

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
    code(0x48, b'A', Key::UP),
    code(0x50, b'B', Key::DOWN),
    code(0x4d, b'C', Key::RIGHT),
    code(0x4b, b'D', Key::LEFT),
    code(0x47, b'H', Key::HOME),
    code(0x33, b'<', Key::HOME),
    code(NONE, NUMBER + 1, Key::HOME),
    code(NONE, NUMBER + 7, Key::HOME),
    code(0x4f, b'F', Key::END),
    code(0x34, b'>', Key::END),
    code(NONE, NUMBER + 4, Key::END),
    code(NONE, NUMBER + 8, Key::END),
    code(0x49, NUMBER + 5, Key::PAGE_UP),
    code(0x51, NUMBER + 6, Key::PAGE_DOWN),
    code(0x53, NUMBER + 3, Key::DELETE),
    code(0x3b, b'P', Key::F1),
    code(NONE, NUMBER + 11, Key::F1),
    code(0x73, b'b', Key::WORD_LEFT),
    code(0x30, NONE, Key::WORD_LEFT),
    code(0x74, b'f', Key::WORD_RIGHT),
    code(0x21, NONE, Key::WORD_RIGHT),
    code(0x93, b'd', Key::DELETE_WORD_RIGHT),
    code(0x20, NONE, Key::DELETE_WORD_RIGHT),
    code(0x0e, 0x7f, Key::DELETE_WORD_LEFT),
    code(NONE, 0x08, Key::DELETE_WORD_LEFT),
];

/// Ticks between the bytes of one sequence, at the most: serial lines over a
/// network deliver it in pieces. So long after ESC, it was the key.
const PAUSE: u32 = 4;

/// The next key; see [`Console::key`].
pub fn read(console: &mut impl Console, ticks: Option<u32>) -> Option<Key> {
    let input = console.key(ticks)?;
    Some(decode(console, input))
}

/// The key that `input` begins, or is.
pub fn decode(console: &mut impl Console, input: Input) -> Key {
    match input {
        Input::Keyboard {
            scan,
            ascii: 0 | 0xe0,
        } => find(scan, true),
        // The characters of code page 437, which nothing else here speaks.
        Input::Keyboard { ascii: 0x80.., .. } => Key::OTHER,
        Input::Serial(0x1b) => sequence(console),
        Input::Keyboard { ascii: 0x7f, .. } | Input::Serial(0x7f) => Key::BACKSPACE,
        Input::Keyboard { ascii: b'\n', .. } | Input::Serial(b'\n') => Key::ENTER,
        Input::Keyboard { ascii, .. } | Input::Serial(ascii) => Key(ascii),
    }
}

/// The key of a scan code or of a sequence.
fn find(wanted: u8, is_scan: bool) -> Key {
    for code in &CODES {
        if wanted == if is_scan { code.scan } else { code.sequence } {
            return code.key;
        }
    }
    Key::OTHER
}

/// What follows ESC: a character with Alt, `[ 1 ; 5 A`, `O A`, `[ 3 ; 5 ~`,
/// where the 5 stands for any modifier key, or nothing.
fn sequence(console: &mut impl Console) -> Key {
    let mut next = || match console.key(Some(PAUSE)) {
        Some(Input::Serial(byte)) => byte,
        _ => 0,
    };
    let mut last = next();
    let mut number = 0u8;
    let mut modified = false;
    match last {
        0 => return Key::ESCAPE,
        b'[' | b'O' => loop {
            last = next();
            match last {
                b';' => modified = true,
                b'0'..=b'9' if modified => {}
                b'0'..=b'9' => {
                    let digit = last.wrapping_sub(b'0');
                    number = number.saturating_mul(10).saturating_add(digit);
                }
                _ => break,
            }
        },
        _ => {}
    }
    if last == b'~' {
        last = number | NUMBER;
    }
    let key = find(last, false);
    if modified && matches!(key, Key::LEFT | Key::RIGHT | Key::DELETE) {
        return Key(key.0.wrapping_add(MODIFIED));
    }
    key
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
