//! The menu on a model of a terminal.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod editor;
mod pages;
mod screens;
mod terminal;

use super::*;
use crate::machine::Input;
use std::string::String;
use std::vec::Vec;
use terminal::{Event, Terminal};

/// Entries in memory, and what they were asked for.
pub(super) struct Fake {
    pub(super) titles: Vec<&'static [u8]>,
    /// The command line of all entries but the last.
    options: &'static str,
    /// The hotkey of the last entry; that of all others is `l`.
    pub(super) last_hotkey: Option<u8>,
    fields: Vec<(&'static str, &'static str)>,
}

impl Fake {
    pub(super) fn new(titles: &[&'static str]) -> Self {
        Self {
            titles: titles.iter().map(|title| title.as_bytes()).collect(),
            options: "root=/dev/vda2 ro quiet",
            last_hotkey: Some(b'x'),
            fields: Vec::new(),
        }
    }

    /// Entries named `entry 1`, `entry 2`...
    pub(super) fn numbered(count: usize) -> Self {
        let title = |index| &*std::format!("entry {}", index + 1).leak();
        Self::new(&(0..count).map(title).collect::<Vec<&'static str>>())
    }
}

impl Entries for Fake {
    fn count(&self) -> usize {
        self.titles.len()
    }

    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8])) {
        // In pieces, as titles with a version come.
        let mut title: &[u8] = self.titles[index];
        while !title.is_empty() {
            let (piece, rest) = title.split_at(crate::text::cut(title, 7).len().max(1));
            sink(piece);
            title = rest;
        }
    }

    fn hotkey(&self, index: usize) -> Option<u8> {
        if index + 1 == self.count() {
            self.last_hotkey
        } else {
            Some(b'l')
        }
    }

    fn command_line(&mut self, index: usize, buffer: &mut [u8]) -> Written {
        let mut write = |text: &str| {
            buffer[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        };
        if index + 1 == self.count() {
            Written::Reason(write("This entry has no command line."))
        } else {
            Written::CommandLine(write(self.options))
        }
    }

    fn details(&mut self, _: usize, field: &mut dyn FnMut(&[u8], &[u8])) {
        for (name, value) in &self.fields {
            field(name.as_bytes(), value.as_bytes());
        }
    }
}

const FORCED: Parameters = Parameters {
    is_kept: true,
    left_out: 0,
    timeout: Timeout::Forced,
    editor: true,
    lines: None,
    beep: false,
    selected: 0,
    message: b"",
    typed: None,
    remembered: NOTHING,
};

const NOTHING: Remembered = Remembered {
    default: None,
    preferred: None,
    timeout: None,
};

/// A run of the menu, and how it ended.
struct Run {
    outcome: Outcome,
    remembered: Remembered,
    /// The command line, if it was edited.
    line: String,
    terminal: Terminal,
}

fn run_with(
    mut terminal: Terminal,
    mut entries: Fake,
    parameters: &Parameters,
    limit: usize,
) -> Run {
    let mut line = std::vec![0; limit];
    let answer = run(&mut terminal, &mut entries, parameters, &mut line);
    let outcome = answer.outcome;
    let length = match outcome {
        Outcome::Boot {
            edited: Some(length),
            ..
        } => length,
        _ => 0,
    };
    line.truncate(length);
    Run {
        outcome,
        remembered: answer.remembered,
        line: String::from_utf8_lossy(&line).into(),
        terminal,
    }
}

/// Types `keys`, one after the other, at a menu that waits for keys.
fn typed(entries: Fake, keys: &[&str]) -> Run {
    run_with(Terminal::slow(keys), entries, &FORCED, 2047)
}

const fn boots(entry: usize) -> Outcome {
    Outcome::Boot {
        entry,
        edited: None,
    }
}
