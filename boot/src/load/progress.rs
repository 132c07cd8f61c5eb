//! What a person sees of a load that takes its time.

use super::Loader;
use crate::machine::Console;
use crate::machine::TICKS_PER_SECOND;
use crate::overlay::Overlay;

/// What appears one by one: a word, then a character for each fiftieth that has
/// been loaded, with the tens of the percentage among them.
const LINE: &[u8] = b"Loading ....1....2....3....4....5....6....7....8....9....";
/// Length of the word.
const WORD: u32 = 8;
const PARTS: u32 = 50;

/// How far a load is, and what a person has seen of that.
#[derive(Default)]
pub struct Progress {
    /// Bytes that have been loaded.
    done: u32,
    /// When it began, and when it was last looked at, in ticks.
    began: u32,
    looked: u32,
    /// Characters that have been printed.
    shown: u32,
}

impl Overlay {
    /// So many more bytes have been loaded.
    ///
    /// Prints nothing in the first second, and then no more than a character in
    /// a tick: it must not be the console that takes the time.
    #[inline(never)]
    pub(super) fn progress<D, M, C: Console>(self, loader: &mut Loader<D, M, C>, bytes: u32) {
        let seen = &mut loader.seen;
        let now = loader.console.ticks();
        if seen.done == 0 {
            seen.began = now;
        }
        seen.done = seen.done.saturating_add(bytes);
        if now == seen.looked || now.wrapping_sub(seen.began) <= TICKS_PER_SECOND {
            return;
        }
        seen.looked = now;
        let all = loader
            .handoff
            .kernel_size
            .saturating_add(loader.handoff.initrd_size);
        let part = (all / PARTS).saturating_add(1);
        let due = WORD.saturating_add(seen.done.checked_div(part).unwrap_or(0));
        let next = usize::try_from(seen.shown).unwrap_or(LINE.len());
        if let (true, Some(character)) = (seen.shown < due, LINE.get(next..=next)) {
            loader.console.write(character);
            seen.shown = seen.shown.saturating_add(1);
        }
    }
}

impl<D, M, C: Console> Loader<'_, '_, D, M, C> {
    /// Nothing more is loaded. Ends the line, if there is one.
    pub(crate) fn end_progress(&mut self) {
        if self.seen.shown > 0 {
            self.console.write(b"\n");
        }
    }
}
