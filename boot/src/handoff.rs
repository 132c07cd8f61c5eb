//! The finished plan: what the kernel is entered with.

/// What [`crate::boot`] returns: everything is in memory, only the jump is left.
pub struct Handoff;
