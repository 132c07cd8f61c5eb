//! The keyboard (INT 16h), and how to wait for it.

use crate::bios::{self, Registers};
use boot::machine::Input;

core::arch::global_asm!(
    // A far pointer as the interrupt table has them, and what it points to.
    ".section .low.text, \"ax\"",
    ".balign 4",
    "halt_vector:",
    ".word halt_handler, 0",
    ".code16",
    "halt_handler:",
    "sti",
    "hlt",
    "iret",
    ".code32",
    ".section .text",
    options(att_syntax)
);

unsafe extern "C" {
    static halt_vector: u32;
    fn bios_interrupt(number: u32);
}

/// Halts the processor up to the next interrupt. It never ends where none come.
pub(crate) fn halt() {
    // SAFETY: the number selects a pointer in the low part of stage2 just as
    // that of an interrupt selects one in the table; the handler behind it
    // changes nothing, and what it enables is what the BIOS enables too.
    unsafe { bios_interrupt((&raw const halt_vector).addr() as u32 / 4) };
}

/// Gives AX and the zero flag.
fn call(function: u8) -> (u16, bool) {
    let mut registers = Registers::new(u32::from(function) << 8);
    // SAFETY: the functions of the keyboard fill no buffer.
    unsafe { bios::call(0x16, &mut registers) };
    (registers.eax as u16, registers.zero())
}

/// The next key, if one was pressed.
pub(crate) fn poll() -> Option<Input> {
    // SAFETY: 0x496 in the BIOS data area; its bit 4 stands for a keyboard of
    // 101 keys, which the functions 10h and 11h are for.
    let enhanced = unsafe { core::ptr::read_volatile(0x496 as *const u8) } & 0x10;
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
