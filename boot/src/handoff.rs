//! The finished plan: what the kernel is entered with.

use crate::load::bzimage::SetupHeader;

/// What [`crate::boot`] returns: everything is in memory, only the jump is left.
///
/// What the jump itself needs is the same for every kernel (boot protocol,
/// "Running the Kernel") and stands in [`layout::memory`]: real mode, interrupts
/// off, ds = es = fs = gs = ss = `KERNEL_SEGMENT`, sp = `KERNEL_STACK`, to
/// `KERNEL_ENTRY_SEGMENT`:0. The rest is for those who want to see what was
/// done: the emulator prints it, and checks it against the memory.
#[derive(Clone, Copy, Debug)]
pub struct Handoff {
    /// The kernel's real-mode part.
    pub setup: Span,
    /// The kernel's protected-mode part.
    pub kernel: Span,
    /// All initrds as one; address and size are 0 where there is none.
    pub initrd: Span,
    /// The command line, without the NUL that follows.
    pub command_line: Span,
    /// The kernel's header as it lies in memory, with what the loader wrote;
    /// fields that the kernel does not have are 0.
    pub header: SetupHeader,
}

/// A piece of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Physical address.
    pub address: u32,
    /// Bytes.
    pub size: u32,
}
