//! Exceptions: a bug in the loader, or a defect of the machine. Panics end here too:
//! they compile to an undefined instruction.

use crate::console::Console;
use crate::{leave, overlay};
use boot::machine::Console as _;
use boot::overlay::Overlay;

/// The top of an exception handler's stack: an error code or EIP, and the words after it.
type Frame = [u32; 4];

/// Reports an exception. `frame` is the top of the exception handler's stack, see
/// `thunk.s`.
#[unsafe(no_mangle)]
extern "C" fn report_fault(frame: *const Frame) -> ! {
    let mut console = Console::new();
    console.new_line();
    console.write(b"gapboot: internal error. Please report it.");
    console.new_line();
    if let Some(overlay) = overlay::loaded() {
        // SAFETY: the processor just pushed at least three words there. The fourth is a
        // word of the stack, or, if the stack was empty, the first word after it, which
        // is memory too.
        overlay.print_frame(&mut console, unsafe { *frame });
    }
    leave::wait_and_give_up()
}

/// The part of this module that lies in the overlay.
trait PrintFrame {
    /// Prints the top of the handler's stack, which helps to find the bug.
    fn print_frame(self, console: &mut Console, frame: Frame);
}

impl PrintFrame for Overlay {
    #[inline(never)] // a way into the overlay
    fn print_frame(self, console: &mut Console, frame: Frame) {
        console.write(b"gapboot: stack:");
        for word in frame {
            console.write(b" ");
            console.write(&hexadecimal(word));
        }
        console.new_line();
    }
}

/// `number` in eight hexadecimal digits.
fn hexadecimal(number: u32) -> [u8; 8] {
    let mut digits = [0; 8];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        let value = (number >> (4 * place)) as u8 & 0xf;
        *digit = if value < 10 {
            b'0' + value
        } else {
            b'a' + value - 10
        };
    }
    digits
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // Never linked: panics abort by an undefined instruction.
    loop {}
}
