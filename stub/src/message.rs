//! Tells a person why the file cannot start.

use stub::kernel::Mode;
use stub::memory::Range;
use stub::params::{self, field, u8};
use stub::problem::Problem;
use stub::size::wide;

use crate::machine::leave::halt;
use crate::machine::ram::Ram;
use crate::machine::real_mode::RealMode;
use crate::machine::serial;

/// For UEFI, where a file without an EFI stub cannot start, in UTF-16.
pub(crate) static EFI: [u16; EFI_ASCII.len()] = utf_16(EFI_ASCII);
const EFI_ASCII: &[u8; 83] =
    b"This file was made without an EFI stub: it starts on BIOS machines and by kexec.\r\n\0";

#[expect(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which says so if it fails"
)]
const fn utf_16<const N: usize>(ascii: &[u8; N]) -> [u16; N] {
    let mut text = [0; N];
    let mut at = 0;
    while at < N {
        text[at] = ascii[at] as u16;
        at += 1;
    }
    text
}

const PREFIX: &str = "\r\nThis kernel image cannot start: ";

/// Shows the problem, and does not return. In real mode the BIOS shows it and
/// restarts the machine at a key. Without a BIOS it goes to the screen, if that
/// shows text, and to COM1, and the machine stops.
pub(crate) fn fail(ram: &mut Ram, mode: Mode, params: u64, real: RealMode, problem: Problem) -> ! {
    if mode == Mode::Real {
        // If there is no way back, it is shown as in the other modes.
        let _ = real.fail(ram, problem.text());
    }
    let mut screen = Screen::of(ram, params);
    for text in [PREFIX, problem.text(), ".\r\n"] {
        for byte in text.bytes() {
            serial::send(byte);
            if let Some(screen) = &mut screen {
                screen.show(ram, byte);
            }
        }
    }
    halt()
}

/// The VGA screen in a text mode of 80 columns.
struct Screen {
    /// The cell for the next character.
    at: u64,
}

impl Screen {
    const COLUMNS: u64 = 80;
    const ROWS: u64 = 25;
    const CELLS: u64 = Self::COLUMNS.saturating_mul(Self::ROWS);
    /// Rows of the longest message, with the line feed before it.
    const TEXT_ROWS: u64 = 4;
    const ADDRESS: u64 = 0xb_8000;
    /// Bytes of a cell: the character, and its colours.
    const CELL: u64 = 2;
    const GREY_ON_BLACK: u8 = 0x07;

    /// The screen at the loader's cursor, if it shows text.
    fn of(ram: &Ram, params: u64) -> Option<Self> {
        let range = Range {
            start: params,
            size: wide(params::SIZE),
        };
        let params = ram.bytes(range).ok()?;
        let is_text = u8(params, field::VIDEO_IS_VGA) == 1 && u8(params, field::VIDEO_MODE) <= 3;
        // It does not scroll: the last rows are overwritten.
        let last = Self::ROWS.saturating_sub(Self::TEXT_ROWS);
        let row = u64::from(u8(params, field::VIDEO_ROW)).min(last);
        is_text.then_some(Self {
            at: row.saturating_mul(Self::COLUMNS),
        })
    }

    fn show(&mut self, ram: &mut Ram, byte: u8) {
        match byte {
            b'\r' => {}
            b'\n' => {
                let next_row = self.at.saturating_add(1);
                self.at = next_row.next_multiple_of(Self::COLUMNS);
            }
            _ if self.at < Self::CELLS => {
                let cell = Range {
                    start: Self::ADDRESS.saturating_add(self.at.saturating_mul(Self::CELL)),
                    size: Self::CELL,
                };
                if let Ok(cell) = ram.bytes_mut(cell) {
                    cell.copy_from_slice(&[byte, Self::GREY_ON_BLACK]);
                }
                self.at = self.at.saturating_add(1);
            }
            _ => {}
        }
    }
}
