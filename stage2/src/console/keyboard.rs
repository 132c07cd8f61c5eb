//! The keyboard (INT 16h).

use crate::bda;
use crate::bios::{self, Registers};
use boot::machine::Input;

/// Calls INT 16h with `function` in AH. Returns AX and the zero flag.
fn call(function: u8) -> (u16, bool) {
    let mut registers = Registers::new(u32::from(function) << 8);
    // SAFETY: the functions of the keyboard fill no buffer.
    unsafe { bios::call(0x16, &mut registers) };
    (registers.eax as u16, registers.zero())
}

/// The next key, if one was pressed.
pub(crate) fn poll() -> Option<Input> {
    // Bit 4 of the byte means a keyboard with 101 keys. Functions 10h and 11h are for
    // such keyboards, functions 0 and 1 for others.
    let enhanced = bda::byte(0x96) & 0x10;
    // On some BIOSes, the call that reads a key waits for ever without a key. So the
    // other call comes first, which only looks.
    let (_, nothing) = call(enhanced | 1);
    if nothing {
        return None;
    }
    let (key, _) = call(enhanced);
    let [ascii, scan] = key.to_le_bytes();
    Some(Input::Keyboard { scan, ascii })
}

/// Asks for the state of Shift and Ctrl and ignores the answer: some BIOSes look for
/// USB keyboards when this is asked.
pub(crate) fn wake() {
    call(2);
}

/// Throws away keys that were pressed earlier. The BIOS has room for 16 keys; the limit
/// ends the loop on a BIOS that always reports one more.
pub(crate) fn drain() {
    for _ in 0..32 {
        if poll().is_none() {
            break;
        }
    }
}
