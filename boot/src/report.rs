//! Messages for a person: which entry and which file failed, and why.

use crate::error::Error;
use crate::machine::Console;
use crate::overlay::Overlay;
use crate::text::{Text, cut, decimal, digit};

/// The entry and the file that are being worked on, and the last message about them.
/// For messages only: names that are too long are cut.
pub struct Trail {
    entry: Text,
    file: Text,
    message: Text,
}

impl Trail {
    /// Nothing is being worked on, and nothing has failed.
    pub const START: Self = Self {
        entry: Text::UNSET,
        file: Text::UNSET,
        message: Text::UNSET,
    };

    /// Messages are about this entry from now on, and about no file yet.
    pub fn entry(&mut self, id: &[u8]) {
        set(&mut self.entry, id);
        self.file.clear();
    }

    /// Messages are about this file from now on.
    pub fn file(&mut self, path: &[u8]) {
        set(&mut self.file, path);
    }

    /// The last message; empty if there was no message.
    pub fn message(&self) -> &[u8] {
        self.message.get().unwrap_or_default()
    }

    /// Prints `error` with the names of the entry and the file. The texts of errors are
    /// in the overlay; without it, numbers are printed (`docs/messages.md`).
    pub fn report(&mut self, console: &mut impl Console, overlay: Option<Overlay>, error: Error) {
        self.message.clear();
        let message = &mut self.message;
        for name in [&self.entry, &self.file] {
            if let Some(name @ [_, ..]) = name.get() {
                message.append(name);
                message.append(b": ");
            }
        }
        match overlay {
            Some(overlay) => overlay.describe(error, message),
            None => {
                message.append(b"error ");
                message.append(decimal(error.number().into(), &mut [0; 20]));
                message.append(b", ");
                message.append(decimal(error.at(), &mut [0; 20]));
            }
        }
        console.write(b"gapboot: ");
        console.write(self.message());
        console.new_line();
    }
}

fn set(name: &mut Text, to: &[u8]) {
    name.set(&[cut(to, Text::MAX)]);
}

impl Overlay {
    /// Adds the text of `error` to `message`.
    #[inline(never)] // a way into the overlay
    fn describe(self, error: Error, message: &mut Text) {
        describe(error, &mut |text| message.append(text));
    }
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
