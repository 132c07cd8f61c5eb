//! What the menu is about to do: a state, and what each key makes of it.
//! Nothing here draws.

use super::{Entries, Outcome, Remembered, Timeout};
use crate::keys::Key;

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

/// What a key asks for beyond a change of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// Boot what is selected.
    Boot,
    /// Edit the command line of what is selected.
    Edit,
    Details,
    Help,
    /// Draw everything anew.
    Redraw,
    Leave(Outcome),
}

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

impl<'a> State<'a> {
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
    pub(super) fn key(&mut self, key: Key, entries: &dyn Entries) -> Effect {
        self.countdown = 0;
        self.say(Status::Nothing);
        let selected = self.selected;
        let to = match key {
            Key::Up | Key::Char(b'k' | b'K') => selected.saturating_sub(1),
            Key::Down | Key::Char(b'j' | b'J') => selected.wrapping_add(1),
            Key::PageUp => selected.saturating_sub(self.visible),
            Key::PageDown => selected.wrapping_add(self.visible),
            Key::Home => 0,
            Key::End => self.count,
            Key::Enter | Key::Right => return Effect::Boot,
            Key::F1 => return Effect::Help,
            Key::Char(character) => match character {
                b'e' | b'E' => return Effect::Edit,
                b'p' | b'P' => return Effect::Details,
                b'h' | b'H' | b'?' => return Effect::Help,
                b'L' | 0x0c => return Effect::Redraw,
                b'O' => return Effect::Leave(Outcome::PowerOff),
                b'B' => return Effect::Leave(Outcome::Reboot),
                b'Q' => return Effect::Leave(Outcome::Quit),
                _ => {
                    self.set(character);
                    lookup(entries, selected, character).unwrap_or(selected)
                }
            },
            _ => selected,
        };
        self.select(to);
        Effect::Nothing
    }

    /// The keys that change what is remembered, and the version.
    fn set(&mut self, character: u8) {
        let Remembered {
            default,
            preferred,
            timeout,
        } = &mut self.remembered;
        let status = match character {
            b'd' if toggle(preferred, self.selected) => Status::Text(b"Preferred entry set."),
            b'd' => Status::Text(b"Preferred entry cleared."),
            b'D' if toggle(default, self.selected) => Status::Text(b"Default entry set."),
            b'D' => Status::Text(b"Default entry cleared."),
            b't' | b'+' => {
                *timeout = longer(*timeout);
                Status::Timeout
            }
            b'T' | b'-' => {
                *timeout = shorter(*timeout);
                Status::Timeout
            }
            b'v' => Status::Text(concat!("gapboot ", env!("CARGO_PKG_VERSION")).as_bytes()),
            _ => return,
        };
        self.say(status);
    }
}

/// The entry that a digit or a hotkey selects: the next one behind `selected`
/// that has the hotkey.
pub(super) fn lookup(entries: &dyn Entries, selected: usize, character: u8) -> Option<usize> {
    let count = entries.count();
    if let digit @ b'1'..=b'9' = character {
        return Some(usize::from(digit.wrapping_sub(b'1')).min(count.checked_sub(1)?));
    }
    let mut index = selected;
    for _ in 0..count {
        index = index.wrapping_add(1);
        if index >= count {
            index = 0;
        }
        if entries.hotkey(index) == character {
            return Some(index);
        }
    }
    None
}

/// Makes `index` the remembered one, or none if it was. True if it now is.
fn toggle(remembered: &mut Option<usize>, index: usize) -> bool {
    let set = *remembered != Some(index);
    *remembered = Some(index).filter(|_| set);
    set
}

// Timeouts in their order: none of its own, forced, hidden, 1 second, 2...

fn longer(timeout: Option<Timeout>) -> Option<Timeout> {
    Some(match timeout {
        None | Some(Timeout::Disabled) => Timeout::Forced,
        Some(Timeout::Forced) => Timeout::Hidden,
        Some(Timeout::Hidden) => Timeout::Seconds(1),
        Some(Timeout::Seconds(seconds)) => Timeout::Seconds(seconds.saturating_add(1)),
    })
}

fn shorter(timeout: Option<Timeout>) -> Option<Timeout> {
    Some(match timeout? {
        Timeout::Forced | Timeout::Disabled => return None,
        Timeout::Hidden => Timeout::Forced,
        Timeout::Seconds(0 | 1) => Timeout::Hidden,
        Timeout::Seconds(seconds) => Timeout::Seconds(seconds.wrapping_sub(1)),
    })
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
