//! The menu: what a person sees and types before anything is booted.
//!
//! [`run`] shows it and comes back with what was chosen. The keys are those of
//! systemd-boot. `state` decides what a key does, `picture` draws, `listed` brings
//! the entries. All of it is in the overlay.

mod editor;
mod line;
pub(crate) mod listed;
mod pages;
mod picture;
mod state;
mod text;

use crate::choice::SECOND;
use crate::conf::timeout;
use crate::keys;
use crate::machine::{Console, Input};
use picture::Picture;
use state::{Command, State, Status};

/// What the menu shows, in its order, the first entry being 0.
pub trait Entries {
    /// Number of entries.
    fn count(&self) -> usize;

    /// Hands what is shown for an entry to `sink`, in pieces.
    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8]));

    /// The letter that selects an entry: `l` for Linux; 0 for none.
    fn hotkey(&self, index: usize) -> u8;

    /// Puts the command line of an entry into `into` and gives its length in
    /// bytes.
    ///
    /// # Errors
    /// Where it has none or it can't be read: the length of a text in `into`
    /// that says why.
    fn command_line(&mut self, index: usize, into: &mut [u8]) -> Result<usize, usize>;

    /// Hands all there is to say about an entry to `field`: names, of at most
    /// 13 characters, and values.
    fn details(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8]));
}

/// How the menu should be.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Seconds until the selected entry is booted, or a constant of [`timeout`];
    /// all of these wait for ever, the menu being there already.
    pub timeout: u32,
    /// Lines that the screen is to have, if it is to change.
    pub lines: Option<u8>,
    /// The command line may be edited.
    pub editor: bool,
    /// Beeps tell the number of the selected entry.
    pub beep: bool,
    /// The entry that is selected at the start.
    pub selected: usize,
    /// What to say at the start: why booting failed. Or empty.
    pub message: &'a [u8],
}

/// What a person may set at the menu for this boot and the next ones. The
/// caller compares before and after, and keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The default entry.
    pub default: Option<usize>,
    /// The preferred entry.
    pub preferred: Option<usize>,
    /// The timeout that counts instead of loader.conf's, in the same numbers.
    pub timeout: Option<u32>,
}

impl Remembered {
    /// Nothing.
    pub const NOTHING: Self = Self {
        default: None,
        preferred: None,
        timeout: None,
    };
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Boot an entry.
    Boot {
        /// Its number.
        entry: usize,
        /// Length of the command line that it gets instead of its own, in the
        /// buffer that [`run`] was given.
        edited: Option<usize>,
    },
    /// Power off.
    PowerOff,
    /// Reboot.
    Reboot,
    /// Let the firmware try its next boot device.
    Quit,
}

/// Shows the menu and gives what was chosen. What was `typed` already may choose
/// at once, by a digit or a letter that stands for an entry. `line` is room for a
/// command line, as long as one may be.
pub fn run(
    console: &mut impl Console,
    entries: &mut impl Entries,
    settings: &Settings,
    typed: Option<Input>,
    remembered: &mut Remembered,
    line: &mut [u8],
) -> Outcome {
    let count = entries.count();
    let selected = settings.selected;
    if let Some(typed) = typed {
        let key = keys::decode(console, typed);
        if let Some(entry) = state::lookup(entries, selected, key) {
            return Outcome::Boot {
                entry,
                edited: None,
            };
        }
    }
    if let Some(lines) = settings.lines {
        console.resize(lines);
    }
    let countdown = match settings.timeout {
        // Somebody has to read it.
        _ if !settings.message.is_empty() => 0,
        timeout::DISABLED | timeout::HIDDEN | timeout::FORCED => 0,
        seconds => seconds,
    };
    let status = match (countdown, settings.message) {
        (0, b"") => Status::Nothing,
        (0, message) => Status::Text(message),
        _ => Status::Countdown,
    };
    let mut state = State {
        count,
        visible: 0,
        top: 0,
        selected,
        countdown,
        remembered: *remembered,
        status,
        stale: false,
    };
    let outcome = choose(console, entries, settings, &mut state, line);
    *remembered = state.remembered;
    console.clear();
    console.cursor(true);
    outcome
}

/// The menu on the screen.
fn choose(
    console: &mut impl Console,
    entries: &mut impl Entries,
    settings: &Settings,
    state: &mut State,
    line: &mut [u8],
) -> Outcome {
    let mut picture = Picture::new(console, entries, state);
    let mut heard = usize::MAX;
    loop {
        // Keys may come faster than a slow line draws.
        let mut key = keys::read(console, Some(0));
        if key.is_none() {
            picture.update(console, entries, state);
            if settings.beep && heard != state.selected {
                heard = state.selected;
                // Nobody counts further.
                for _ in 0..=heard.min(9) {
                    console.write(b"\x07");
                }
            }
            key = keys::read(console, Some(SECOND).filter(|_| state.countdown > 0));
        }
        let command = match key {
            Some(key) => state.key(key, entries),
            None if state.countdown > 0 && !state.tick() => continue,
            // No key will ever come, and booting has failed already.
            None if !settings.message.is_empty() => Command::Quit,
            // The time is over, or no key will ever come.
            None => Command::Boot,
        };
        let entry = state.selected;
        match command {
            Command::PowerOff => return Outcome::PowerOff,
            Command::Reboot => return Outcome::Reboot,
            Command::Quit => return Outcome::Quit,
            Command::Help => pages::show(console, entries, None),
            Command::Redraw => {}
            _ if entry >= state.count => continue,
            Command::Details => pages::show(console, entries, Some(entry)),
            Command::Boot => {
                return Outcome::Boot {
                    entry,
                    edited: None,
                };
            }
            Command::Edit if !settings.editor => {
                state.say(Status::Text(b"Editing is disabled in loader.conf."));
                continue;
            }
            Command::Edit => {
                match entries.command_line(entry, line) {
                    Ok(length) => {
                        if let edited @ Some(_) = editor::edit(console, line, length) {
                            return Outcome::Boot { entry, edited };
                        }
                        console.cursor(false);
                        picture.keys(console);
                        state.stale = true;
                    }
                    Err(length) => {
                        picture.status(console, line.get(..length).unwrap_or_default(), None);
                        state.status = Status::Shown;
                        state.stale = false;
                    }
                }
                continue;
            }
            _ => continue,
        }
        picture = Picture::new(console, entries, state);
    }
}

#[cfg(test)]
mod tests;
