//! What the processor can do.

use boot::overlay::Overlay;
use x86_64::registers::rflags::RFlags;

/// What of this the overlay does.
pub(crate) trait LongMode {
    /// True where 64-bit kernels run: CPUID says so, and is there at all.
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

/// 486 processors of the first years have no CPUID; they can't keep the flag.
fn has_cpuid() -> bool {
    let id = RFlags::ID.bits() as u32;
    let changed: u32;
    // SAFETY: only the ID flag changes, and is put back.
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
