//! The screen (INT 10h).

use crate::bda;
use crate::bios::{self, Registers};

/// INT 10h on the active page: AX, BL, CX and DX. Gives AH.
pub(crate) fn video(ax: u16, bl: u8, cx: u16, dx: u16) -> u8 {
    let mut registers = Registers::new(ax.into());
    let page = bda::byte(0x62);
    registers.ebx = u32::from(page) << 8 | u32::from(bl);
    registers.ecx = cx.into();
    registers.edx = dx.into();
    // SAFETY: the functions in use fill no buffer.
    unsafe { bios::call(0x10, &mut registers) };
    registers.ah()
}

/// AH=02h.
pub(crate) fn set_cursor(place: u16) {
    video(0x0200, 0, 0, place);
}

/// The video mode.
pub(crate) fn mode() -> u8 {
    bda::byte(0x49)
}

/// The number of the last line.
pub(crate) fn last_line() -> u8 {
    bda::byte(0x84)
}

/// True where INT 10h works (AH=0Fh answers with the columns) but is not the
/// video BIOS's, whose code lies in C000-C7FF.
pub(crate) fn is_mirrored_by_firmware() -> bool {
    // SAFETY: the segment half of vector 10h in the interrupt table.
    let segment = unsafe { core::ptr::read_volatile((0x10 * 4 + 2) as *const u16) };
    !(0xc000..0xc800).contains(&segment) && video(0x0f00, 0, 0, 0) != 0x0f
}
