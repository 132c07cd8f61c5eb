//! Whether the overlay is in memory. This is a static for code that gets no argument:
//! the handler of exceptions, and `a20` when a BIOS call has shut the gate.
//!
//! The static has no lock of the crate `spin`, unlike the memory map: a lock would take
//! 36 bytes packed.

use boot::overlay::Overlay;

static mut LOADED: Option<Overlay> = None;

/// Records whether the overlay is in memory.
pub(crate) fn set(overlay: Option<Overlay>) {
    // SAFETY: stage2 runs on one processor with interrupts off, and no reference to
    // the static is ever made.
    unsafe { LOADED = overlay };
}

/// The overlay, if it is in memory.
pub(crate) fn loaded() -> Option<Overlay> {
    // SAFETY: as in `set`.
    unsafe { LOADED }
}
