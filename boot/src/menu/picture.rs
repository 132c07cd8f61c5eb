//! The menu as it is seen: the entries in the middle, one of them highlighted,
//! below them what is to be said, and on the last line the keys.
//!
//! Drawing is incremental, for the sake of 9600 baud: a line is drawn when its
//! look changes, and all lines when they scroll.

use super::Entries;
use super::state::{State, Status};
use super::text::{self, Cells, centred};
use super::{Remembered, Timeout};
use crate::machine::Console;

/// Columns beside a title, inside the highlighted bar: the default's arrow.
const MARGIN: usize = 3;

/// Lines below the entries: two for the status, one for the keys.
const FOOT: usize = 3;

/// Where everything is, and what is on the screen.
pub(super) struct Picture {
    columns: usize,
    /// First line of the foot.
    foot: usize,
    /// Columns of the longest title that is shown.
    width: usize,
    /// First line with an entry.
    first: usize,
    shown: Shown,
    /// The status that is shown has a second line.
    two: bool,
}

/// What decides how the lines look.
#[derive(Clone, Copy)]
struct Shown {
    top: usize,
    selected: usize,
    remembered: Remembered,
}

impl Shown {
    const NOTHING: Shown = Shown {
        top: usize::MAX,
        selected: usize::MAX,
        remembered: Remembered::NOTHING,
    };

    /// Highlighted or not, and the mark before the title.
    fn look(&self, index: usize) -> (bool, &'static [u8; MARGIN]) {
        let mark = if self.remembered.default == Some(index) {
            b"=> "
        } else if self.remembered.preferred == Some(index) {
            b"-> "
        } else {
            b"   "
        };
        (self.selected == index, mark)
    }
}

fn title_columns(entries: &dyn Entries, index: usize) -> usize {
    let mut columns = 0usize;
    entries.title(index, &mut |piece| {
        columns = columns.wrapping_add(text::columns(piece))
    });
    columns
}

impl Picture {
    /// Finds a place for everything, and draws it.
    pub(super) fn new(console: &mut dyn Console, entries: &dyn Entries, state: &mut State) -> Self {
        let (columns, lines) = console.size();
        let widest = (0..state.count)
            .map(|index| title_columns(entries, index))
            .max();
        let width = widest
            .unwrap_or(0)
            .min(columns.saturating_sub(2 * MARGIN + 2));
        let foot = lines.saturating_sub(FOOT);
        // A line above and one below say that there are more.
        state.visible = state.count.min(foot.saturating_sub(2));
        state.top = 0;
        state.select(state.selected);
        state.stale = true;
        let first = foot.saturating_sub(state.visible) / 2;
        let mut picture = Self {
            columns,
            foot,
            width,
            first,
            shown: Shown::NOTHING,
            two: false,
        };
        console.clear();
        console.cursor(false);
        picture.keys(console);
        picture.update(console, entries, state);
        picture
    }

    /// Draws what has changed.
    pub(super) fn update(
        &mut self,
        console: &mut dyn Console,
        entries: &dyn Entries,
        state: &mut State,
    ) {
        let State {
            top,
            selected,
            remembered,
            ..
        } = *state;
        let old = core::mem::replace(
            &mut self.shown,
            Shown {
                top,
                selected,
                remembered,
            },
        );
        let end = top.wrapping_add(state.visible);
        for index in top..end {
            if old.top != top || old.look(index) != self.shown.look(index) {
                self.entry(console, entries, index);
            }
        }
        if old.top != top && state.visible < state.count {
            self.more(console, self.first.wrapping_sub(1), top > 0);
            self.more(
                console,
                self.first.wrapping_add(state.visible),
                end < state.count,
            );
        }
        if state.stale {
            state.stale = false;
            match state.status {
                Status::Nothing => self.status(console, &[]),
                Status::Countdown => self.seconds(console, b"Boot in ", state.countdown),
                Status::Timeout => match remembered.timeout {
                    None => self.status(console, &[b"Timeout as in loader.conf."]),
                    Some(Timeout::Seconds(seconds)) => self.seconds(console, b"Timeout ", seconds),
                    Some(Timeout::Forced) => self.status(console, &[b"The menu waits for a key."]),
                    Some(_) => self.status(console, &[b"The menu is hidden."]),
                },
                Status::Text(text) => self.status(console, &[text]),
                Status::Shown => {}
            }
        }
    }

    /// Column of the highlighted bar.
    fn left(&self) -> usize {
        self.columns
            .saturating_sub(self.width.wrapping_add(2 * MARGIN))
            / 2
    }

    fn entry(&self, console: &mut dyn Console, entries: &dyn Entries, index: usize) {
        let (highlighted, mark) = self.shown.look(index);
        let long = title_columns(entries, index) > self.width;
        console.move_to(
            self.left(),
            self.first.wrapping_add(index.wrapping_sub(self.shown.top)),
        );
        if highlighted {
            console.highlight(true);
        }
        console.write(mark);
        let mut cells = Cells::new(console, self.width.wrapping_sub(usize::from(long)));
        entries.title(index, &mut |piece| cells.put(piece));
        cells.pad();
        console.write(if long { b">   " } else { b"   " });
        if highlighted {
            console.highlight(false);
        }
    }

    /// Says that there are more entries above or below, or that there are none.
    fn more(&self, console: &mut dyn Console, line: usize, are_there: bool) {
        console.move_to(self.left().wrapping_add(MARGIN), line);
        console.write(if are_there { b"..." } else { b"   " });
    }

    /// Draws the last line; the status needs to be drawn anew, too.
    pub(super) fn keys(&mut self, console: &mut dyn Console) {
        let line = self.foot.wrapping_add(FOOT - 1);
        centred(
            console,
            line,
            &[b"Enter boot   e edit   p details   h help"],
        );
        self.two = true;
    }

    fn seconds(&mut self, console: &mut dyn Console, before: &[u8], seconds: u32) {
        self.status(
            console,
            &[before, text::decimal(seconds, &mut [0; 10]), b" s."],
        );
    }

    /// Shows a text of one or two lines above the last line.
    pub(super) fn status(&mut self, console: &mut dyn Console, pieces: &[&[u8]]) {
        let mut second: &[u8] = &[];
        let room = self.columns.saturating_sub(2);
        match pieces {
            [text] if text.len() > room => {
                let (first, rest) = text
                    .split_at_checked(text::line_break(text, room))
                    .unwrap_or_default();
                second = rest;
                centred(console, self.foot, &[first]);
            }
            _ => centred(console, self.foot, pieces),
        }
        if self.two || !second.is_empty() {
            centred(console, self.foot.wrapping_add(1), &[second]);
        }
        self.two = !second.is_empty();
    }
}
