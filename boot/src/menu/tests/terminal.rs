//! A serial terminal of 80x24, and a person who types at it.

use crate::machine::{Console, Input};
use crate::menu::ansi;
use crate::text::character;
use std::collections::VecDeque;
use std::string::String;
use std::vec::Vec;

/// An event while the loader waits for a key.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Event {
    Input(Input),
    /// A moment without a key.
    Pause,
    /// A second without a key.
    Second,
    /// The person looks at the screen.
    Look,
}

pub(super) struct Terminal {
    model: vt100::Parser,
    events: VecDeque<Event>,
    /// All keys are there at once.
    fast: bool,
    sent: usize,
    /// Bytes that were sent before each wait for a key.
    pub(super) sent_between: Vec<usize>,
    /// The screen at each [`Event::Look`].
    pub(super) seen: Vec<vt100::Screen>,
    pub(super) beeps: usize,
}

/// The inputs of a terminal for some keys, with a pause after each.
pub(super) fn keys(keys: &[&str]) -> Vec<Event> {
    let mut events = Vec::new();
    for key in keys {
        match *key {
            "second" => events.push(Event::Second),
            "look" => events.push(Event::Look),
            key => {
                events.extend(key.bytes().map(|byte| Event::Input(Input::Serial(byte))));
                events.push(Event::Pause);
            }
        }
    }
    events
}

impl Terminal {
    pub(super) fn new(events: Vec<Event>, fast: bool) -> Self {
        Self {
            model: vt100::Parser::new(24u16.try_into().unwrap(), 80u16.try_into().unwrap(), 0),
            events: events.into(),
            fast,
            sent: 0,
            sent_between: Vec::new(),
            seen: Vec::new(),
            beeps: 0,
        }
    }

    /// Somebody who waits after each key.
    pub(super) fn slow(typed: &[&str]) -> Self {
        Self::new(keys(typed), false)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.sent += bytes.len();
        self.model.process(bytes);
    }

    /// The screen at the end.
    pub(super) fn after(&self) -> &vt100::Screen {
        self.model.screen()
    }

    /// The lines of a screen that was seen, those at both ends not that are
    /// empty, with the number of the first.
    pub(super) fn lines(&self, seen: usize) -> (usize, Vec<String>) {
        let lines: Vec<String> = (0..24).map(|line| self.line(seen, line)).collect();
        let first = lines.iter().position(|line| !line.is_empty()).unwrap();
        let last = lines.iter().rposition(|line| !line.is_empty()).unwrap();
        (first, lines[first..=last].into())
    }

    /// A line of a screen, without the spaces at its end.
    pub(super) fn line(&self, seen: usize, line: u16) -> String {
        let line = self.seen[seen].rows(0, 80).nth(line.into()).unwrap();
        line.trim_end().into()
    }

    /// Lines and columns that are highlighted.
    pub(super) fn highlighted(&self, seen: usize) -> Vec<(u16, core::ops::Range<u16>)> {
        let screen = &self.seen[seen];
        let mut found: Vec<(u16, core::ops::Range<u16>)> = Vec::new();
        for (row, column) in (0..24).flat_map(|row| (0..80).map(move |column| (row, column))) {
            if screen.cell(row, column).unwrap().inverse() {
                match found.last_mut() {
                    Some((line, columns)) if *line == row && columns.end == column => {
                        columns.end += 1;
                    }
                    _ => found.push((row, column..column + 1)),
                }
            }
        }
        found
    }
}

impl Console for Terminal {
    fn write(&mut self, mut text: &[u8]) {
        while let Some((character, rest)) = character(text) {
            self.send(character);
            text = rest;
        }
    }

    fn new_line(&mut self) {
        self.send(b"\r\n");
    }

    fn beep(&mut self) {
        self.beeps += 1;
    }

    fn size(&self) -> (usize, usize) {
        (80, 24)
    }

    fn resize(&mut self, _: u8) {}

    fn clear(&mut self) {
        self.send(ansi::CLEAR);
    }

    fn move_to(&mut self, column: usize, line: usize) {
        ansi::move_to(column, line, &mut |bytes| self.send(bytes));
    }

    fn clear_to_end(&mut self) {
        self.send(ansi::CLEAR_TO_END);
    }

    fn highlight(&mut self, on: bool) {
        self.send(ansi::highlight(on));
    }

    fn cursor(&mut self, visible: bool) {
        self.send(ansi::cursor(visible));
    }

    fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
        if ticks == Some(0) && !self.fast {
            return None;
        }
        while let Some(&event) = self.events.front() {
            // Between the bytes of a sequence.
            let within = ticks == Some(4);
            if event == Event::Pause && within {
                return None;
            }
            let waits = matches!(event, Event::Input(_) | Event::Second);
            if !within && waits && ticks != Some(0) {
                self.sent_between.push(core::mem::take(&mut self.sent));
            }
            self.events.pop_front();
            match event {
                Event::Input(input) => return Some(input),
                Event::Second => return None,
                Event::Pause => {}
                Event::Look => self.seen.push(self.model.screen().clone()),
            }
        }
        None
    }

    fn ticks(&self) -> u32 {
        0
    }
}
