//! The menu as a person sees it: the entries in the middle, one of them highlighted,
//! below them the status, and on the last line the keys.
//!
//! Drawing is incremental, for the sake of 9600 baud: a line is drawn when its
//! look changes, and all lines when they scroll.

use super::interface::Entries;
use super::model::{Look, Mark, Model, Status};
use super::text::{self, Cells, centred};
use super::timeout::Timeout;
use crate::machine::Console;
use crate::text::decimal;

/// Columns beside a title, inside the highlighted bar: the default's arrow.
const MARGIN: usize = 3;

/// Columns in front of the bar: the digit that selects the entry, and a space.
const NUMBER: usize = 2;

/// Lines below the entries: two for the status, one for the keys.
const FOOT: usize = 3;

/// Entries that are shown at the most; there are no screens with more lines.
const MOST: usize = 60;

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
    /// First entry that is shown; None before any entry is shown.
    top: Option<usize>,
    /// How the lines look, from the first one with an entry on; None for a line that
    /// shows no entry.
    looks: [Option<Look>; MOST],
    /// The second line of the status may have something on it.
    second_line: bool,
}

impl Picture {
    /// Finds a place for everything, and draws it.
    pub(super) fn new(
        console: &mut impl Console,
        entries: &impl Entries,
        model: &mut Model,
    ) -> Self {
        let (columns, lines) = console.size();
        let mut longest = 0;
        for index in 0..model.count {
            let mut title = 0usize;
            entries.title(index, &mut |piece| {
                title = title.saturating_add(text::columns(piece));
            });
            longest = longest.max(title);
        }
        let width = longest.min(columns.saturating_sub(2 * (MARGIN + NUMBER)));
        let bar = width.saturating_add(2 * MARGIN);
        let foot = lines.saturating_sub(FOOT);
        // A line above and one below say that there are more.
        model.visible = model.count.min(foot.saturating_sub(2)).min(MOST);
        model.select(model.selected);
        model.stale = true;
        let mut picture = Self {
            foot,
            left: columns.saturating_sub(bar) / 2,
            width,
            first: foot.saturating_sub(model.visible) / 2,
            top: None,
            looks: [None; MOST],
            second_line: false,
        };
        console.clear();
        console.cursor(false);
        picture.keys(console);
        picture.update(console, entries, model);
        picture
    }

    /// Draws everything that has changed.
    pub(super) fn update(
        &mut self,
        console: &mut impl Console,
        entries: &impl Entries,
        model: &mut Model,
    ) {
        if self.top != Some(model.top) {
            self.top = Some(model.top);
            self.looks = [None; MOST];
            let hidden = model.count.saturating_sub(model.visible);
            if hidden > 0 {
                let below = self.first.saturating_add(model.visible);
                self.more(console, self.first.saturating_sub(1), model.top > 0);
                self.more(console, below, model.top < hidden);
                if model.left_out > 0 && model.top >= hidden {
                    self.left_out(console, below, model.left_out);
                }
            }
        }
        for row in 0..model.visible {
            self.entry(console, entries, model, row);
        }
        if model.stale {
            model.stale = false;
            self.model_status(console, model);
        }
    }

    /// Draws an entry if its look has changed.
    fn entry(
        &mut self,
        console: &mut impl Console,
        entries: &impl Entries,
        model: &Model,
        row: usize,
    ) {
        let index = model.top.saturating_add(row);
        let look = model.look(index);
        let before = match self.looks.get_mut(row) {
            Some(shown) if *shown != Some(look) => shown.replace(look),
            _ => return,
        };
        let line = self.first.saturating_add(row);
        if before.is_none() && model.count > 1 {
            let digit = b"123456789".get(index..=index);
            console.move_to(self.left.saturating_sub(NUMBER), line);
            console.write(digit.unwrap_or(b" "));
            console.write(b" ");
        } else {
            console.move_to(self.left, line);
        }
        if look.selected {
            console.highlight(true);
        }
        console.write(match look.mark {
            Mark::Nothing => b"   ",
            Mark::Preferred => b"-> ",
            Mark::Default => b"=> ",
        });
        let mut cells = Cells::new(console, self.width);
        entries.title(index, &mut |piece| cells.put(piece));
        cells.pad();
        let cut = cells.was_cut();
        console.write(if cut { b">  " } else { b"   " });
        if look.selected {
            console.highlight(false);
        }
    }

    /// Says whether there are more entries above or below.
    fn more(&self, console: &mut impl Console, line: usize, are_there: bool) {
        console.move_to(self.left.saturating_add(MARGIN), line);
        console.clear_to_end();
        console.write(if are_there { b"..." } else { b"   " });
    }

    /// Says how many entries the menu lacks.
    fn left_out(&self, console: &mut impl Console, line: usize, number: u32) {
        console.move_to(self.left.saturating_add(MARGIN), line);
        console.write(b"no room for ");
        console.write(decimal(number.into(), &mut [0; 20]));
        console.write(b" more");
    }

    /// Draws the last line; the status needs to be drawn anew, too.
    pub(super) fn keys(&mut self, console: &mut impl Console) {
        let line = self.foot.saturating_add(FOOT - 1);
        let keys = b"Enter boot   e edit   p details   h help";
        centred(console, line, &[keys]);
        self.second_line = true;
    }

    fn model_status(&mut self, console: &mut impl Console, model: &Model) {
        match model.status {
            Status::Nothing => self.status(console, b""),
            Status::Text(text) => self.status(console, text),
            Status::Shown => {}
            Status::Countdown => {
                let digits = &mut [0; 20];
                let seconds = decimal(model.countdown.unwrap_or(0).into(), digits);
                self.status_lines(console, &[b"Boot in ", seconds, b" s."], b"");
            }
            Status::Marks => self.change(console, model, &[b"=> default   -> preferred"]),
            Status::Timeout => match model.remembered.timeout {
                None => self.change(console, model, &[b"Timeout as in loader.conf."]),
                Some(Timeout::Forced) => {
                    self.change(console, model, &[b"The menu waits for a key."])
                }
                Some(Timeout::Hidden) => self.change(console, model, &[b"The menu is hidden."]),
                Some(Timeout::Disabled) => self.change(console, model, &[b"The menu is disabled."]),
                Some(Timeout::Seconds(seconds)) => {
                    let digits = &mut [0; 20];
                    let seconds = decimal(seconds.into(), digits);
                    self.change(console, model, &[b"Timeout ", seconds, b" s."]);
                }
            },
        }
    }

    /// Shows what a person has just changed, and whether it will be remembered.
    fn change(&mut self, console: &mut impl Console, model: &Model, change: &[&[u8]]) {
        let lasts: &[u8] = match model.is_kept {
            true => b"",
            false => b"For this boot only: gapboot set makes the file that remembers it.",
        };
        self.status_lines(console, change, lasts);
    }

    /// Shows a text above the last line, on one or two lines.
    pub(super) fn status(&mut self, console: &mut impl Console, text: &[u8]) {
        let (width, _) = console.size();
        let first_line = text::status_break(text, width.saturating_sub(2));
        let (first, second) = text.split_at_checked(first_line).unwrap_or_default();
        self.status_lines(console, &[first], second);
    }

    fn status_lines(&mut self, console: &mut impl Console, first: &[&[u8]], second: &[u8]) {
        centred(console, self.foot, first);
        if self.second_line || !second.is_empty() {
            centred(console, self.foot.saturating_add(1), &[second]);
        }
        self.second_line = !second.is_empty();
    }
}
