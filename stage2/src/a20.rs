//! The A20 gate: while it is shut, every odd megabyte is an alias of the even megabyte
//! below it.
//!
//! The gate must be open before anything is written above 1 MiB, and any BIOS call
//! may shut it again, so [`ensure_open`] runs before each such write and before
//! the jump to the kernel. The methods are tried in the order of rising risk, and the
//! gate is tested after each: the BIOS, the keyboard controller, port 92h. The last two
//! are in the overlay.

use crate::bios::{self, Registers};
use crate::console::Console;
use crate::{i8042, leave, overlay, port};
use boot::machine::Console as _;
use boot::overlay::Overlay;
use core::ptr::{read_volatile, write_volatile};

/// A word that shows whether it has an alias 1 MiB above.
#[unsafe(link_section = ".low.bss")]
static mut WITNESS: u32 = 0;

/// True when the gate is open.
fn is_open() -> bool {
    let here = &raw mut WITNESS;
    let alias = here.wrapping_byte_add(0x10_0000);
    // SAFETY: both addresses are aligned. The first is that of the static; the second
    // is RAM above 1 MiB or the same word, never a device: 0x10c000 lies below the ISA
    // hole at 15 MiB. The word at the second address keeps its value: with an open
    // gate it is only read, with a shut gate the saved value is written back.
    unsafe {
        let saved = read_volatile(alias);
        write_volatile(here, !saved);
        let open = read_volatile(alias) == saved;
        if !open {
            write_volatile(alias, saved);
        }
        open
    }
}

/// Opens the gate. If the gate stays shut, no kernel can start: then this prints a
/// message and goes on to the firmware's next boot device.
pub(crate) fn ensure_open() {
    if is_open() || by_bios() || overlay::loaded().is_some_and(Force::force_a20) {
        return;
    }
    let mut console = Console::new();
    console.write(b"gapboot: the A20 gate stays shut.");
    console.new_line();
    leave::wait_and_give_up();
}

fn by_bios() -> bool {
    // SAFETY: INT 15h AX=2401h fills no buffer.
    unsafe { bios::call(0x15, &mut Registers::new(0x2401)) };
    is_open()
}

/// The part of this module that lies in the overlay.
trait Force {
    /// Opens the gate without the BIOS; false if the gate stays shut.
    fn force_a20(self) -> bool;
}

impl Force for Overlay {
    #[inline(never)] // a way into the overlay
    fn force_a20(self) -> bool {
        by_keyboard_controller() || by_port_92()
    }
}

fn by_keyboard_controller() -> bool {
    // Write the output port (d1h) with A20 and "no reset" set. ffh is the null
    // command, which some chipsets need after that write.
    for (at, value) in [
        (i8042::COMMAND, 0xd1),
        (i8042::DATA, 0xdf),
        (i8042::COMMAND, 0xff),
    ] {
        if !i8042::is_ready() {
            return false;
        }
        // SAFETY: the command changes A20 only; bit 0, reset, stays high.
        unsafe { port::write(at, value) };
    }
    opened_soon()
}

fn by_port_92() -> bool {
    // SAFETY: port 92h holds A20 in bit 1 and reset in bit 0, which stays 0.
    unsafe {
        let value = port::read(0x92);
        if value & 2 == 0 {
            port::write(0x92, (value | 2) & !1);
        }
    }
    opened_soon()
}

/// Tests the gate repeatedly, because gates are slow on some machines.
fn opened_soon() -> bool {
    (0..0x2000).any(|_| {
        // SAFETY: a write to port 80h, the POST code display, is the customary
        // delay of about a microsecond.
        unsafe { port::write(0x80, 0) };
        is_open()
    })
}
