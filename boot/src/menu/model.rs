//! The state of the menu, and how each key changes it. Nothing here draws.

use super::interface::{Entries, Remembered};
use super::keys::Key;
use super::timeout::{longer, shorter};

/// The line below the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status<'a> {
    Nothing,
    Countdown,
    /// The timeout that is remembered.
    Timeout,
    /// The meaning of the marks in front of the titles.
    Marks,
    Text(&'a [u8]),
    /// Something that is on the screen already.
    Shown,
}

/// The meaning of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    /// Set or clear the preferred entry.
    Preferred,
    /// Set or clear the default entry.
    Default,
    LongerTimeout,
    ShorterTimeout,
    Version,
    /// Left to the caller.
    Request(Request),
}

/// A request of a person that changes more than the [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
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

/// The command of a key, if it has one. The keys are systemd-boot's.
fn command(key: Key) -> Option<Command> {
    use Command as C;
    use Request as R;
    Some(match key {
        Key::Up | Key::Character(b'k' | b'K') => C::Up,
        Key::Down | Key::Character(b'j' | b'J') => C::Down,
        Key::PageUp => C::PageUp,
        Key::PageDown => C::PageDown,
        Key::Home => C::Home,
        Key::End => C::End,
        Key::Character(b'd') => C::Preferred,
        Key::Character(b'D') => C::Default,
        Key::Character(b't' | b'+') => C::LongerTimeout,
        Key::Character(b'T' | b'-') => C::ShorterTimeout,
        Key::Character(b'v') => C::Version,
        Key::Enter | Key::Right => C::Request(R::Boot),
        Key::Character(b'e' | b'E') => C::Request(R::Edit),
        Key::Character(b'p' | b'P') => C::Request(R::Details),
        Key::F1 | Key::Character(b'h' | b'H' | b'?') => C::Request(R::Help),
        Key::Ctrl(b'l') | Key::Character(b'L') => C::Request(R::Redraw),
        // Capital letters only: a small one is too easily pressed by mistake.
        Key::Character(b'O') => C::Request(R::PowerOff),
        Key::Character(b'B') => C::Request(R::Reboot),
        Key::Character(b'Q') => C::Request(R::Quit),
        _ => return None,
    })
}

/// The state of the menu.
#[derive(Clone, Copy)]
pub(super) struct Model<'a> {
    /// Number of entries.
    pub(super) count: usize,
    /// Entries on the screen.
    pub(super) visible: usize,
    /// First of them.
    pub(super) top: usize,
    pub(super) selected: usize,
    /// Seconds until the selected entry is booted; None: the menu waits for a key.
    pub(super) countdown: Option<u32>,
    pub(super) remembered: Remembered,
    /// Changes of `remembered` last longer than this boot.
    pub(super) is_kept: bool,
    /// The number of entries for which there was no room.
    pub(super) left_out: u32,
    pub(super) status: Status<'a>,
    /// The status on the screen is an old one.
    pub(super) stale: bool,
}

/// How an entry looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) selected: bool,
    pub(super) mark: Mark,
}

/// The mark in front of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Nothing,
    Preferred,
    /// The default entry, even if it is the preferred one too.
    Default,
}

impl<'a> Model<'a> {
    pub(super) fn look(&self, index: usize) -> Look {
        Look {
            selected: self.selected == index,
            mark: if self.remembered.default == Some(index) {
                Mark::Default
            } else if self.remembered.preferred == Some(index) {
                Mark::Preferred
            } else {
                Mark::Nothing
            },
        }
    }

    /// Selects an entry, or the last one if the number is too large, and scrolls it
    /// into view: by half a screen, so that a slow line draws few whole screens.
    pub(super) fn select(&mut self, index: usize) {
        self.selected = index.min(self.count.saturating_sub(1));
        let end = self.top.saturating_add(self.visible);
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
        let left = self.countdown.map_or(0, |left| left.saturating_sub(1));
        self.countdown = (left > 0).then_some(left);
        self.say(Status::Countdown);
        left == 0
    }

    /// Carries out the command of a key, or gives the request to the caller. Any key
    /// ends the countdown.
    pub(super) fn key(&mut self, key: Key, entries: &impl Entries) -> Option<Request> {
        self.countdown = None;
        self.say(Status::Nothing);
        let selected = self.selected;
        match command(key) {
            Some(Command::Up) => self.select(selected.saturating_sub(1)),
            Some(Command::Down) => self.select(selected.saturating_add(1)),
            Some(Command::PageUp) => self.select(selected.saturating_sub(self.visible)),
            Some(Command::PageDown) => self.select(selected.saturating_add(self.visible)),
            Some(Command::Home) => self.select(0),
            Some(Command::End) => self.select(self.count),
            Some(Command::Preferred) => {
                toggle(&mut self.remembered.preferred, selected);
                self.say(Status::Marks);
            }
            Some(Command::Default) => {
                toggle(&mut self.remembered.default, selected);
                self.say(Status::Marks);
            }
            Some(Command::LongerTimeout) => {
                self.remembered.timeout = longer(self.remembered.timeout);
                self.say(Status::Timeout);
            }
            Some(Command::ShorterTimeout) => {
                self.remembered.timeout = shorter(self.remembered.timeout);
                self.say(Status::Timeout);
            }
            Some(Command::Version) => self.say(Status::Text(VERSION)),
            Some(Command::Request(request)) => return Some(request),
            None => {
                if let Some(entry) = lookup(entries, selected, key) {
                    self.select(entry);
                }
            }
        }
        None
    }
}

const VERSION: &[u8] = concat!("gapboot ", env!("CARGO_PKG_VERSION")).as_bytes();

/// The entry that a digit or a hotkey selects: the next one after `selected`
/// that has the hotkey.
pub(super) fn lookup(entries: &impl Entries, selected: usize, key: Key) -> Option<usize> {
    let count = entries.count();
    let last = count.checked_sub(1)?;
    match key {
        Key::Character(digit @ b'1'..=b'9') => {
            Some(usize::from(digit.wrapping_sub(b'1')).min(last))
        }
        Key::Character(letter) => {
            let after = selected.saturating_add(1)..count;
            after
                .chain(0..count)
                .find(|&index| entries.hotkey(index) == Some(letter))
        }
        _ => None,
    }
}

/// Makes `index` the remembered entry, or forgets the entry if `index` was remembered
/// already.
fn toggle(remembered: &mut Option<usize>, index: usize) {
    let set = *remembered != Some(index);
    *remembered = set.then_some(index);
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#[path = "model_tests.rs"]
mod tests;
