//! The screen (INT 10h).

use crate::bda;
use crate::bios::{self, Registers};

/// Grey on black, and the reverse, on colour and monochrome screens.
pub(crate) const PLAIN: u8 = 0x07;
pub(crate) const HIGHLIGHTED: u8 = 0x70;

/// Calls INT 10h for the active page with these values in AX, BL, CX and DX. Returns AH.
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

/// Moves the cursor (AH=02h): the line in the upper byte of `place`, the column in the
/// lower byte.
pub(crate) fn set_cursor(place: u16) {
    video(0x0200, 0, 0, place);
}

/// Writes a character at the cursor and moves on, or does what a control character does
/// (AH=0Eh). Old BIOSes destroy BP when the screen scrolls; the thunk saves it.
pub(crate) fn teletype(character: u8) {
    video(0x0e00 | u16::from(character), PLAIN, 0, 0);
}

/// The video mode.
pub(crate) fn mode() -> u8 {
    bda::byte(0x49)
}

/// The number of the last line.
pub(crate) fn last_line() -> u8 {
    bda::byte(0x84)
}

/// True if the firmware sends its screen to the serial port, so that the loader must
/// not: INT 10h works (AH=0Fh answers with the number of columns), but its handler is
/// not in the video BIOS, whose code lies in segments C000-C7FF. The stub has the same
/// rule (`print_serial` in `real_mode.s`).
pub(crate) fn is_mirrored_by_firmware() -> bool {
    // SAFETY: the segment half of vector 10h in the interrupt table.
    let segment = unsafe { core::ptr::read_volatile((0x10 * 4 + 2) as *const u16) };
    !(0xc000..0xc800).contains(&segment) && video(0x0f00, 0, 0, 0) != 0x0f
}
