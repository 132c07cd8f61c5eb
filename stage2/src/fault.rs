//! Exceptions: a bug here, or a machine that fails. Panics end here too, by the
//! undefined instruction that they compile to.

use crate::console::Console;
use crate::{leave, overlay};
use boot::machine::Console as _;
use boot::overlay::Overlay;

/// The top of an exception handler's stack: an error code or EIP, and what follows.
type Frame = [u32; 4];

/// Says that there was an exception. `frame` is the stack of the exception handler,
/// see `thunk.s`.
#[unsafe(no_mangle)]
extern "C" fn report_fault(frame: *const Frame) -> ! {
    let mut console = Console::new();
    console.write(b"\ngapboot: internal error. Please report it.\n");
    if let Some(overlay) = overlay::loaded() {
        // SAFETY: the processor just pushed at least three words there, and the
        // stack goes on for a page and more unless it is empty.
        overlay.print_frame(&mut console, unsafe { *frame });
    }
    leave::wait_and_give_up()
}

/// What of this the overlay does.
trait PrintFrame {
    /// Prints the top of the handler's stack, by which a bug can be found.
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
        console.write(b"\n");
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
