//! What boots: what a person chooses, or what is chosen for nobody.
//!
//! Whether there is a menu is decided here, by the rules of systemd-boot. The
//! menu itself is in the overlay; where that is missing, a list of numbers
//! stands in for it.

use crate::conf::timeout;
use crate::entries::list::List;
use crate::generated;
use crate::machine::{Console, Input};
use crate::state::Changes;

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Boot an entry.
    Boot {
        /// Its rank.
        entry: usize,
        /// Length of the command line that it gets instead of its own, in the
        /// buffer that the menu was given.
        edited: Option<usize>,
        /// What else was changed.
        changes: Changes,
    },
    /// Power off.
    PowerOff,
    /// Reboot.
    Reboot,
    /// Let the firmware try its next boot device.
    Quit,
}

impl Choice {
    /// Boot an entry as it is.
    pub(crate) const fn plain(entry: usize) -> Self {
        Self::Boot {
            entry,
            edited: None,
            changes: Changes {
                default: None,
                preferred: None,
                timeout: None,
            },
        }
    }

    /// What an entry of the loader's own making does, see [`crate::generated`].
    pub(crate) fn of_generated(id: &[u8]) -> Self {
        if id == generated::POWER_OFF {
            Self::PowerOff
        } else {
            Self::Reboot
        }
    }
}

/// Ticks in a second, nearly.
pub(crate) const SECOND: u32 = 18;
/// Ticks that a hidden menu waits for a key: a tenth of a second.
const MOMENT: u32 = 2;

/// What is to happen before the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prelude {
    /// There is no menu.
    Nobody,
    /// There is one, and this was typed already.
    Menu(Option<Input>),
}

/// Whether anybody wants a menu, as `timeout` and the keyboard have it.
pub(crate) fn prelude(console: &mut impl Console, timeout: u32) -> Prelude {
    match timeout {
        timeout::DISABLED => Prelude::Nobody,
        timeout::HIDDEN => match console.key(Some(MOMENT)) {
            None => Prelude::Nobody,
            key => Prelude::Menu(key),
        },
        _ => Prelude::Menu(None),
    }
}

/// The menu of a machine without an overlay: a digit chooses one of the first
/// nine entries, any other key or none the one that is `selected`. Gives its
/// rank; None if there is nobody to ask.
pub(crate) fn by_number(
    console: &mut impl Console,
    list: &List,
    selected: usize,
    timeout: u32,
) -> Option<usize> {
    for (rank, digit) in (b'1'..=b'9').enumerate() {
        if let Some(entry) = list.get(rank) {
            console.write(&[digit, b' ']);
            console.write(entry.id());
            console.write(b"\n");
        }
    }
    let ticks = match timeout {
        timeout::FORCED | timeout::HIDDEN => None,
        seconds => Some(seconds.saturating_mul(SECOND)),
    };
    let key = match console.key(ticks) {
        Some(Input::Keyboard { ascii, .. } | Input::Serial(ascii)) => ascii,
        None => return ticks.map(|_| selected),
    };
    let rank = usize::from(key.wrapping_sub(b'1'));
    Some(if list.get(rank).is_some() {
        rank
    } else {
        selected
    })
}
