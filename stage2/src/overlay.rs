//! Whether the overlay is in memory, for what no argument leads to: an exception,
//! and a gate that a BIOS call has shut.
//!
//! Not by a lock of the crate `spin`, as the memory map: that would take 36 bytes
//! packed.

use boot::overlay::Overlay;

static mut LOADED: Option<Overlay> = None;

/// From now on the overlay is in memory, or not.
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
