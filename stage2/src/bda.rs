//! The BIOS data area, 0x400 to 0x4ff: values that the firmware keeps there for others.

use core::ptr::read_volatile;

/// Where the area begins.
const START: usize = 0x400;

/// The byte at an offset in the area.
pub(crate) fn byte(offset: u8) -> u8 {
    // SAFETY: every offset is in the area, which is always mapped, and any of its
    // bytes is a number.
    unsafe { read_volatile((START + usize::from(offset)) as *const u8) }
}

/// The word at an offset in the area.
pub(crate) fn word(offset: u8) -> u16 {
    // SAFETY: as in `byte`; without its lowest bit the address is aligned.
    unsafe { read_volatile((START + usize::from(offset & !1)) as *const u16) }
}

/// Ticks of the clock, 18.2 a second. The timer's interrupt counts them.
pub(crate) fn ticks() -> u32 {
    const TICKS: usize = 0x6c;
    // SAFETY: as in `byte`; the address is aligned.
    unsafe { read_volatile((START + TICKS) as *const u32) }
}
