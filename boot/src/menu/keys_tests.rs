//! Keys, as keyboards and terminals send them.

use super::*;
use std::collections::VecDeque;
use std::vec::Vec;

/// A console that has only inputs; a pause is a `None`.
struct Inputs(VecDeque<Option<Input>>);

impl Console for Inputs {
    fn write(&mut self, _: &[u8]) {}
    fn new_line(&mut self) {}
    fn beep(&mut self) {}
    fn size(&self) -> (usize, usize) {
        (80, 24)
    }
    fn resize(&mut self, _: u8) {}
    fn clear(&mut self) {}
    fn move_to(&mut self, _: usize, _: usize) {}
    fn clear_to_end(&mut self) {}
    fn highlight(&mut self, _: bool) {}
    fn cursor(&mut self, _: bool) {}
    fn key(&mut self, _: Option<u32>) -> Option<Input> {
        self.0.pop_front().flatten()
    }

    fn ticks(&self) -> u32 {
        0
    }
}

/// All keys in the bytes that a terminal sends; `\0` stands for a pause.
fn serial(bytes: &[u8]) -> Vec<Key> {
    let input = |&byte: &u8| Some(Input::Serial(byte)).filter(|_| byte != 0);
    keys(Inputs(bytes.iter().map(input).collect()))
}

fn keyboard(scan: u8, ascii: u8) -> Vec<Key> {
    keys(Inputs([Some(Input::Keyboard { scan, ascii })].into()))
}

fn keys(mut console: Inputs) -> Vec<Key> {
    let mut keys = Vec::new();
    while !console.0.is_empty() {
        keys.extend(read(&mut console, None));
    }
    keys
}

#[test]
fn characters() {
    assert_eq!(
        serial(b"a9 "),
        [
            Key::Character(b'a'),
            Key::Character(b'9'),
            Key::Character(b' ')
        ]
    );
    assert_eq!(serial(b"\x01\x17"), [Key::Home, Key::DeleteWordLeft]);
    assert_eq!(
        serial(b"\x02\x06\x05\x04\x10\x0e\x08"),
        [
            Key::Left,
            Key::Right,
            Key::End,
            Key::Delete,
            Key::Up,
            Key::Down,
            Key::Backspace
        ]
    );
    // Ctrl and a letter without a meaning of its own, and characters of no letter.
    assert_eq!(serial(b"\x0b\x1a"), [Key::Ctrl(b'k'), Key::Ctrl(b'z')]);
    assert_eq!(serial(b"\x1c\x1f"), [Key::Other; 2]);
    assert_eq!(serial(b"\r"), [Key::Enter]);
    assert_eq!(serial(b"\n"), [Key::Enter]);
    assert_eq!(serial(b"\x7f\x08"), [Key::Backspace, Key::Backspace]);
    assert_eq!(
        serial("é".as_bytes()),
        [Key::Character(0xc3), Key::Character(0xa9)]
    );
}

/// As terminals send them: xterm in both cursor modes, Linux console, rxvt,
/// VT220, PuTTY.
#[test]
fn sequences() {
    for (bytes, key) in [
        (&b"\x1b[A"[..], Key::Up),
        (b"\x1bOA", Key::Up),
        (b"\x1b[B", Key::Down),
        (b"\x1b[C", Key::Right),
        (b"\x1bOD", Key::Left),
        (b"\x1b[H", Key::Home),
        (b"\x1bOH", Key::Home),
        (b"\x1b[1~", Key::Home),
        (b"\x1b[7~", Key::Home),
        (b"\x1b[F", Key::End),
        (b"\x1bOF", Key::End),
        (b"\x1b[4~", Key::End),
        (b"\x1b[8~", Key::End),
        (b"\x1b[3~", Key::Delete),
        (b"\x1b[5~", Key::PageUp),
        (b"\x1b[6~", Key::PageDown),
        (b"\x1bOP", Key::F1),
        (b"\x1b[11~", Key::F1),
        (b"\x1b[1;5C", Key::WordRight),
        (b"\x1b[1;5D", Key::WordLeft),
        (b"\x1b[1;3C", Key::WordRight),
        (b"\x1b[3;5~", Key::DeleteWordRight),
        (b"\x1bb", Key::WordLeft),
        (b"\x1bf", Key::WordRight),
        (b"\x1bd", Key::DeleteWordRight),
        (b"\x1b\x7f", Key::DeleteWordLeft),
        (b"\x1b\x08", Key::DeleteWordLeft),
        (b"\x1b<", Key::Home),
        (b"\x1b>", Key::End),
        // Insert, F5 to F12, the answer to a question that nobody asked.
        (b"\x1b[2~", Key::Other),
        (b"\x1b[15~", Key::Other),
        (b"\x1b[17~", Key::Other),
        (b"\x1b[18~", Key::Other),
        (b"\x1b[20~", Key::Other),
        (b"\x1b[24~", Key::Other),
        (b"\x1b[24;80R", Key::Other),
        // Numbers without end, a sequence without end, Alt with anything.
        (b"\x1b[99999999999999999999999999~", Key::Other),
        (b"\x1b[1;\0", Key::Other),
        (b"\x1b[\0", Key::Other),
        (b"\x1bx", Key::Other),
        // Keys of a sequence are not those of Alt, nor the other way round.
        (b"\x1bOd", Key::Other),
        (b"\x1bA", Key::Other),
        // ESC alone.
        (b"\x1b", Key::Escape),
    ] {
        assert_eq!(serial(bytes), [key], "{}", bytes.escape_ascii());
    }
    // A byte after a pause is not part of the sequence.
    assert_eq!(
        serial(b"\x1b\0[A"),
        [Key::Escape, Key::Character(b'['), Key::Character(b'A')]
    );
    assert_eq!(
        serial(b"\x1b[A\x1b[Bj"),
        [Key::Up, Key::Down, Key::Character(b'j')]
    );
}

#[test]
fn scan_codes() {
    for (scan, ascii, key) in [
        // Grey keys have E0h, those of the keypad 0.
        (0x48, 0xe0, Key::Up),
        (0x48, 0, Key::Up),
        (0x50, 0xe0, Key::Down),
        (0x4b, 0xe0, Key::Left),
        (0x4d, 0xe0, Key::Right),
        (0x47, 0xe0, Key::Home),
        (0x4f, 0xe0, Key::End),
        (0x49, 0xe0, Key::PageUp),
        (0x51, 0xe0, Key::PageDown),
        (0x53, 0xe0, Key::Delete),
        (0x3b, 0, Key::F1),
        (0x73, 0xe0, Key::WordLeft),
        (0x74, 0, Key::WordRight),
        (0x93, 0xe0, Key::DeleteWordRight),
        (0x30, 0, Key::WordLeft),
        (0x21, 0, Key::WordRight),
        (0x20, 0, Key::DeleteWordRight),
        (0x0e, 0, Key::DeleteWordLeft),
        (0x33, 0, Key::Home),
        (0x34, 0, Key::End),
        // F2, Insert, nothing at all.
        (0x3c, 0, Key::Other),
        (0x52, 0xe0, Key::Other),
        (0, 0, Key::Other),
        // Keypad with NumLock, its Enter and its slash.
        (0x48, b'8', Key::Character(b'8')),
        (0xe0, b'\r', Key::Enter),
        (0xe0, b'/', Key::Character(b'/')),
        (0x01, 0x1b, Key::Escape),
        (0x0e, 0x08, Key::Backspace),
        (0x1c, b'\r', Key::Enter),
        (0x1e, 0x01, Key::Home),
        (0x26, 0x0c, Key::Ctrl(b'l')),
        (0x1e, b'a', Key::Character(b'a')),
        // Alt and a number: code page 437.
        (0, 0x82, Key::Other),
    ] {
        assert_eq!(keyboard(scan, ascii), [key], "{scan:x} {ascii:x}");
    }
}
