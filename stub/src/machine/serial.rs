//! COM1, as the firmware or the loader left it.

use x86_64::instructions::port::Port;

/// The data port, and the line status register with its bit for "ready for a
/// byte". Source: data sheet of the PC16550D, section 8.
const DATA: u16 = 0x3f8;
const LINE_STATUS: u16 = 0x3f8 + 5;
const READY: u8 = 1 << 5;
/// The value that a port without a device returns.
const ABSENT: u8 = 0xff;
/// Readings after which a port that is never ready gets the byte all the same.
const PATIENCE: u32 = 0xffff;

/// Sends a byte; without a COM1 it is lost.
pub(crate) fn send(byte: u8) {
    for _ in 0..PATIENCE {
        // SAFETY: reading this register changes no memory.
        let status = unsafe { Port::<u8>::new(LINE_STATUS).read() };
        if status == ABSENT {
            return;
        }
        if status & READY != 0 {
            break;
        }
    }
    // SAFETY: a byte sent by COM1 changes no memory.
    unsafe { Port::new(DATA).write(byte) }
}
