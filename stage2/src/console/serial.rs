//! A serial port. Bytes that arrive while the loader writes are kept until it asks for
//! a key.

use crate::{bda, header, port};
use layout::header::{DIVISOR_OFFSET, PORT_OFFSET};
use uart_16550::spec::registers::{FCR, LCR, LSR, MCR, WordLength, offsets};

/// Polls of the transmitter until a byte is given up. They take at least a tenth of a
/// second, longer than a byte needs at any speed in use.
const PATIENCE: u32 = 0x1_0000;

/// A 16550 UART. (The driver of the `uart_16550` crate waits without limit for a
/// transmitter that may be stuck, so only the crate's registers are used.)
pub(crate) struct Serial {
    base: u16,
    /// A ring of the bytes that were typed and not yet received by the loader.
    typed: [u8; 256],
    first: u8,
    end: u8,
    /// True once a byte was typed here.
    pub(crate) in_use: bool,
    /// Polls after which the next byte is given up.
    patience: u32,
}

impl Serial {
    /// The UART of the header's port, 8N1 at the header's speed, if one answers.
    pub(crate) fn open() -> Option<Self> {
        let number = header::byte(PORT_OFFSET) & 3;
        // The BIOS data area starts with the base ports of COM1 to COM4.
        let base = match bda::word(2 * number) {
            0 | 0xfff9.. => [0x3f8, 0x2f8, 0x3e8, 0x2e8][usize::from(number)],
            port => port,
        };
        let serial = Self {
            base,
            typed: [0; 256],
            first: 0,
            end: 0,
            in_use: false,
            patience: PATIENCE,
        };
        // The scratch register keeps a value only if there is a UART.
        for pattern in [0x42, 0x73] {
            serial.write(offsets::SPR, pattern);
            if serial.read(offsets::SPR) != pattern {
                return None;
            }
        }
        serial.write(offsets::IER, 0);
        serial.write(offsets::LCR, LCR::DLAB.bits());
        serial.write(offsets::DLL, header::byte(DIVISOR_OFFSET));
        serial.write(offsets::DLM, header::byte(DIVISOR_OFFSET + 1));
        let line = LCR::empty().set_word_length(WordLength::EightBits);
        serial.write(offsets::LCR, line.bits());
        serial.write(offsets::FCR, (FCR::FIFO_ENABLE | FCR::RX_FIFO_RESET).bits());
        serial.write(offsets::MCR, (MCR::DTR | MCR::RTS).bits());
        Some(serial)
    }

    fn read(&self, register: usize) -> u8 {
        // SAFETY: at the ports that `open` chooses, a PC has a serial port or no device;
        // reading a serial port takes bytes from the line and changes no memory.
        unsafe { port::read(self.base + register as u16) }
    }

    fn write(&self, register: usize, value: u8) {
        // SAFETY: as in `read`. The UART could affect other code only by interrupts, and
        // they stay off.
        unsafe { port::write(self.base + register as u16, value) }
    }

    /// Takes a byte that was typed, if there is one. Returns the UART's line status.
    fn listen(&mut self) -> LSR {
        let status = LSR::from_bits_retain(self.read(offsets::LSR));
        if status.contains(LSR::DATA_READY) {
            let byte = self.read(offsets::DATA);
            // Noise and breaks are not keys.
            let noise = LSR::PARITY_ERROR | LSR::FRAMING_ERROR | LSR::BREAK_INTERRUPT;
            let after = self.end.wrapping_add(1);
            if !status.intersects(noise) && after != self.first {
                self.typed[usize::from(self.end)] = byte;
                self.end = after;
            }
        }
        status
    }

    /// The next byte that was typed.
    pub(crate) fn receive(&mut self) -> Option<u8> {
        self.listen();
        if self.first == self.end {
            return None;
        }
        self.in_use = true;
        let byte = self.typed[usize::from(self.first)];
        self.first = self.first.wrapping_add(1);
        Some(byte)
    }

    /// Sends a byte. If the port takes no bytes, for example because a terminal was
    /// stopped, they are lost; only the first of them is waited for.
    pub(crate) fn send(&mut self, byte: u8) {
        for _ in 0..self.patience {
            if self.listen().contains(LSR::THR_EMPTY) {
                self.write(offsets::DATA, byte);
                self.patience = PATIENCE;
                return;
            }
        }
        self.patience = 1;
    }
}
