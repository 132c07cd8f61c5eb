//! The menu as it is seen: the entries in the middle, one of them highlighted,
//! below them what is to be said, and on the last line the keys.
//!
//! Drawing is incremental, for the sake of 9600 baud: a line is drawn when its
//! look changes, and all lines when they scroll.

use super::entries::Entries;
use super::state::{PREFERRED, SELECTED, State, Status};
use super::text::{self, Cells, centred};
use crate::machine::Console;
use crate::settings::conf::timeout;
use crate::text::decimal;

/// Columns beside a title, inside the highlighted bar: the default's arrow.
const MARGIN: usize = 3;

/// Lines below the entries: two for the status, one for the keys.
const FOOT: usize = 3;

/// Entries that are shown at the most; there are no screens with more lines.
const MOST: usize = 60;

/// Look of a line that shows no entry.
const NOTHING: u8 = 0xff;

/// Where everything is, and what is on the screen.
pub(super) struct Picture {
    /// First line of the foot.
    foot: usize,
    /// Column of the highlighted bar.
    left: usize,
    /// Columns of the longest title that is shown.
    width: usize,
    /// First line with an entry.
    first: usize,
    /// First entry that is shown.
    top: usize,
    /// How the lines look, from the first one with an entry on.
    looks: [u8; MOST],
    /// The status that is shown has a second line.
    two: bool,
}

impl Picture {
    /// Finds a place for everything, and draws it.
    pub(super) fn new(
        console: &mut impl Console,
        entries: &impl Entries,
        state: &mut State,
    ) -> Self {
        let (columns, lines) = console.size();
        let mut width = 0;
        for index in 0..state.count {
            let mut title = 0usize;
            entries.title(index, &mut |piece| {
                title = title.wrapping_add(text::columns(piece))
            });
            width = width.max(title);
        }
        width = width.min(columns.wrapping_sub(2 * MARGIN + 2));
        let foot = lines.wrapping_sub(FOOT);
        // A line above and one below say that there are more.
        state.visible = state.count.min(foot.wrapping_sub(2)).min(MOST);
        state.select(state.selected);
        state.stale = true;
        let mut picture = Self {
            foot,
            left: columns.wrapping_sub(width.wrapping_add(2 * MARGIN)) / 2,
            width,
            first: foot.wrapping_sub(state.visible) / 2,
            top: usize::MAX,
            looks: [NOTHING; MOST],
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
        console: &mut impl Console,
        entries: &impl Entries,
        state: &mut State,
    ) {
        if self.top != state.top {
            self.top = state.top;
            self.looks = [NOTHING; MOST];
            let rest = state.count.wrapping_sub(state.visible);
            if rest > 0 {
                self.more(console, self.first.wrapping_sub(1), state.top > 0);
                let behind = self.first.wrapping_add(state.visible);
                self.more(console, behind, state.top < rest);
            }
        }
        for row in 0..state.visible {
            self.entry(console, entries, state, row);
        }
        if state.stale {
            state.stale = false;
            let mut number = None;
            let text: &[u8] = match state.status {
                Status::Nothing => b"",
                Status::Countdown => {
                    number = Some(state.countdown);
                    b"Boot in "
                }
                Status::Timeout => match state.remembered.timeout {
                    None => b"Timeout as in loader.conf.",
                    Some(timeout::FORCED) => b"The menu waits for a key.",
                    Some(timeout::HIDDEN) => b"The menu is hidden.",
                    Some(_) => {
                        number = state.remembered.timeout;
                        b"Timeout "
                    }
                },
                Status::Text(text) => text,
                Status::Shown => return,
            };
            self.status(console, text, number);
        }
    }

    /// Draws an entry that does not look as it did.
    #[inline(never)]
    fn entry(
        &mut self,
        console: &mut impl Console,
        entries: &impl Entries,
        state: &State,
        row: usize,
    ) {
        let index = state.top.wrapping_add(row);
        let look = state.look(index);
        match self.looks.get_mut(row) {
            Some(shown) if *shown != look => *shown = look,
            _ => return,
        }
        console.move_to(self.left, self.first.wrapping_add(row));
        let highlighted = look & SELECTED != 0;
        if highlighted {
            console.highlight(true);
        }
        console.write(match look & !SELECTED {
            0 => b"   ",
            PREFERRED => b"-> ",
            _ => b"=> ",
        });
        let mut cells = Cells::new(console, self.width);
        entries.title(index, &mut |piece| cells.put(piece));
        cells.pad();
        let cut = cells.room < 0;
        console.write(if cut { b">  " } else { b"   " });
        if highlighted {
            console.highlight(false);
        }
    }

    /// Says that there are more entries above or below, or that there are none.
    fn more(&self, console: &mut impl Console, line: usize, are_there: bool) {
        console.move_to(self.left.wrapping_add(MARGIN), line);
        console.write(if are_there { b"..." } else { b"   " });
    }

    /// Draws the last line; the status needs to be drawn anew, too.
    pub(super) fn keys(&mut self, console: &mut impl Console) {
        let line = self.foot.wrapping_add(FOOT - 1);
        centred(
            console,
            line,
            &[b"Enter boot   e edit   p details   h help"],
        );
        self.two = true;
    }

    /// Shows a text of one or two lines above the last line, or a text and a
    /// number of seconds.
    pub(super) fn status(&mut self, console: &mut impl Console, text: &[u8], seconds: Option<u32>) {
        let mut digits = [0; 20];
        let (digits, unit): (&[u8], &[u8]) = match seconds {
            Some(seconds) => (decimal(seconds.into(), &mut digits), b" s."),
            None => (b"", b""),
        };
        let room = console.size().0.wrapping_sub(2);
        let (first, second) = text
            .split_at_checked(text::line_break(text, room))
            .unwrap_or_default();
        centred(console, self.foot, &[first, digits, unit]);
        if self.two || !second.is_empty() {
            centred(console, self.foot.wrapping_add(1), &[second]);
        }
        self.two = !second.is_empty();
    }
}
