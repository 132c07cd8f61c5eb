//! Writes JSON to the serial line, without `core::fmt`.

use crate::port::send;

/// An object or a list that is being written.
pub(crate) struct Json {
    first: bool,
    end: u8,
}

impl Json {
    pub(crate) fn object() -> Self {
        send(b'{');
        Self {
            first: true,
            end: b'}',
        }
    }

    pub(crate) fn list() -> Self {
        send(b'[');
        Self {
            first: true,
            end: b']',
        }
    }

    pub(crate) fn end(self) {
        send(self.end);
    }

    /// Starts the next member of a list.
    pub(crate) fn item(&mut self) -> &mut Self {
        if !self.first {
            text(", ");
        }
        self.first = false;
        self
    }

    /// Starts the next member of an object.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.item();
        send(b'"');
        text(name);
        text("\": ");
        self
    }

    pub(crate) fn number(&mut self, value: u64) {
        let mut digits = [b'0'; 20];
        let mut used = 0;
        let mut rest = value;
        for digit in digits.iter_mut() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            used += 1;
            if rest == 0 {
                break;
            }
        }
        digits
            .iter()
            .take(used)
            .rev()
            .for_each(|&digit| send(digit));
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        text(if value { "true" } else { "false" });
    }

    /// Bytes as a string of hexadecimal digits.
    pub(crate) fn hex(&mut self, bytes: &[u8]) {
        send(b'"');
        bytes.iter().for_each(|&byte| hex(byte));
        send(b'"');
    }

    /// A string; bytes that are not ASCII are taken for Latin-1, so that each
    /// stays one character.
    pub(crate) fn string(&mut self, bytes: &[u8]) {
        send(b'"');
        for &byte in bytes {
            match byte {
                b'"' | b'\\' => {
                    send(b'\\');
                    send(byte);
                }
                b' '..=b'~' => send(byte),
                _ => {
                    text("\\u00");
                    hex(byte);
                }
            }
        }
        send(b'"');
    }
}

/// Sends text as it is.
pub(crate) fn text(text: &str) {
    text.bytes().for_each(send);
}

fn hex(byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        send(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
    }
}
