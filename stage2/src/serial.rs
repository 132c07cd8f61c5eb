//! A serial port: what is typed at the other end is kept while the loader
//! writes or thinks.

use layout::{header, memory};
use uart_16550::Uart16550;
use uart_16550::backend::{Backend, PioBackend};
use uart_16550::spec::registers::{FCR, LCR, LSR, MCR, WordLength, offsets};

/// Polls of the transmitter before a byte is given up: at least a tenth of a
/// second, longer than a byte takes at any speed in use.
const PATIENCE: u32 = 0x1_0000;

/// A 16550 UART.
pub(crate) struct Serial {
    uart: Uart16550<PioBackend>,
    /// What was typed and not yet taken, a ring.
    typed: [u8; 256],
    first: u8,
    end: u8,
    /// Something was typed here.
    pub(crate) in_use: bool,
    /// Polls that the next byte is worth.
    patience: u32,
}

/// What the installer wrote into the header, read from where stage1 left it.
pub(crate) fn setting(offset: usize) -> u8 {
    let address = memory::STAGE2.start as usize + offset;
    // SAFETY: the header is part of stage2 as loaded, which stays where it is
    // and is never written.
    unsafe { core::ptr::read_volatile(address as *const u8) }
}

impl Serial {
    /// The UART of the header's port, 8N1 at the header's speed, if one answers.
    pub(crate) fn open() -> Option<Self> {
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
            (
                offsets::FCR,
                FCR::FIFO_ENABLE.union(FCR::RX_FIFO_RESET).bits(),
            ),
            (offsets::MCR, (MCR::DTR | MCR::RTS).bits()),
        ];
        for (register, value) in writes {
            // SAFETY: registers of the UART that just answered. (The crate's own
            // `init` waits without bound for a transmitter that may be stuck.)
            unsafe { uart.backend_mut().write(register as u8, value) };
        }
        Some(Self {
            uart,
            typed: [0; 256],
            first: 0,
            end: 0,
            in_use: false,
            patience: PATIENCE,
        })
    }

    /// Takes in what has been typed. Gives the UART's line status.
    fn listen(&mut self) -> LSR {
        let status = self.uart.lsr();
        if status.contains(LSR::DATA_READY) {
            // SAFETY: the UART's data register; reading it has no other effect
            // than to take the byte.
            let byte = unsafe { self.uart.backend_mut().read(offsets::DATA as u8) };
            // Noise and breaks are nobody's keys.
            let noise = LSR::PARITY_ERROR | LSR::FRAMING_ERROR | LSR::BREAK_INTERRUPT;
            let behind = self.end.wrapping_add(1);
            if !status.intersects(noise) && behind != self.first {
                self.typed[usize::from(self.end)] = byte;
                self.end = behind;
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

    /// Sends a byte. Where the port takes none, as behind a terminal that was
    /// stopped, bytes are lost, and only the first of them is waited for.
    pub(crate) fn send(&mut self, byte: u8) {
        for _ in 0..self.patience {
            if self.listen().contains(LSR::THR_EMPTY) {
                // SAFETY: the UART's data register, which is ready.
                unsafe { self.uart.backend_mut().write(offsets::DATA as u8, byte) };
                self.patience = PATIENCE;
                return;
            }
        }
        self.patience = 1;
    }
}
