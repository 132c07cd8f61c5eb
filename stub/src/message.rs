//! Tells a person why the file cannot start.

use stub::params::{self, field, u8};
use stub::plan::Mode;
use stub::problem::Problem;

use crate::machine::{RealMode, bytes, bytes_mut, halt, read_port, write_port};

/// COM1, and its line status register with the bit for "ready for a byte".
const SERIAL: u16 = 0x3f8;
const LINE_STATUS: u16 = SERIAL + 5;
const READY: u8 = 1 << 5;
/// What a port reads where nothing is.
const ABSENT: u8 = 0xff;

/// For UEFI, where a file without an EFI stub cannot start, in UTF-16.
pub(crate) static EFI: [u16; EFI_ASCII.len()] = {
    let mut text = [0; EFI_ASCII.len()];
    let mut at = 0;
    while at < text.len() {
        text[at] = EFI_ASCII[at] as u16;
        at += 1;
    }
    text
};
const EFI_ASCII: &[u8] =
    b"This file was made without an EFI stub: it starts on BIOS machines and by kexec.\r\n\0";

const PREFIX: &str = "\r\nThis kernel image cannot start: ";

/// Shows the problem. In real mode the BIOS shows it and restarts the machine
/// at a key; without a BIOS it goes to the screen, if that shows text, and to
/// COM1, and the machine stops.
pub(crate) fn fail(mode: Mode, params: u64, real: RealMode, problem: Problem) -> ! {
    if mode == Mode::Real {
        real.fail(problem.text());
    }
    let mut screen = Screen::of(bytes(params, params::SIZE as u64));
    for text in [PREFIX, problem.text(), ".\r\n"] {
        for &byte in text.as_bytes() {
            serial(byte);
            if let Some(screen) = &mut screen {
                screen.show(byte);
            }
        }
    }
    halt()
}

fn serial(byte: u8) {
    for _ in 0..0xffff {
        match read_port(LINE_STATUS) {
            ABSENT => return,
            status if status & READY != 0 => break,
            _ => {}
        }
    }
    write_port(SERIAL, byte);
}

/// The VGA screen in a text mode of 80 columns.
struct Screen {
    at: u64,
}

impl Screen {
    const COLUMNS: u64 = 80;
    const ROWS: u64 = 25;

    /// The screen at the loader's cursor, if it shows text.
    fn of(params: &[u8]) -> Option<Self> {
        let is_text = u8(params, field::VIDEO_IS_VGA) == 1 && u8(params, field::VIDEO_MODE) <= 3;
        // At the bottom there is no scrolling: what was there is overwritten.
        let row = u64::from(u8(params, field::VIDEO_ROW)).min(Self::ROWS - 4);
        is_text.then_some(Self {
            at: row * Self::COLUMNS,
        })
    }

    fn show(&mut self, byte: u8) {
        match byte {
            b'\r' => {}
            b'\n' => self.at = (self.at / Self::COLUMNS + 1) * Self::COLUMNS,
            byte if self.at < Self::ROWS * Self::COLUMNS => {
                bytes_mut(0xb_8000 + 2 * self.at, 2).copy_from_slice(&[byte, 0x07]);
                self.at += 1;
            }
            _ => {}
        }
    }
}
