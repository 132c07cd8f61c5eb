//! What the processor can do.

use boot::overlay::Overlay;
use x86_64::registers::rflags::RFlags;

/// The part of this module that lies in the overlay.
pub(crate) trait LongMode {
    /// True if the processor runs 64-bit kernels: it has CPUID, and CPUID says so.
    fn long_mode(self) -> bool;
}

impl LongMode for Overlay {
    #[inline(never)] // a way into the overlay
    fn long_mode(self) -> bool {
        const LONG_MODE: u32 = 1 << 29;
        has_cpuid()
            && core::arch::x86::__cpuid(0x8000_0000).eax > 0x8000_0000
            && core::arch::x86::__cpuid(0x8000_0001).edx & LONG_MODE != 0
    }
}

/// True if the processor has CPUID. Early 486 processors do not have it, and their ID
/// flag cannot be changed.
fn has_cpuid() -> bool {
    let id = RFlags::ID.bits() as u32;
    let changed: u32;
    // SAFETY: only the ID flag changes, and its old value is restored.
    unsafe {
        core::arch::asm!(
            "pushfd",
            "pushfd",
            "xor dword ptr [esp], {id}",
            "popfd",
            "pushfd",
            "pop {changed}",
            "xor {changed}, [esp]",
            "popfd",
            id = in(reg) id,
            changed = out(reg) changed,
        );
    }
    changed & id != 0
}
