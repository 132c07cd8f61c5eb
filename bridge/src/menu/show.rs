//! The list on the screen, and the answer.

use std::time::{Duration, Instant};

use boot::menu::{Entries, Outcome, Parameters, Remembered, Timeout, Written, run};

use super::list::Item;
use crate::console::{Left, Screen};

/// Bytes of the longest command line.
const LINE: usize = 16 << 10;

/// What a person, or the clock, wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To start an entry, with this command line in place of its own.
    Start {
        /// The number of the entry.
        item: usize,
        /// The command line, if it was edited.
        cmdline: Option<String>,
    },
    /// To turn the machine off.
    PowerOff,
    /// To restart it.
    Reboot,
    /// The shell.
    Shell,
    /// To look at the disks again: some came or went.
    Look,
}

/// How the menu begins.
#[derive(Clone, Copy, Debug)]
pub struct Showing<'a> {
    /// How long it waits.
    pub timeout: Timeout,
    /// Since when.
    pub since: Instant,
    /// The entry that is selected.
    pub selected: usize,
    /// What is said below the entries.
    pub message: &'a str,
}

/// Shows the menu, and gives the answer.
pub fn show(screen: &mut Screen, items: &[Item], showing: &Showing) -> Answer {
    let parameters = Parameters {
        timeout: left(showing.timeout, showing.since.elapsed()),
        lines: None,
        editor: true,
        beep: false,
        selected: showing.selected,
        message: showing.message.as_bytes(),
        typed: None,
        remembered: Remembered::default(),
        is_kept: false,
        left_out: 0,
    };
    let mut line = vec![0; LINE];
    let answer = run(screen, &mut List(items), &parameters, &mut line);
    match (answer.outcome, screen.left.take()) {
        (Outcome::Boot { entry, edited }, _) => Answer::Start {
            item: entry,
            cmdline: edited.map(|length| {
                let line = line.get(..length).unwrap_or_default();
                String::from_utf8_lossy(line).into_owned()
            }),
        },
        (Outcome::PowerOff, _) => Answer::PowerOff,
        (Outcome::Reboot, _) => Answer::Reboot,
        (Outcome::Quit, Some(Left::News)) => Answer::Look,
        (Outcome::Quit, _) => Answer::Shell,
    }
}

/// What is left of a timeout, at least a second.
fn left(timeout: Timeout, elapsed: Duration) -> Timeout {
    match timeout {
        Timeout::Seconds(seconds) => {
            let elapsed = u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX);
            Timeout::Seconds(seconds.saturating_sub(elapsed).max(1))
        }
        other => other,
    }
}

/// The list as the menu takes it.
struct List<'a>(&'a [Item]);

impl Entries for List<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8])) {
        if let Some(item) = self.0.get(index) {
            sink(item.title.as_bytes());
        }
    }

    fn hotkey(&self, _: usize) -> Option<u8> {
        None
    }

    fn command_line(&mut self, index: usize, buffer: &mut [u8]) -> Written {
        let (text, is_reason) = match self.0.get(index).map(|item| &item.cmdline) {
            Some(Ok(line)) if line.len() <= buffer.len() => (line.as_str(), false),
            Some(Ok(_)) => ("The command line is too long to edit.", true),
            Some(Err(reason)) => (reason.as_str(), true),
            None => ("The entry is gone.", true),
        };
        let count = text.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), text.as_bytes().get(..count)) {
            to.copy_from_slice(from);
        }
        match is_reason {
            true => Written::Reason(count),
            false => Written::CommandLine(count),
        }
    }

    fn details(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8])) {
        for (name, value) in self.0.get(index).map_or(&[][..], |item| &item.details) {
            field(name.as_bytes(), value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on() {
        let seconds = Timeout::Seconds;
        assert_eq!(left(seconds(5), Duration::from_millis(2500)), seconds(3));
        assert_eq!(left(seconds(5), Duration::from_secs(9)), seconds(1));
        assert_eq!(
            left(Timeout::Forced, Duration::from_secs(9)),
            Timeout::Forced
        );
    }
}
