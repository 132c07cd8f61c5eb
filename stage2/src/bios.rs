//! BIOS calls.
//!
//! The thunk (`thunk.s`) switches to real mode, calls the handler that the
//! interrupt table names, and comes back. All registers that a BIOS may change are
//! returned as a value, flags included. Buffers must lie below 1 MiB.

use core::mem::offset_of;
use layout::memory::{KERNEL_SEGMENT, REAL_STACK};
use x86_64::registers::rflags::RFlags;

/// The registers of a BIOS call, in and out, in the order in which `thunk.s` pops
/// and pushes them.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Registers {
    pub(crate) edi: u32,
    pub(crate) esi: u32,
    pub(crate) ebp: u32,
    /// In the place of ESP: the far address of the handler, as in the interrupt table.
    pub(crate) handler: u32,
    pub(crate) ebx: u32,
    pub(crate) edx: u32,
    pub(crate) ecx: u32,
    pub(crate) eax: u32,
    pub(crate) ds: u16,
    pub(crate) es: u16,
    /// Valid only after the call.
    pub(crate) flags: u16,
}

// The order of `pushal`; values that are pushed earlier lie above.
const _: () = {
    assert!(offset_of!(Registers, edi) == 0);
    assert!(offset_of!(Registers, esi) == 4);
    assert!(offset_of!(Registers, ebp) == 8);
    assert!(offset_of!(Registers, handler) == 12);
    assert!(offset_of!(Registers, ebx) == 16);
    assert!(offset_of!(Registers, edx) == 20);
    assert!(offset_of!(Registers, ecx) == 24);
    assert!(offset_of!(Registers, eax) == 28);
    assert!(offset_of!(Registers, ds) == 32);
    assert!(offset_of!(Registers, es) == 34);
    assert!(offset_of!(Registers, flags) == 36);
};

impl Registers {
    /// All registers zero except EAX. Not inlined: the code that writes the zeros would
    /// be repeated at every call.
    #[inline(never)]
    pub(crate) fn new(eax: u32) -> Self {
        Self {
            eax,
            ..Self::default()
        }
    }

    /// The carry flag, by which the BIOS reports failure.
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

/// The address of the registers of the current call, for `thunk.s`: they lie at the
/// top of the real-mode stack, which grows down below them.
pub(crate) const REGISTERS: u32 = REAL_STACK.end - size_of::<Registers>() as u32;

unsafe extern "C" {
    fn bios_interrupt();
    #[link_name = "enter_kernel"]
    static KERNEL_ENTRY: u8;
    #[link_name = "halt"]
    safe fn halt_in_real_mode();
}

/// Calls BIOS interrupt `number`.
///
/// # Safety
///
/// The registers must describe a call whose writes stay inside memory that the
/// caller owns: a buffer of the size that the function may fill, below 1 MiB.
pub(crate) unsafe fn call(number: u8, registers: &mut Registers) {
    let vector = (4 * usize::from(number)) as *const u32;
    // SAFETY: the interrupt table is mapped and aligned; the caller guarantees the rest.
    unsafe {
        registers.handler = vector.read_volatile();
        call_handler(registers);
    }
}

/// Jumps to the kernel's real-mode code, by a handler that never returns.
///
/// # Safety
///
/// A kernel must lie where [`layout::memory`] puts it.
pub(crate) unsafe fn enter_kernel() {
    let mut registers = Registers::new(0);
    registers.ds = KERNEL_SEGMENT;
    registers.es = KERNEL_SEGMENT;
    registers.handler = (&raw const KERNEL_ENTRY).expose_provenance() as u32;
    // SAFETY: the caller guarantees the kernel, and no code of stage2 runs again.
    unsafe { call_handler(&mut registers) }
}

/// Calls a handler in real mode, with its address in the registers.
///
/// # Safety
///
/// As [`call`].
unsafe fn call_handler(registers: &mut Registers) {
    let place = REGISTERS as *mut Registers;
    // SAFETY: the top of the real-mode stack is mapped, aligned and stage2's own.
    // stage2 runs on one processor with interrupts off, so nothing else uses it;
    // the thunk keeps the registers that the C calling convention wants kept. The
    // caller guarantees which memory the handler writes.
    unsafe {
        place.write(*registers);
        bios_interrupt();
        *registers = place.read();
    }
}

/// Halts the processor until the next interrupt, which the firmware handles. If no
/// interrupt comes, the halt never ends.
pub(crate) fn halt() {
    halt_in_real_mode();
}
