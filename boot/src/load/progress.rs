//! What a person sees of a load that takes longer than a second.

use super::Loader;
use crate::machine::Console;
use crate::machine::TICKS_PER_SECOND;
use crate::overlay::Overlay;

/// The line that appears one character at a time: a word, then a character for each
/// fiftieth that has been loaded, with the tens of the percentage among them.
const LINE: &[u8] = b"Loading ....1....2....3....4....5....6....7....8....9....";
/// Length of the word.
const WORD: u32 = 8;
const PARTS: u32 = 50;

/// How much of a load is done, and how much of the line a person has seen.
#[derive(Default)]
pub struct Progress {
    /// Bytes that have been loaded.
    done: u32,
    /// When the load began, in ticks.
    began: u32,
    /// When the clock was last looked at, in ticks.
    looked: u32,
    /// Characters that have been printed.
    shown: u32,
}

impl Overlay {
    /// Another `bytes` bytes have been loaded.
    ///
    /// Prints nothing in the first second, and after that no more than a character in
    /// a tick: it must not be the console that takes the time.
    #[inline(never)] // a way into the overlay
    pub(super) fn progress<D, M, C: Console>(self, loader: &mut Loader<D, M, C>, bytes: u32) {
        let seen = &mut loader.seen;
        let now = loader.console.ticks();
        if seen.done == 0 {
            seen.began = now;
        }
        seen.done = seen.done.saturating_add(bytes);
        // The clock begins anew at midnight.
        if now == seen.looked || now.wrapping_sub(seen.began) <= TICKS_PER_SECOND {
            return;
        }
        seen.looked = now;
        let handoff = &loader.handoff;
        let all = handoff.kernel_size.saturating_add(handoff.initrd_size);
        let part = (all / PARTS).saturating_add(1);
        let due = WORD.saturating_add(seen.done.checked_div(part).unwrap_or(0));
        let next = usize::try_from(seen.shown).unwrap_or(LINE.len());
        if seen.shown < due
            && let Some(character) = LINE.get(next..=next)
        {
            loader.console.write(character);
            seen.shown = seen.shown.saturating_add(1);
        }
    }
}

impl<D, M, C: Console> Loader<'_, '_, D, M, C> {
    /// The load has ended, well or not. Ends the line, if there is one.
    pub(crate) fn end_progress(&mut self) {
        if self.seen.shown > 0 {
            self.console.write(b"\n");
        }
    }
}
