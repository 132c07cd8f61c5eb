//! Notes, each once and not too many.

use alloc::string::String;
use alloc::vec::Vec;

/// Notes of one menu or entry.
const MOST: usize = 32;
/// Bytes of a note.
const LONGEST: usize = 400;

/// Sentences without a full stop.
#[derive(Clone, Default)]
pub(crate) struct Notes(Vec<String>);

impl Notes {
    /// Adds a note, unless it is there already or there are too many.
    pub(crate) fn add(&mut self, note: impl Into<String>) {
        if self.0.len() > MOST {
            return;
        }
        let mut note = match self.0.len() {
            MOST => "there is more that is not understood here".into(),
            _ => note.into(),
        };
        if note.len() > LONGEST {
            let mut end = LONGEST;
            while !note.is_char_boundary(end) {
                end = end.saturating_sub(1);
            }
            note.truncate(end);
            note.push('…');
        }
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    /// The notes in their order.
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn each_once_and_not_too_many() {
        let mut notes = Notes::default();
        notes.add("a");
        notes.add("a");
        for number in 0..1000 {
            notes.add(format!("{number}{}", "ä".repeat(400)));
        }
        let notes = notes.into_vec();
        assert_eq!(notes.len(), MOST + 1);
        assert_eq!(notes[0], "a");
        assert!(notes[1].starts_with("0ä") && notes[1].ends_with('…'));
        assert_eq!(notes[MOST], "there is more that is not understood here");
    }
}
