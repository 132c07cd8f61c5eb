//! The keyboard (INT 16h).

use crate::bda;
use crate::bios::{self, Registers};
use boot::machine::Input;

/// Gives AX and the zero flag.
fn call(function: u8) -> (u16, bool) {
    let mut registers = Registers::new(u32::from(function) << 8);
    // SAFETY: the functions of the keyboard fill no buffer.
    unsafe { bios::call(0x16, &mut registers) };
    (registers.eax as u16, registers.zero())
}

/// The next key, if one was pressed.
pub(crate) fn poll() -> Option<Input> {
    // Bit 4 stands for a keyboard of 101 keys, which the functions 10h and 11h
    // are for.
    let enhanced = bda::byte(0x96) & 0x10;
    // Some BIOSes never come back from reading when there is nothing to read.
    let (_, nothing) = call(enhanced | 1);
    if nothing {
        return None;
    }
    let (key, _) = call(enhanced);
    let [ascii, scan] = key.to_le_bytes();
    Some(Input::Keyboard { scan, ascii })
}

/// Asks for the state of Shift and Ctrl, to no end but that some BIOSes find
/// USB keyboards when asked.
pub(crate) fn wake() {
    call(2);
}

/// Throws away what was typed. There is room for 16 keys; a BIOS that says that
/// there is always one more is not believed.
pub(crate) fn drain() {
    for _ in 0..32 {
        if poll().is_none() {
            break;
        }
    }
}
