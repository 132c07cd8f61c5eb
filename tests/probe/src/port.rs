//! The I/O ports that carry the report out.

use core::arch::asm;

const COM1: u16 = 0x3f8;
/// Line status: the next byte may be sent.
const HOLDING_EMPTY: u8 = 0x20;
/// Line status: the last byte is out.
const ALL_SENT: u8 = 0x40;
/// Bochs's and QEMU's debug console; nothing happens where there is none.
const DEBUG_CONSOLE: u16 = 0xe9;
/// QEMU's `isa-debug-exit`: a value v ends it with status 2 v + 1.
const DEBUG_EXIT: u16 = 0xf4;
const EXIT_REPORTED: u8 = 0x10;
/// Bochs ends when it is told to, letter by letter.
const SHUTDOWN: u16 = 0x8900;

fn write(port: u16, value: u8) {
    // SAFETY: the probe owns the machine, and none of the ports that this
    // module names makes a device touch memory.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack)) }
}

fn read(port: u16) -> u8 {
    let value;
    // SAFETY: as for `write`; only the line status register is read.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack)) }
    value
}

/// Sets COM1 to 115,200 baud, 8N1, without interrupts. Bochs's BIOS leaves it
/// at five data bits.
pub(crate) fn open_serial() {
    write(COM1 + 1, 0);
    write(COM1 + 3, 0x80);
    write(COM1, 1);
    write(COM1 + 1, 0);
    write(COM1 + 3, 3);
    write(COM1 + 2, 7);
    write(COM1 + 4, 3);
}

/// Sends one byte.
pub(crate) fn send(byte: u8) {
    write(DEBUG_CONSOLE, byte);
    wait_for(HOLDING_EMPTY);
    write(COM1, byte);
}

/// Waits for a bit of the line status; gives up on a line that never gets ready.
fn wait_for(status: u8) {
    for _ in 0..100_000 {
        if read(COM1 + 5) & status != 0 {
            break;
        }
    }
}

/// Ends QEMU or Bochs, and stops on any other machine.
pub(crate) fn exit() -> ! {
    wait_for(ALL_SENT);
    write(DEBUG_EXIT, EXIT_REPORTED);
    b"Shutdown"
        .iter()
        .for_each(|&letter| write(SHUTDOWN, letter));
    loop {
        // SAFETY: stops the processor, interrupts are off.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) }
    }
}
