//! BIOS calls.
//!
//! The thunk (`thunk.s`) switches to real mode, calls the handler that the
//! interrupt table names, and comes back; everything that a BIOS may change is
//! given back as a value, flags included. Buffers must lie below 1 MiB.

use x86_64::registers::rflags::RFlags;

/// The registers of a BIOS call, in and out. `thunk.s` is given the offsets.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Registers {
    pub(crate) eax: u32,
    pub(crate) ebx: u32,
    pub(crate) ecx: u32,
    pub(crate) edx: u32,
    pub(crate) esi: u32,
    pub(crate) edi: u32,
    pub(crate) ebp: u32,
    pub(crate) ds: u16,
    pub(crate) es: u16,
    /// After the call only.
    pub(crate) flags: u16,
}

impl Registers {
    /// All zero but EAX, by a call: the zeros would be everywhere.
    #[inline(never)]
    pub(crate) fn new(eax: u32) -> Self {
        Self {
            eax,
            ..Self::default()
        }
    }

    /// The carry flag: the BIOS's word for failure.
    pub(crate) fn carry(&self) -> bool {
        self.flags & RFlags::CARRY_FLAG.bits() as u16 != 0
    }

    /// The zero flag.
    pub(crate) fn zero(&self) -> bool {
        self.flags & RFlags::ZERO_FLAG.bits() as u16 != 0
    }

    /// Register AH.
    pub(crate) fn ah(&self) -> u8 {
        (self.eax >> 8) as u8
    }
}

unsafe extern "C" {
    static mut bios_registers: Registers;
    fn bios_interrupt(number: u32);
}

/// Calls BIOS interrupt `number`.
///
/// # Safety
///
/// The registers must describe a call whose writes stay inside memory that the
/// caller owns: a buffer of the size that the function may fill, below 1 MiB.
pub(crate) unsafe fn call(number: u8, registers: &mut Registers) {
    // SAFETY: stage2 runs on one processor with interrupts off, so nothing else
    // uses the register block; the thunk keeps the registers that the C calling
    // convention wants kept. What the call writes is the caller's promise.
    unsafe {
        bios_registers = *registers;
        bios_interrupt(u32::from(number));
        *registers = bios_registers;
    }
}

/// Ticks of the BIOS clock, 18.2 a second.
pub(crate) fn ticks() -> u32 {
    // SAFETY: 0x46c is the tick counter of the BIOS data area, which its timer
    // interrupt writes; aligned and always mapped.
    unsafe { core::ptr::read_volatile(0x46c as *const u32) }
}

/// Waits for a key or ten seconds, so that a message can be read, and gives the
/// machine back to the firmware, which tries its next boot device.
pub(crate) fn wait_and_give_up() -> ! {
    let start = ticks();
    // The count ends the wait where the clock stands still.
    for _ in 0..0x1000_0000 {
        if crate::keyboard::poll().is_some() || ticks().wrapping_sub(start) >= 182 {
            break;
        }
    }
    crate::power::next_device()
}
