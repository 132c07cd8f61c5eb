//! The keyboard controller, an Intel 8042 or compatible. It also opens the A20 gate and
//! resets the processor.

use crate::port;

/// The controller's port for data.
pub(crate) const DATA: u16 = 0x60;
/// The controller's port for commands.
pub(crate) const COMMAND: u16 = 0x64;

/// Waits until the controller is ready for a byte; false if it stays busy. The wait is
/// limited, because a machine without a controller reads as always busy.
pub(crate) fn is_ready() -> bool {
    const INPUT_FULL: u8 = 2;
    (0..0x1_0000).any(|_| {
        // SAFETY: reading the controller's status port changes nothing that
        // memory depends on.
        unsafe { port::read(COMMAND) & INPUT_FULL == 0 }
    })
}
