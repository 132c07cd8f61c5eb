//! The screen (INT 10h) and the first serial port, written to alike.

use crate::bios::{self, Registers};
use layout::{header, memory};
use uart_16550::Uart16550;
use uart_16550::backend::{Backend, PioBackend};
use uart_16550::spec::registers::{FCR, LCR, MCR, WordLength, offsets};

/// Polls of the transmitter before a byte is given up: at least a tenth of a
/// second, longer than a byte takes at any speed in use.
const PATIENCE: u32 = 0x1_0000;

/// Both consoles.
pub(crate) struct Console {
    screen: bool,
    serial: Option<Uart16550<PioBackend>>,
}

/// What the installer wrote into the header, read from where stage1 left it.
fn setting(offset: usize) -> u8 {
    let address = memory::STAGE2.start as usize + offset;
    // SAFETY: the header is part of stage2 as loaded, which stays where it is
    // and is never written.
    unsafe { core::ptr::read_volatile(address as *const u8) }
}

impl Console {
    /// Finds out what is there. A serial port is used where a UART answers,
    /// unless the firmware copies the screen to one already: then everything
    /// would appear twice.
    pub(crate) fn new() -> Self {
        let outputs = setting(header::OUTPUTS_OFFSET);
        Self {
            screen: outputs & 1 != 0,
            serial: if outputs & 2 != 0 && !firmware_mirrors_screen() {
                open_serial()
            } else {
                None
            },
        }
    }

    fn put(&mut self, byte: u8) {
        if self.screen {
            teletype(byte);
        }
        let Some(uart) = &mut self.serial else { return };
        if !(0..PATIENCE).any(|_| uart.try_send_byte(byte).is_ok()) {
            self.serial = None;
        }
    }
}

impl boot::machine::Console for Console {
    fn write(&mut self, text: &[u8]) {
        for &byte in text {
            if byte == b'\n' {
                self.put(b'\r');
            }
            self.put(byte);
        }
    }
}

/// INT 10h AH=0Eh. BP is not kept by old BIOSes when the screen scrolls, which
/// is the thunk's business.
fn teletype(byte: u8) {
    let mut registers = Registers::new(0x0e00 | u32::from(byte));
    // SAFETY: 0x462 is the active display page in the BIOS data area.
    let page = unsafe { core::ptr::read_volatile(0x462 as *const u8) };
    registers.ebx = u32::from(page) << 8 | 7;
    // SAFETY: the function fills no buffer.
    unsafe { bios::call(0x10, &mut registers) };
}

/// True where INT 10h works (AH=0Fh answers with the columns) but is not the
/// video BIOS's, whose code lies in C000-C7FF.
fn firmware_mirrors_screen() -> bool {
    // SAFETY: the segment half of vector 10h in the interrupt table.
    let segment = unsafe { core::ptr::read_volatile((0x10 * 4 + 2) as *const u16) };
    let mut registers = Registers::new(0x0f00);
    // SAFETY: the function fills no buffer.
    unsafe { bios::call(0x10, &mut registers) };
    !(0xc000..0xc800).contains(&segment) && registers.ah() != 0x0f
}

/// The UART of the header's port, 8N1 at the header's speed, if one answers.
fn open_serial() -> Option<Uart16550<PioBackend>> {
    let number = usize::from(setting(header::PORT_OFFSET) & 3);
    // SAFETY: the BIOS data area starts with the base ports of COM1 to COM4.
    let known = unsafe { core::ptr::read_volatile((0x400 + 2 * number) as *const u16) };
    let base = match known {
        0 | 0xfff9.. => [0x3f8, 0x2f8, 0x3e8, 0x2e8][number],
        port => port,
    };
    // SAFETY: at these addresses PCs have serial ports or nothing.
    let mut uart = unsafe { Uart16550::new_port(base) }.ok()?;
    if !uart.check_present() {
        return None;
    }
    let line = LCR::from_bits_retain(0)
        .set_word_length(WordLength::EightBits)
        .bits();
    let writes = [
        (offsets::IER, 0),
        (offsets::LCR, LCR::DLAB.bits()),
        (offsets::DLL, setting(header::DIVISOR_OFFSET)),
        (offsets::DLM, setting(header::DIVISOR_OFFSET + 1)),
        (offsets::LCR, line),
        (offsets::FCR, FCR::FIFO_ENABLE.bits()),
        (offsets::MCR, (MCR::DTR | MCR::RTS).bits()),
    ];
    for (register, value) in writes {
        // SAFETY: registers of the UART that just answered. (The crate's own
        // `init` waits without bound for a transmitter that may be stuck.)
        unsafe { uart.backend_mut().write(register as u8, value) };
    }
    Some(uart)
}
