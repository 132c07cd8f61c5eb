//! Telling a person what went wrong: which entry, which file, what, where.

use crate::error::Error;
use crate::machine::Console;

/// The entry and the file that are being worked on, for messages only: names
/// that are too long are cut.
pub struct Trail {
    entry: Name,
    file: Name,
}

/// The longest name that is kept, in bytes.
const LONGEST: usize = 255;

struct Name {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Name {
    const EMPTY: Self = Self {
        bytes: [0; LONGEST],
        length: 0,
    };

    fn set(&mut self, name: &[u8]) {
        self.length = 0;
        for (place, &byte) in self.bytes.iter_mut().zip(name) {
            *place = byte;
            self.length = self.length.saturating_add(1);
        }
    }

    fn get(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Trail {
    /// Nothing is being worked on.
    pub const START: Self = Self {
        entry: Name::EMPTY,
        file: Name::EMPTY,
    };

    /// From now on it is about this entry, and none of its files yet.
    pub fn entry(&mut self, id: &[u8]) {
        self.entry.set(id);
        self.file.set(b"");
    }

    /// From now on it is about this file.
    pub fn file(&mut self, path: &[u8]) {
        self.file.set(path);
    }

    /// Prints `error` with the names it is about.
    pub fn report(&self, console: &mut impl Console, error: Error) {
        console.write(b"gapboot: ");
        for name in [self.entry.get(), self.file.get()] {
            if !name.is_empty() {
                console.write(name);
                console.write(b": ");
            }
        }
        describe(error, &mut |text| console.write(text));
        console.write(b"\n");
    }
}

/// Writes the text of `error` with its numbers filled in.
pub fn describe(error: Error, write: &mut dyn FnMut(&[u8])) {
    for &byte in error.text() {
        match byte {
            b'#' => number(error.at(), write),
            b'$' => write(&hexadecimal(error.status())),
            _ => write(&[byte]),
        }
    }
}

/// Two hexadecimal digits and an `h`, as BIOS documentation writes them.
fn hexadecimal(value: u8) -> [u8; 3] {
    [digit(value >> 4), digit(value & 0xf), b'h']
}

fn digit(value: u8) -> u8 {
    if value < 10 {
        value.wrapping_add(b'0')
    } else {
        value.wrapping_add(b'a' - 10)
    }
}

/// A number: decimal, and hexadecimal where it passes 32 bits, because a 64-bit
/// division alone costs 400 bytes.
pub fn number(value: u64, write: &mut dyn FnMut(&[u8])) {
    let Ok(value) = u32::try_from(value) else {
        write(b"0x");
        for byte in value.to_be_bytes() {
            write(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
        return;
    };
    write(decimal(value, &mut [0; 10]));
}

/// The decimal digits of `value`, in `digits`.
pub(crate) fn decimal(value: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut rest = value;
    let mut first: usize = 9;
    for (place, figure) in digits.iter_mut().enumerate().rev() {
        *figure = digit(u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        first = place;
        if rest == 0 {
            break;
        }
    }
    digits.get(first..).unwrap_or_default()
}
