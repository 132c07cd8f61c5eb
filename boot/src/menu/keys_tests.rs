//! Keys, as keyboards and terminals send them.

use super::*;
use std::collections::VecDeque;
use std::vec::Vec;

/// A console that has only inputs; a pause is a `None`.
struct Inputs(VecDeque<Option<Input>>);

impl Console for Inputs {
    fn write(&mut self, _: &[u8]) {}
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

/// All keys in what a terminal sends; `\0` stands for a pause.
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
    assert_eq!(serial(b"a9 "), [Key(b'a'), Key(b'9'), Key(b' ')]);
    assert_eq!(serial(b"\x01\x17"), [Key(1), Key(23)]);
    assert_eq!(serial(b"\r"), [Key::ENTER]);
    assert_eq!(serial(b"\n"), [Key::ENTER]);
    assert_eq!(serial(b"\x7f\x08"), [Key::BACKSPACE, Key::BACKSPACE]);
    assert_eq!(serial("é".as_bytes()), [Key(0xc3), Key(0xa9)]);
}

/// As terminals send them: xterm in both cursor modes, Linux console, rxvt,
/// VT220, PuTTY.
#[test]
fn sequences() {
    for (bytes, key) in [
        (&b"\x1b[A"[..], Key::UP),
        (b"\x1bOA", Key::UP),
        (b"\x1b[B", Key::DOWN),
        (b"\x1b[C", Key::RIGHT),
        (b"\x1bOD", Key::LEFT),
        (b"\x1b[H", Key::HOME),
        (b"\x1bOH", Key::HOME),
        (b"\x1b[1~", Key::HOME),
        (b"\x1b[7~", Key::HOME),
        (b"\x1b[F", Key::END),
        (b"\x1bOF", Key::END),
        (b"\x1b[4~", Key::END),
        (b"\x1b[8~", Key::END),
        (b"\x1b[3~", Key::DELETE),
        (b"\x1b[5~", Key::PAGE_UP),
        (b"\x1b[6~", Key::PAGE_DOWN),
        (b"\x1bOP", Key::F1),
        (b"\x1b[11~", Key::F1),
        (b"\x1b[1;5C", Key::WORD_RIGHT),
        (b"\x1b[1;5D", Key::WORD_LEFT),
        (b"\x1b[1;3C", Key::WORD_RIGHT),
        (b"\x1b[3;5~", Key::DELETE_WORD_RIGHT),
        (b"\x1bb", Key::WORD_LEFT),
        (b"\x1bf", Key::WORD_RIGHT),
        (b"\x1bd", Key::DELETE_WORD_RIGHT),
        (b"\x1b\x7f", Key::DELETE_WORD_LEFT),
        (b"\x1b\x08", Key::DELETE_WORD_LEFT),
        (b"\x1b<", Key::HOME),
        (b"\x1b>", Key::END),
        // Insert, F5 to F12, the answer to a question that nobody asked.
        (b"\x1b[2~", Key::OTHER),
        (b"\x1b[15~", Key::OTHER),
        (b"\x1b[17~", Key::OTHER),
        (b"\x1b[18~", Key::OTHER),
        (b"\x1b[20~", Key::OTHER),
        (b"\x1b[24~", Key::OTHER),
        (b"\x1b[24;80R", Key::OTHER),
        // Numbers without end, a sequence without end, Alt with anything.
        (b"\x1b[99999999999999999999999999~", Key::OTHER),
        (b"\x1b[1;\0", Key::OTHER),
        (b"\x1b[\0", Key::OTHER),
        (b"\x1bx", Key::OTHER),
        // ESC alone.
        (b"\x1b", Key::ESCAPE),
    ] {
        assert_eq!(serial(bytes), [key], "{}", bytes.escape_ascii());
    }
    // What comes after a pause is no part of the sequence.
    assert_eq!(serial(b"\x1b\0[A"), [Key::ESCAPE, Key(b'['), Key(b'A')]);
    assert_eq!(serial(b"\x1b[A\x1b[Bj"), [Key::UP, Key::DOWN, Key(b'j')]);
}

#[test]
fn scan_codes() {
    for (scan, ascii, key) in [
        // Grey keys have E0h, those of the keypad 0.
        (0x48, 0xe0, Key::UP),
        (0x48, 0, Key::UP),
        (0x50, 0xe0, Key::DOWN),
        (0x4b, 0xe0, Key::LEFT),
        (0x4d, 0xe0, Key::RIGHT),
        (0x47, 0xe0, Key::HOME),
        (0x4f, 0xe0, Key::END),
        (0x49, 0xe0, Key::PAGE_UP),
        (0x51, 0xe0, Key::PAGE_DOWN),
        (0x53, 0xe0, Key::DELETE),
        (0x3b, 0, Key::F1),
        (0x73, 0xe0, Key::WORD_LEFT),
        (0x74, 0, Key::WORD_RIGHT),
        (0x93, 0xe0, Key::DELETE_WORD_RIGHT),
        (0x30, 0, Key::WORD_LEFT),
        (0x21, 0, Key::WORD_RIGHT),
        (0x20, 0, Key::DELETE_WORD_RIGHT),
        (0x0e, 0, Key::DELETE_WORD_LEFT),
        (0x33, 0, Key::HOME),
        (0x34, 0, Key::END),
        // F2, Insert, nothing at all.
        (0x3c, 0, Key::OTHER),
        (0x52, 0xe0, Key::OTHER),
        (0, 0, Key::OTHER),
        // Keypad with NumLock, its Enter and its slash.
        (0x48, b'8', Key(b'8')),
        (0xe0, b'\r', Key::ENTER),
        (0xe0, b'/', Key(b'/')),
        (0x01, 0x1b, Key::ESCAPE),
        (0x0e, 0x08, Key::BACKSPACE),
        (0x1c, b'\r', Key::ENTER),
        (0x1e, 0x01, Key(1)),
        (0x1e, b'a', Key(b'a')),
        // Alt and a number: code page 437.
        (0, 0x82, Key::OTHER),
    ] {
        assert_eq!(keyboard(scan, ascii), [key], "{scan:x} {ascii:x}");
    }
}
