//! The menu on the screen, from the first picture to the choice.

use super::entries::{Entries, Outcome, Remembered, Settings};
use super::keys;
use super::picture::Picture;
use super::state::{self, Command, State, Status};
use super::{editor, pages};
use crate::machine::{Console, Input, TICKS_PER_SECOND};
use crate::settings::conf::timeout;

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
            key = keys::read(
                console,
                Some(TICKS_PER_SECOND).filter(|_| state.countdown > 0),
            );
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
