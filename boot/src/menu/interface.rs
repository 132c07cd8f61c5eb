//! The menu's input and its answer.

use super::timeout::Timeout;
use crate::machine::Input;

/// The entries that the menu shows, in its order; the first one is number 0.
pub trait Entries {
    /// Number of entries.
    fn count(&self) -> usize;

    /// Hands the text that is shown for an entry to `sink`, in pieces of whole
    /// characters.
    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8]));

    /// The letter that selects an entry, if it has one: `l` for Linux.
    fn hotkey(&self, index: usize) -> Option<u8>;

    /// Writes the command line of an entry into `buffer`, or the reason why there is
    /// no command line to edit.
    fn command_line(&mut self, index: usize, buffer: &mut [u8]) -> Written;

    /// Hands all there is to say about an entry to `field`: names, of at most
    /// 13 characters, and values.
    fn details(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8]));
}

/// The text that was written to the start of a buffer, with its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The command line of an entry.
    CommandLine(usize),
    /// A message that says why there is no command line.
    Reason(usize),
}

/// The options of the menu, and its state at the start.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    /// How long the menu waits before the selected entry is booted. The menu is there
    /// already: hidden and disabled are the same as forced.
    pub timeout: Timeout,
    /// Lines that the screen is to have, if it is to change.
    pub lines: Option<u8>,
    /// The command line may be edited.
    pub editor: bool,
    /// Beeps tell the number of the selected entry.
    pub beep: bool,
    /// The entry that is selected at the start.
    pub selected: usize,
    /// The message that is shown at the start: why booting failed. Or empty.
    pub message: &'a [u8],
    /// The key that a person pressed before there was a menu. A digit or a letter that
    /// stands for an entry chooses it at once.
    pub typed: Option<Input>,
    /// The remembered settings at the start.
    pub remembered: Remembered,
    /// Changes of the remembered settings last longer than this boot.
    pub is_kept: bool,
    /// The number of entries for which there was no room.
    pub left_out: u32,
}

/// The settings that a person may change at the menu for this boot and the next ones.
/// The caller compares those before and after, and saves the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The default entry.
    pub default: Option<usize>,
    /// The preferred entry.
    pub preferred: Option<usize>,
    /// The timeout that counts instead of loader.conf's.
    pub timeout: Option<Timeout>,
}

/// The answer of a person, or of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The next step.
    pub outcome: Outcome,
    /// The remembered settings at the end.
    pub remembered: Remembered,
}

/// The next step of the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Boot an entry.
    Boot {
        /// Its number.
        entry: usize,
        /// Length of the command line that it gets instead of its own, in the
        /// buffer that [`run`](super::run()) was given.
        edited: Option<usize>,
    },
    /// Power off.
    PowerOff,
    /// Reboot.
    Reboot,
    /// Let the firmware try its next boot device.
    Quit,
}
