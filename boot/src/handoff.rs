//! The finished plan: the state in which the kernel is entered.

use crate::overlay::Overlay;

/// The result of [`crate::boot`]: everything is in memory, only the jump is left.
///
/// Most of the plan is the same for every kernel: [`layout::memory`] has it. The rules
/// for the jump are there too (boot protocol, "Running the Kernel"): real mode,
/// interrupts off, ds = es = fs = gs = ss = `KERNEL_SEGMENT`, sp = `KERNEL_STACK`, to
/// `KERNEL_ENTRY_SEGMENT`:0. The header with all that the loader wrote lies in memory,
/// in the real-mode part.
///
/// Sizes are in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handoff {
    /// Size of the kernel's real-mode part, at `KERNEL_SETUP`.
    pub setup_size: u32,
    /// Size of its protected-mode part, at `KERNEL`.
    pub kernel_size: u32,
    /// Physical address of the initrds, which lie together; 0 if there are no initrds.
    pub initrd_address: u32,
    /// Size of all initrds; 0 if there are no initrds.
    pub initrd_size: u32,
    /// Size of the command line at `COMMAND_LINE`, without its NUL.
    pub command_line_size: u32,
    /// True if the kernel gets the loader's node at `SETUP_DATA`.
    pub has_node: bool,
}

/// How [`crate::boot`] ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A kernel is in memory: jump.
    Start(Handoff),
    /// A person wants the machine to be powered off, which takes code of the overlay.
    PowerOff(Overlay),
    /// Restart the machine.
    Reboot,
    /// A person wants the firmware to try its next boot device.
    Quit,
    /// There is nothing to boot, or nobody left to ask; it was reported.
    Failed,
}
