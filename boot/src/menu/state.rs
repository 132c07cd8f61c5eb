//! What the menu is about to do: a state, and what each key makes of it.
//! Nothing here draws.

use super::entries::{Entries, Remembered};
use crate::menu::keys::Key;
use crate::settings::conf::timeout as named;

/// The line below the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status<'a> {
    Nothing,
    Countdown,
    /// The timeout that is remembered.
    Timeout,
    Text(&'a [u8]),
    /// Something that is on the screen already.
    Shown,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    // Done here, given back as `Nothing`:
    Nothing,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Preferred,
    Default,
    Longer,
    Shorter,
    Version,
    // Left to the caller:
    Boot,
    Edit,
    Details,
    Help,
    /// Draw everything anew.
    Redraw,
    PowerOff,
    Reboot,
    Quit,
}

static COMMANDS: [(Key, Command); 32] = [
    (Key::UP, Command::Up),
    (Key(b'k'), Command::Up),
    (Key(b'K'), Command::Up),
    (Key::DOWN, Command::Down),
    (Key(b'j'), Command::Down),
    (Key(b'J'), Command::Down),
    (Key::PAGE_UP, Command::PageUp),
    (Key::PAGE_DOWN, Command::PageDown),
    (Key::HOME, Command::Home),
    (Key::END, Command::End),
    (Key::ENTER, Command::Boot),
    (Key::RIGHT, Command::Boot),
    (Key(b'd'), Command::Preferred),
    (Key(b'D'), Command::Default),
    (Key(b't'), Command::Longer),
    (Key(b'+'), Command::Longer),
    (Key(b'T'), Command::Shorter),
    (Key(b'-'), Command::Shorter),
    (Key(b'e'), Command::Edit),
    (Key(b'E'), Command::Edit),
    (Key(b'p'), Command::Details),
    (Key(b'P'), Command::Details),
    (Key(b'h'), Command::Help),
    (Key(b'H'), Command::Help),
    (Key(b'?'), Command::Help),
    (Key::F1, Command::Help),
    (Key(b'v'), Command::Version),
    // Ctrl-L
    (Key(0x0c), Command::Redraw),
    (Key(b'L'), Command::Redraw),
    (Key(b'O'), Command::PowerOff),
    (Key(b'B'), Command::Reboot),
    (Key(b'Q'), Command::Quit),
];

#[derive(Clone, Copy)]
pub(super) struct State<'a> {
    pub(super) count: usize,
    /// Entries on the screen.
    pub(super) visible: usize,
    /// First of them.
    pub(super) top: usize,
    pub(super) selected: usize,
    /// Seconds until the selected entry is booted; 0: it waits for a key.
    pub(super) countdown: u32,
    pub(super) remembered: Remembered,
    pub(super) status: Status<'a>,
    /// The status on the screen is an old one.
    pub(super) stale: bool,
}

/// How an entry looks: the sum of what it is.
pub(super) const SELECTED: u8 = 1;
pub(super) const PREFERRED: u8 = 2;
const DEFAULT: u8 = 4;

impl<'a> State<'a> {
    pub(super) fn look(&self, index: usize) -> u8 {
        let mut look = 0;
        if self.selected == index {
            look |= SELECTED;
        }
        if self.remembered.preferred == Some(index) {
            look |= PREFERRED;
        }
        if self.remembered.default == Some(index) {
            look |= DEFAULT;
        }
        look
    }

    /// Selects an entry, the last one where there is none of this number, and
    /// scrolls it into view: by half a screen, so that a slow line draws few
    /// whole screens.
    pub(super) fn select(&mut self, index: usize) {
        self.selected = index.min(self.count.saturating_sub(1));
        let end = self.top.wrapping_add(self.visible);
        if self.selected < self.top || self.selected >= end {
            self.top = self
                .selected
                .saturating_sub(self.visible / 2)
                .min(self.count.saturating_sub(self.visible));
        }
    }

    pub(super) fn say(&mut self, status: Status<'a>) {
        self.stale |= status != Status::Nothing || self.status != Status::Nothing;
        self.status = status;
    }

    /// A second passed without a key. True when it is time to boot.
    pub(super) fn tick(&mut self) -> bool {
        self.countdown = self.countdown.wrapping_sub(1);
        self.say(Status::Countdown);
        self.countdown == 0
    }

    /// What a key does. Any key ends the countdown.
    pub(super) fn key(&mut self, key: Key, entries: &impl Entries) -> Command {
        self.countdown = 0;
        self.say(Status::Nothing);
        let selected = self.selected;
        let Some((_, command)) = COMMANDS.iter().find(|(other, _)| *other == key) else {
            self.select(lookup(entries, selected, key).unwrap_or(selected));
            return Command::Nothing;
        };
        let Remembered {
            default,
            preferred,
            timeout,
        } = &mut self.remembered;
        let mut to = selected;
        match *command {
            Command::Up => to = selected.saturating_sub(1),
            Command::Down => to = selected.wrapping_add(1),
            Command::PageUp => to = selected.saturating_sub(self.visible),
            Command::PageDown => to = selected.wrapping_add(self.visible),
            Command::Home => to = 0,
            Command::End => to = self.count,
            Command::Preferred => {
                toggle(preferred, selected);
                self.say(Status::Text(MARKS));
            }
            Command::Default => {
                toggle(default, selected);
                self.say(Status::Text(MARKS));
            }
            Command::Longer => {
                *timeout = longer(*timeout);
                self.say(Status::Timeout);
            }
            Command::Shorter => {
                *timeout = shorter(*timeout);
                self.say(Status::Timeout);
            }
            Command::Version => self.say(Status::Text(VERSION)),
            other => return other,
        }
        self.select(to);
        Command::Nothing
    }
}

/// What the marks before the titles mean.
const MARKS: &[u8] = b"=> default   -> preferred";

const VERSION: &[u8] = concat!("gapboot ", env!("CARGO_PKG_VERSION")).as_bytes();

/// The entry that a digit or a hotkey selects: the next one behind `selected`
/// that has the hotkey.
pub(super) fn lookup(entries: &impl Entries, selected: usize, key: Key) -> Option<usize> {
    let count = entries.count();
    if let Key(digit @ b'1'..=b'9') = key {
        return Some(usize::from(digit.wrapping_sub(b'1')).min(count.checked_sub(1)?));
    }
    let mut index = selected;
    for _ in 0..count {
        index = index.wrapping_add(1);
        if index >= count {
            index = 0;
        }
        if entries.hotkey(index) == key.0 {
            return Some(index);
        }
    }
    None
}

/// Makes `index` the remembered one, or none if it was.
fn toggle(remembered: &mut Option<usize>, index: usize) {
    let set = *remembered != Some(index);
    *remembered = set.then_some(index);
}

// Timeouts in their order: none of its own, forced, hidden, 1 second, 2... The
// number of `FORCED` is the one before 0, `HIDDEN`.

fn longer(timeout: Option<u32>) -> Option<u32> {
    const LAST: u32 = named::DISABLED - 1;
    Some(match timeout {
        None | Some(named::DISABLED) => named::FORCED,
        Some(LAST) => LAST,
        Some(timeout) => timeout.wrapping_add(1),
    })
}

fn shorter(timeout: Option<u32>) -> Option<u32> {
    match timeout? {
        named::FORCED | named::DISABLED => None,
        timeout => Some(timeout.wrapping_sub(1)),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#[path = "state_tests.rs"]
mod tests;
