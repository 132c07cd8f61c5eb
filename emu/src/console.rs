//! The console: a terminal, and a person who types the keys of a script.

use crate::script::Keystroke;
use boot::machine::{Console, Input};
use boot::menu::ansi;
use boot::text::character;
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU16;

/// Lines and columns of the terminal.
const SIZE: (NonZeroU16, NonZeroU16) = (NonZeroU16::new(24).unwrap(), NonZeroU16::new(80).unwrap());

/// Enter is pressed after an hour, in ticks of the BIOS's clock (18 a second). A disk
/// may ask for a countdown of a century, and Enter ends it as time would.
const PATIENCE: u32 = 60 * 60 * 18;
const ENTER: Input = Input::Keyboard {
    scan: 0x1c,
    ascii: b'\r',
};

/// A terminal: it receives the bytes of a serial line.
pub struct Terminal {
    model: vt100::Parser,
    /// All that was printed, without control sequences.
    text: Vec<u8>,
    /// The keystrokes to come.
    script: VecDeque<Keystroke>,
    /// The screen at the time when the last scripted key had taken effect and the
    /// loader waited for another one.
    seen: Option<String>,
    /// Ticks that have passed.
    ticks: Cell<u32>,
    /// Ticks that pass with each look at the clock, as if the work since the last look
    /// had taken that long.
    pub pace: u32,
}

impl Terminal {
    /// A terminal at which `script` is typed, and nothing after that.
    pub fn new(script: Vec<Keystroke>) -> Self {
        let (lines, columns) = SIZE;
        Self {
            model: vt100::Parser::new(lines, columns, 0),
            text: Vec::new(),
            script: script.into(),
            seen: None,
            ticks: Cell::new(0),
            pace: 0,
        }
    }

    /// The screen as a person saw it before the loader went on by itself: the menu, if
    /// there was one and the script did not leave it.
    pub fn screen(&self) -> String {
        match &self.seen {
            Some(seen) => seen.clone(),
            None => self.model.screen().contents(),
        }
    }

    /// Lets time pass.
    fn pass(&self, ticks: u32) {
        self.ticks.set(self.ticks.get().wrapping_add(ticks));
    }
}

/// Everything that was printed.
impl fmt::Display for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Console for Terminal {
    fn write(&mut self, mut text: &[u8]) {
        while let Some((character, rest)) = character(text) {
            self.text.extend_from_slice(character);
            self.model.process(character);
            text = rest;
        }
    }

    fn new_line(&mut self) {
        self.text.push(b'\n');
        self.model.process(b"\r\n");
    }

    fn beep(&mut self) {}

    fn size(&self) -> (usize, usize) {
        let (lines, columns) = SIZE;
        (columns.get().into(), lines.get().into())
    }

    fn resize(&mut self, _: u8) {}

    fn clear(&mut self) {
        self.model.process(ansi::CLEAR);
    }

    fn move_to(&mut self, column: usize, line: usize) {
        ansi::move_to(column, line, &mut |bytes| self.model.process(bytes));
    }

    fn clear_to_end(&mut self) {
        self.model.process(ansi::CLEAR_TO_END);
    }

    fn highlight(&mut self, on: bool) {
        self.model.process(ansi::highlight(on));
    }

    fn cursor(&mut self, visible: bool) {
        self.model.process(ansi::cursor(visible));
    }

    fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
        if self.script.is_empty() && self.seen.is_none() && ticks != Some(0) {
            self.seen = Some(self.model.screen().contents());
        }
        // A look whether a key was pressed takes no time.
        let typed = match (self.script.front(), ticks) {
            (Some(None), Some(0)) => None,
            _ => self.script.pop_front().flatten(),
        };
        if self.script.is_empty() && self.ticks.get() > PATIENCE && ticks > Some(0) {
            return Some(ENTER);
        }
        if typed.is_none() {
            self.pass(ticks.unwrap_or(0));
        }
        typed
    }

    fn ticks(&self) -> u32 {
        self.pass(self.pace);
        self.ticks.get()
    }
}
