//! The choice as a value.

use crate::settings::conf::OnError;
use crate::settings::state::Changes;

/// The entry that boots, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its rank.
    pub entry: usize,
    /// Length of the command line that it gets instead of its own, on the desk.
    pub edited: Option<usize>,
    /// The action if it cannot be started.
    pub on_error: OnError,
    /// The rank of the entry that boots when nobody chooses.
    pub default: Option<usize>,
    /// The other changes that a person made.
    pub changes: Changes,
}

impl Choice {
    /// Boot an entry as it is.
    pub(super) fn plain(entry: usize) -> Self {
        Self {
            entry,
            edited: None,
            on_error: OnError::Auto,
            default: Some(entry),
            changes: Changes::default(),
        }
    }
}

/// Ticks that a hidden menu waits for a key: a tenth of a second.
pub(super) const MOMENT: u32 = 2;
