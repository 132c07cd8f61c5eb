//! Leaving the machine: power off, restart, the firmware's next boot device.

use crate::bios::{self, Registers};
use crate::console::keyboard;
use crate::{bda, i8042, port};
use boot::machine::TICKS_PER_SECOND;
use boot::overlay::Overlay;

/// Polls after which the wait for a key ends if the clock stands still.
const POLLS: u32 = 0x1000_0000;

/// The part of this module that lies in the overlay.
pub(crate) trait PowerOff {
    /// Powers the machine off by Advanced Power Management, the only way that a BIOS
    /// offers. Returns if that did not work.
    fn power_off(self);
}

impl PowerOff for Overlay {
    #[inline(never)] // a way into the overlay
    fn power_off(self) {
        // Connect to the real-mode interface of the BIOS, as a driver for version
        // 1.2, and set all devices (0001h) to off (3). The results are not checked:
        // if the machine still runs, a call has failed.
        for (eax, ebx, ecx) in [(0x5301, 0, 0), (0x530e, 0, 0x0102), (0x5307, 1, 3)] {
            let mut registers = Registers::new(eax);
            registers.ebx = ebx;
            registers.ecx = ecx;
            // SAFETY: these functions fill no buffer.
            unsafe { bios::call(0x15, &mut registers) };
        }
    }
}

/// Restarts the machine: by the keyboard controller, by the chipset's reset
/// register, by an exception that cannot be delivered.
pub(crate) fn reboot() -> ! {
    // SAFETY: 0x472 in the BIOS data area asks for a restart without a memory test. The
    // ports reset the processor; if a port does not exist, the write has no effect.
    unsafe {
        core::ptr::write_volatile(0x472 as *mut u16, 0x1234);
        i8042::is_ready();
        port::write(i8042::COMMAND, 0xfe);
        // The reset takes some time.
        for _ in 0..0x1_0000 {
            port::write(0x80, 0);
        }
        port::write(0xcf9, 2);
        port::write(0xcf9, 6);
        core::arch::asm!("push 0", "push 0", "lidt [esp]", "int3", "add esp, 8");
    }
    // Not `options(noreturn)`: after that the compiler puts an instruction that stands
    // for a panic, and the build refuses a loader with panics.
    loop {
        bios::halt();
    }
}

/// Gives the machine back to the firmware, which tries its next boot device.
pub(crate) fn next_device() -> ! {
    loop {
        // SAFETY: INT 18h takes no registers and fills no buffer.
        unsafe { bios::call(0x18, &mut Registers::new(0)) }
        bios::halt();
    }
}

/// Waits for a key or ten seconds, so that a message can be read, and gives the
/// machine back to the firmware.
pub(crate) fn wait_and_give_up() -> ! {
    let start = bda::ticks();
    for _ in 0..POLLS {
        let waited = bda::ticks().wrapping_sub(start);
        if keyboard::poll().is_some() || waited >= 10 * TICKS_PER_SECOND {
            break;
        }
    }
    next_device()
}
