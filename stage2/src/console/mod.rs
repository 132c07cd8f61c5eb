//! Screen, keyboard and serial port as one console: text goes to both outputs, and keys
//! come from both inputs.
//!
//! | module | device |
//! |---|---|
//! | `screen` | the screen: INT 10h |
//! | `keyboard` | the keyboard: INT 16h |
//! | `serial` | a serial port: a 16550 UART |

pub(crate) mod keyboard;
mod screen;
mod serial;

use crate::{bda, bios, header, overlay};
use boot::machine::Input;
use boot::menu::ansi;
use boot::overlay::Overlay;
use boot::text;
use layout::header::OUTPUTS_OFFSET;
use screen::{HIGHLIGHTED, PLAIN, mode, set_cursor, teletype, video};
use serial::Serial;

/// Columns of text modes 2, 3 and 7, and of any terminal.
const COLUMNS: u8 = 80;
/// Lines that any terminal has.
const TERMINAL_LINES: u8 = 24;

/// The control character that beeps.
const BELL: u8 = 0x07;

/// Polls that count as one tick if the clock stands still. On any machine they take
/// longer than a tick.
const POLLS: u32 = 0x4_0000;

/// The console, with those outputs that exist.
pub(crate) struct Console {
    screen: bool,
    serial: Option<Serial>,
    lines: u8,
    /// Where the next character goes: line and column as INT 10h takes them in DX.
    /// `None` while text is written at the cursor, and scrolls.
    place: Option<u16>,
    attribute: u8,
    /// True once the clock was seen to tick: then a halt will end.
    clock: bool,
}

impl Console {
    /// Finds out which devices exist. The serial port is used if a UART answers,
    /// unless the firmware already copies the screen to a serial port: then everything
    /// would appear twice. Keys that were pressed earlier are thrown away, because they
    /// were not meant for the loader.
    pub(crate) fn new() -> Self {
        let outputs = header::byte(OUTPUTS_OFFSET);
        let screen = outputs & 1 != 0;
        if screen && !matches!(mode(), 2 | 3 | 7) {
            video(0x0003, 0, 0, 0);
        }
        let serial = if outputs & 2 != 0 && !screen::is_mirrored_by_firmware() {
            Serial::open()
        } else {
            None
        };
        keyboard::drain();
        let mut console = Self {
            screen,
            lines: TERMINAL_LINES,
            serial,
            place: None,
            attribute: PLAIN,
            clock: false,
        };
        console.measure();
        console
    }

    /// Finds out how many lines every output can show.
    fn measure(&mut self) {
        if self.serial.is_none() {
            self.lines = match screen::last_line() {
                last @ TERMINAL_LINES..60 => last + 1,
                _ => 25,
            };
        }
    }

    /// Writes to the serial port only.
    fn send(&mut self, bytes: &[u8]) {
        if let Some(serial) = &mut self.serial {
            bytes.iter().for_each(|&byte| serial.send(byte));
        }
    }

    /// Writes a character of code page 437 to the screen only.
    fn show(&mut self, character: u8) {
        if !self.screen {
            return;
        }
        match &mut self.place {
            // One character at a time, each at its place: a BIOS that copies the screen
            // to a terminal then sends only the characters.
            Some(place) => {
                *place += 1;
                let next = *place;
                self.fill(character, 1);
                set_cursor(next);
            }
            None => teletype(character),
        }
    }

    /// Writes an ASCII character to both outputs. Where text flows it may be a control
    /// character.
    fn both(&mut self, character: u8) {
        self.show(character);
        self.send(&[character]);
    }

    /// Writes a character `count` times from the cursor on. The cursor does not move.
    fn fill(&self, character: u8, count: u16) {
        // AH=09h.
        video(0x0900 | u16::from(character), self.attribute, count, 0);
    }
}

/// The part of this module that lies in the overlay. Without it, `?` stands for each byte
/// that is not ASCII.
trait Print {
    /// Prints text: the screen shows code page 437, and the serial line gets UTF-8.
    fn print(self, console: &mut Console, text: &[u8]);
}

impl Print for Overlay {
    #[inline(never)] // a way into the overlay
    fn print(self, console: &mut Console, mut text: &[u8]) {
        while let Some((character, rest)) = text::character(text) {
            console.show(text::code_page_437(character));
            console.send(character);
            text = rest;
        }
    }
}

impl boot::machine::Console for Console {
    fn write(&mut self, text: &[u8]) {
        if let Some(overlay) = overlay::loaded() {
            return overlay.print(self, text);
        }
        for &byte in text {
            self.both(match byte {
                b' '..=b'~' => byte,
                _ => b'?',
            });
        }
    }

    fn new_line(&mut self) {
        self.both(b'\r');
        self.both(b'\n');
    }

    fn beep(&mut self) {
        if self.screen {
            teletype(BELL);
        }
        self.send(&[BELL]);
    }

    fn size(&self) -> (usize, usize) {
        (COLUMNS.into(), self.lines.into())
    }

    fn resize(&mut self, lines: u8) {
        // A monochrome screen always has 25 lines.
        if self.screen && mode() != 7 {
            video(0x0003, 0, 0, 0);
            if lines > 25 {
                // AH=11h: the font that is 8 scan lines high, and as many lines of text
                // as fit.
                video(0x1112, 0, 0, 0);
            }
            self.measure();
        }
    }

    fn clear(&mut self) {
        self.place = None;
        self.attribute = PLAIN;
        if self.screen {
            // Not AH=06h: BIOSes differ in how they treat its window.
            set_cursor(0);
            self.fill(b' ', u16::from(COLUMNS) * u16::from(self.lines));
        }
        self.send(ansi::CLEAR);
    }

    fn move_to(&mut self, column: usize, line: usize) {
        let place = (line << 8 | column) as u16;
        self.place = Some(place);
        if self.screen {
            set_cursor(place);
        }
        ansi::move_to(column, line, &mut |bytes| self.send(bytes));
    }

    fn clear_to_end(&mut self) {
        if let (true, Some(place)) = (self.screen, self.place) {
            self.fill(b' ', COLUMNS.saturating_sub(place as u8).into());
        }
        self.send(ansi::CLEAR_TO_END);
    }

    fn highlight(&mut self, on: bool) {
        self.attribute = if on { HIGHLIGHTED } else { PLAIN };
        self.send(ansi::highlight(on));
    }

    fn cursor(&mut self, visible: bool) {
        if self.screen {
            // AH=01h. Scan lines 6 and 7 of 8, which BIOSes adapt to the font. Bit 5 of
            // the first line hides the cursor.
            video(0x0100, 0, if visible { 0x0607 } else { 0x2000 }, 0);
        }
        self.send(ansi::cursor(visible));
    }

    fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
        let mut waited = 0;
        let mut polls = 0;
        let mut now = bda::ticks();
        loop {
            let mut halt = self.clock;
            if let Some(serial) = &mut self.serial {
                if let Some(byte) = serial.receive() {
                    return Some(Input::Serial(byte));
                }
                // During a halt, bytes that follow each other quickly would be lost.
                halt &= !serial.in_use;
            }
            if let Some(input) = keyboard::poll() {
                return Some(input);
            }
            if ticks.is_some_and(|ticks| waited >= ticks) {
                return None;
            }
            // Changes of the counter are counted, because it is set to 0 at midnight.
            let then = core::mem::replace(&mut now, bda::ticks());
            self.clock |= now != then;
            polls += 1;
            if now != then || polls >= POLLS {
                polls = 0;
                waited += 1;
                keyboard::wake();
            } else if halt {
                bios::halt();
            }
        }
    }

    fn ticks(&self) -> u32 {
        bda::ticks()
    }
}
