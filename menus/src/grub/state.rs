//! What a script changes. A copy of it is what an entry is tried on.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::loaded::Loaded;
use super::source::Source;
use super::syntax::List;
use super::variables::Variables;
use crate::storage::{Device, Location};

/// The state of GRUB between two commands.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Variables.
    pub(super) variables: Variables,
    /// Functions.
    pub(super) functions: Rc<BTreeMap<String, Rc<List>>>,
    /// Devices that `loopback` made.
    pub(super) loopbacks: Rc<BTreeMap<String, Device>>,
    /// Arguments of the function that runs, or of the entry.
    pub(super) arguments: Option<Arguments>,
    /// Loops and returns.
    pub(super) flow: Flow,
    /// What is ready to be booted.
    pub(super) loaded: Loaded,
    /// Environment blocks that were changed, as they are now.
    pub(super) blocks: Rc<BTreeMap<Location, Vec<u8>>>,
    /// Entries of the menu that is being made.
    pub(super) items: Vec<Item>,
    /// Names of entries of the Boot Loader Specification that are already among them.
    pub(super) bls: Rc<BTreeSet<String>>,
    /// What ended it all.
    pub(super) outcome: Option<Outcome>,
    /// What was not understood.
    pub(super) notes: Vec<String>,
    /// Why the last command failed that should have loaded something.
    pub(super) failure: Option<String>,
    /// The value of `superusers` in a menu around this one.
    pub(super) superusers: Option<String>,
    /// Where the command stands that runs.
    pub(super) at: Place,
}

/// A place in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The source.
    pub(super) source: Option<Rc<Source>>,
    /// The line in it.
    pub(super) line: u32,
}

/// What `$1`, `$@`, `$#` mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    /// All, and how many of them `shift` took.
    pub(super) all: Rc<[String]>,
    /// How many of them `shift` took.
    pub(super) shifted: usize,
}

impl Arguments {
    /// Those that are left.
    pub(super) fn left(&self) -> &[String] {
        self.all.get(self.shifted..).unwrap_or_default()
    }
}

/// Loops and returns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// Loops around the command.
    pub(super) loops: u32,
    /// Loops that are being left.
    pub(super) breaks: u32,
    /// The last of them goes on.
    pub(super) goes_on: bool,
    /// The function is being left.
    pub(super) returns: bool,
}

/// What ends a script.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// `boot`: what is loaded starts.
    Boot,
    /// `halt`
    PowerOff,
    /// `reboot`
    Restart,
    /// `exit`: GRUB goes back to the firmware.
    Exit,
    /// `fwsetup`
    Firmware,
    /// `configfile` or `normal` showed a menu: the state with its items.
    Menu(Rc<State>),
}

/// An entry as a `menuentry` or `submenu` made it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its title.
    pub(super) title: String,
    /// By `--id`.
    pub(super) id: Option<String>,
    /// Title and the words after it: `$1`, `$2`, ...
    pub(super) arguments: Rc<[String]>,
    /// Who may start it once `superusers` is set. `None` is everybody.
    pub(super) users: Option<String>,
    /// It opens another menu.
    pub(super) submenu: bool,
    /// What runs when it is chosen.
    pub(super) body: Body,
    /// The file.
    pub(super) config: Option<Location>,
    /// The line.
    pub(super) line: u32,
}

/// The commands of an entry.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// A block of the configuration.
    Block(Rc<super::syntax::Block>),
    /// Text.
    Text(Rc<str>),
}

impl State {
    /// Adds a note once.
    pub(super) fn note(&mut self, text: &str) {
        let text = sentence(text);
        if !self.notes.contains(&text) && self.notes.len() < NOTES {
            self.notes.push(text);
        }
    }
}

/// A text for people, with names that come from a script: on one line, and not too long.
pub(super) fn sentence(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(SENTENCE).map(visible).collect()
}

/// Characters of a sentence.
const SENTENCE: usize = 400;

/// Notes that are kept of one entry.
const NOTES: usize = 64;
