//! Leaving the machine: power off, restart, the next boot device.

use crate::bios::{self, Registers};
use crate::{keyboard, port};
use boot::overlay::Overlay;

/// What of this the overlay does.
pub(crate) trait PowerOff {
    /// Powers the machine off by Advanced Power Management, the only way that a
    /// BIOS knows. Comes back if there is no such way.
    fn power_off(self);
}

impl PowerOff for Overlay {
    #[inline(never)]
    fn power_off(self) {
        // Connect to the real-mode interface of the BIOS, as a driver for version
        // 1.2, and set all devices (0001h) to off (3). None of them is checked:
        // what decides is whether the machine is still there.
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
    // SAFETY: 0x472 in the BIOS data area: a restart without a memory test. Then
    // ports that reset the processor; where they do not exist nothing happens.
    unsafe {
        core::ptr::write_volatile(0x472 as *mut u16, 0x1234);
        crate::a20::keyboard_controller_ready();
        port::write(0x64, 0xfe);
        // It takes its time.
        for _ in 0..0x1_0000 {
            port::write(0x80, 0);
        }
        port::write(0xcf9, 2);
        port::write(0xcf9, 6);
        core::arch::asm!("push 0", "push 0", "lidt [esp]", "int3", "add esp, 8");
    }
    // Not `options(noreturn)`: behind it the compiler puts an instruction that
    // stands for a panic, and there is to be none in the loader.
    loop {
        keyboard::halt();
    }
}

/// Gives the machine back to the firmware, which tries its next boot device.
pub(crate) fn next_device() -> ! {
    loop {
        // SAFETY: INT 18h takes no registers and fills no buffer.
        unsafe { bios::call(0x18, &mut Registers::new(0)) }
        keyboard::halt();
    }
}
