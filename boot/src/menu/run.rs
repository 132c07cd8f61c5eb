//! The menu on the screen, from the first picture to the answer.

use super::interface::{Answer, Entries, Outcome, Parameters, Written};
use super::keys;
use super::model::{self, Model, Request, Status};
use super::picture::Picture;
use super::timeout::Timeout;
use super::{editor, pages};
use crate::machine::{Console, TICKS_PER_SECOND};

/// Shows the menu and gives the answer. `line` has room for the longest command line.
pub fn run(
    console: &mut impl Console,
    entries: &mut impl Entries,
    parameters: &Parameters,
    line: &mut [u8],
) -> Answer {
    if let Some(typed) = parameters.typed {
        let key = keys::decode(console, typed);
        if let Some(entry) = model::lookup(entries, parameters.selected, key) {
            return Answer {
                outcome: boot(entry),
                remembered: parameters.remembered,
            };
        }
    }
    if let Some(lines) = parameters.lines {
        console.resize(lines);
    }
    let mut model = start(entries, parameters);
    let outcome = choose(console, entries, parameters, &mut model, line);
    console.clear();
    console.cursor(true);
    Answer {
        outcome,
        remembered: model.remembered,
    }
}

/// Boot an entry as it is.
fn boot(entry: usize) -> Outcome {
    Outcome::Boot {
        entry,
        edited: None,
    }
}

/// The menu before any key.
fn start<'a>(entries: &impl Entries, parameters: &Parameters<'a>) -> Model<'a> {
    let (countdown, status) = match (parameters.message, parameters.timeout) {
        (b"", Timeout::Seconds(seconds)) => (Some(seconds), Status::Countdown),
        (b"", _) => (None, Status::Nothing),
        // A message needs somebody who reads it: the menu waits.
        (message, _) => (None, Status::Text(message)),
    };
    Model {
        count: entries.count(),
        visible: 0,
        top: 0,
        selected: parameters.selected,
        countdown,
        remembered: parameters.remembered,
        is_kept: parameters.is_kept,
        left_out: parameters.left_out,
        status,
        stale: false,
    }
}

/// The menu on the screen.
fn choose(
    console: &mut impl Console,
    entries: &mut impl Entries,
    parameters: &Parameters,
    model: &mut Model,
    line: &mut [u8],
) -> Outcome {
    let mut picture = Picture::new(console, entries, model);
    let mut beeped_for = None;
    loop {
        // Keys may come faster than a slow line draws.
        let mut key = keys::read(console, Some(0));
        if key.is_none() {
            picture.update(console, entries, model);
            if parameters.beep && beeped_for != Some(model.selected) {
                beeped_for = Some(model.selected);
                beep(console, model.selected);
            }
            let second = model.countdown.map(|_| TICKS_PER_SECOND);
            key = keys::read(console, second);
        }
        let request = match key {
            Some(key) => model.key(key, entries),
            None if model.countdown.is_some() && !model.tick() => None,
            // No key will ever come, and booting has failed already.
            None if !parameters.message.is_empty() => Some(Request::Quit),
            // The time is over, or no key will ever come.
            None => Some(Request::Boot),
        };
        let selected = Some(model.selected).filter(|&selected| selected < model.count);
        match (request, selected) {
            (None, _) => continue,
            (Some(Request::PowerOff), _) => return Outcome::PowerOff,
            (Some(Request::Reboot), _) => return Outcome::Reboot,
            (Some(Request::Quit), _) => return Outcome::Quit,
            (Some(Request::Help), _) => pages::help(console),
            (Some(Request::Redraw), _) => {}
            (Some(Request::Boot), Some(entry)) => return boot(entry),
            (Some(Request::Details), Some(entry)) => pages::details(console, entries, entry),
            (Some(Request::Edit), Some(_)) if !parameters.editor => {
                model.say(Status::Text(b"Editing is disabled in loader.conf."));
                continue;
            }
            (Some(Request::Edit), Some(entry)) => {
                match edit(console, entries, &mut picture, model, entry, line) {
                    None => continue,
                    edited => return Outcome::Boot { entry, edited },
                }
            }
            // There are no entries.
            (Some(Request::Boot | Request::Details | Request::Edit), None) => continue,
        }
        picture = Picture::new(console, entries, model);
    }
}

/// Lets a person edit the command line of an entry in `line`, and gives its new
/// length; None if the entry is not to be booted.
fn edit(
    console: &mut impl Console,
    entries: &mut impl Entries,
    picture: &mut Picture,
    model: &mut Model,
    entry: usize,
    line: &mut [u8],
) -> Option<usize> {
    match entries.command_line(entry, line) {
        Written::CommandLine(length) => {
            let edited = editor::edit(console, line, length);
            if edited.is_none() {
                console.cursor(false);
                picture.keys(console);
                model.stale = true;
            }
            edited
        }
        Written::Reason(length) => {
            picture.status(console, line.get(..length).unwrap_or_default());
            model.status = Status::Shown;
            model.stale = false;
            None
        }
    }
}

/// Tells the number of an entry: one beep for the first. Nobody counts further than
/// ten.
fn beep(console: &mut impl Console, selected: usize) {
    for _ in 0..=selected.min(9) {
        console.beep();
    }
}
