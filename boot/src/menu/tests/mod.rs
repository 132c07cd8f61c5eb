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
use crate::choose::by_settings::{Prelude, prelude};
use crate::settings::conf::timeout;
use std::string::String;
use std::vec::Vec;
use terminal::{Step, Terminal};

/// Entries in memory, and what they were asked for.
pub(super) struct Fake {
    pub(super) titles: Vec<&'static [u8]>,
    /// The command line of all entries but the last.
    options: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

impl Fake {
    pub(super) fn new(titles: &[&'static str]) -> Self {
        Self {
            titles: titles.iter().map(|title| title.as_bytes()).collect(),
            options: "root=/dev/vda2 ro quiet",
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
        self.titles[index].chunks(7).for_each(sink);
    }

    /// The last one is not Linux.
    fn hotkey(&self, index: usize) -> u8 {
        if index + 1 == self.count() {
            b'x'
        } else {
            b'l'
        }
    }

    fn command_line(&mut self, index: usize, into: &mut [u8]) -> Result<usize, usize> {
        let last = index + 1 == self.count();
        let text = if last {
            "This entry has no command line."
        } else {
            self.options
        };
        into[..text.len()].copy_from_slice(text.as_bytes());
        if last {
            Err(text.len())
        } else {
            Ok(text.len())
        }
    }

    fn details(&mut self, _: usize, field: &mut dyn FnMut(&[u8], &[u8])) {
        for (name, value) in &self.fields {
            field(name.as_bytes(), value.as_bytes());
        }
    }
}

const FORCED: Settings = Settings {
    timeout: timeout::FORCED,
    editor: true,
    lines: None,
    beep: false,
    selected: 0,
    message: b"",
};

/// What a run of the menu gave.
struct Run {
    outcome: Outcome,
    remembered: Remembered,
    /// The command line, if it was edited.
    line: String,
    terminal: Terminal,
}

fn run_with(mut terminal: Terminal, mut entries: Fake, settings: &Settings, limit: usize) -> Run {
    let mut remembered = Remembered::NOTHING;
    let mut line = std::vec![0; limit];
    let outcome = match prelude(&mut terminal, settings.timeout) {
        Prelude::Nobody => boots(settings.selected),
        Prelude::Menu(typed) => run(
            &mut terminal,
            &mut entries,
            settings,
            typed,
            &mut remembered,
            &mut line,
        ),
    };
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
        remembered,
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
