//! The progress of a load that takes longer than a second, as a person sees it.

use crate::handoff::Handoff;
use crate::machine::Console;
use crate::machine::TICKS_PER_SECOND;
use crate::overlay::Overlay;

/// The line that appears one character at a time: a word, then a character for each
/// fiftieth that has been loaded, with the tens of the percentage among them.
const LINE: &[u8] = b"Loading ....1....2....3....4....5....6....7....8....9....";
/// Length of the word.
const WORD: u32 = 8;
const PARTS: u32 = 50;

/// The part of a load that is done, and the part of the line that was printed.
#[derive(Default)]
pub(super) struct Progress {
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
    /// Another `bytes` bytes of the files in `handoff` have been loaded.
    ///
    /// Prints nothing in the first second, and after that no more than a character in
    /// a tick: the console must not slow the load down.
    #[inline(never)] // a way into the overlay
    pub(super) fn progress(
        self,
        progress: &mut Progress,
        console: &mut impl Console,
        handoff: &Handoff,
        bytes: u32,
    ) {
        let now = console.ticks();
        if progress.done == 0 {
            progress.began = now;
        }
        progress.done = progress.done.saturating_add(bytes);
        // The clock begins anew at midnight.
        if now == progress.looked || now.wrapping_sub(progress.began) <= TICKS_PER_SECOND {
            return;
        }
        progress.looked = now;
        let all = handoff.kernel_size.saturating_add(handoff.initrd_size);
        let part = (all / PARTS).saturating_add(1);
        let due = WORD.saturating_add(progress.done.checked_div(part).unwrap_or(0));
        let next = usize::try_from(progress.shown).unwrap_or(LINE.len());
        if progress.shown < due
            && let Some(character) = LINE.get(next..=next)
        {
            console.write(character);
            progress.shown = progress.shown.saturating_add(1);
        }
    }
}

impl Progress {
    /// The load has ended, in success or failure. Ends the line, if there is one.
    pub(super) fn end(&self, console: &mut impl Console) {
        if self.shown > 0 {
            console.new_line();
        }
    }
}
