//! Telling a person what went wrong: which entry, which file, what, where.

use crate::entries::text::{Text, cut};
use crate::error::Error;
use crate::machine::Console;

/// The entry and the file that are being worked on, for messages only: names
/// that are too long are cut.
pub struct Trail {
    entry: Text,
    file: Text,
}

impl Trail {
    /// Nothing is being worked on.
    pub const START: Self = Self {
        entry: Text::UNSET,
        file: Text::UNSET,
    };

    /// From now on it is about this entry, and none of its files yet.
    pub fn entry(&mut self, id: &[u8]) {
        set(&mut self.entry, id);
        self.file.clear();
    }

    /// From now on it is about this file.
    pub fn file(&mut self, path: &[u8]) {
        set(&mut self.file, path);
    }

    /// Prints `error` with the names it is about.
    pub fn report(&self, console: &mut impl Console, error: Error) {
        console.write(b"gapboot: ");
        for name in [&self.entry, &self.file] {
            if let Some(name @ [_, ..]) = name.get() {
                console.write(name);
                console.write(b": ");
            }
        }
        describe(error, &mut |text| console.write(text));
        console.write(b"\n");
    }
}

fn set(name: &mut Text, to: &[u8]) {
    name.set(&[cut(to, Text::MAX)]);
}

/// Writes the text of `error` with its numbers filled in.
pub fn describe(error: Error, write: &mut impl FnMut(&[u8])) {
    for byte in error.text() {
        match byte {
            b'#' => write(decimal(error.at(), &mut [0; 20])),
            b'$' => {
                let status = error.status();
                write(&[digit(status >> 4), digit(status & 0xf), b'h']);
            }
            _ => write(&[byte]),
        }
    }
}

/// A hexadecimal digit.
fn digit(value: u8) -> u8 {
    let letter = if value > 9 { b'a' - b'9' - 1 } else { 0 };
    value.wrapping_add(b'0').wrapping_add(letter)
}

/// The decimal digits of `value`, in `digits`: by hand, because a 64-bit
/// division alone costs 400 bytes.
#[inline(never)] // smaller with registers of its own
pub(crate) fn decimal(value: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut rest = value.to_be_bytes();
    for (place, figure) in digits.iter_mut().enumerate().rev() {
        let mut carry = 0_u32;
        for byte in &mut rest {
            let part = carry << 8 | u32::from(*byte);
            [*byte, ..] = (part / 10).to_le_bytes();
            carry = part % 10;
        }
        [*figure, ..] = carry.wrapping_add(0x30).to_le_bytes();
        if rest == [0; 8] {
            return digits.get(place..).unwrap_or_default();
        }
    }
    digits
}
