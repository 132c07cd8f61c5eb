//! The devices that the loader uses as its console: a setting in the header of stage2.
//!
//! As text, in `--console` and in `gapboot status`, it is `vga`, `serial` or
//! both with a comma between them. `serial:2@9600` is COM2 at 9,600 baud. Each of the
//! two numbers may be left out; the defaults are COM1 and 115,200 baud.

use std::fmt::{self, Display};
use std::str::FromStr;

use layout::header;

use crate::error::Error;
use crate::number::to_usize;

/// Bits of the header's outputs.
const SCREEN: u8 = 1;
const SERIAL: u8 = 2;
/// Baud of divisor 1.
const FASTEST: u32 = 115_200;
/// The number of serial ports of a PC, COM1 to COM4.
const PORTS: u8 = 4;

/// The console of a stage2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    outputs: u8,
    /// 0 is COM1.
    port: u8,
    divisor: u16,
}

impl Console {
    /// The console in the header of a stage2; `None` for values that gapboot never sets.
    pub fn of(stage2: &[u8]) -> Option<Self> {
        let header = stage2.get(..header::SIZE)?;
        let divisor = &header[header::DIVISOR_OFFSET..];
        let console = Self {
            outputs: header[header::OUTPUTS_OFFSET],
            port: header[header::PORT_OFFSET],
            divisor: u16::from_le_bytes([divisor[0], divisor[1]]),
        };
        let known = (SCREEN..=SCREEN | SERIAL).contains(&console.outputs)
            && console.port < PORTS
            && console.divisor != 0;
        known.then_some(console)
    }

    /// Writes the console into the header of a stage2, and updates the checksum there.
    pub fn set(self, stage2: &mut [u8]) {
        stage2[header::OUTPUTS_OFFSET] = self.outputs;
        stage2[header::PORT_OFFSET] = self.port;
        stage2[header::DIVISOR_OFFSET..][..2].copy_from_slice(&self.divisor.to_le_bytes());
        let length = &stage2[header::LENGTH_OFFSET..];
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
        let checksum = crc32fast::hash(&stage2[header::CHECKED_FROM..to_usize(length)]);
        stage2[header::CHECKSUM_OFFSET..][..4].copy_from_slice(&checksum.to_le_bytes());
    }
}

impl Display for Console {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        if self.outputs & SCREEN != 0 {
            to.write_str("vga")?;
        }
        if self.outputs == SCREEN | SERIAL {
            to.write_str(",")?;
        }
        if self.outputs & SERIAL != 0 {
            let baud = FASTEST.checked_div(self.divisor.into()).unwrap_or(0);
            write!(to, "serial:{}@{baud}", self.port.saturating_add(1))?;
        }
        Ok(())
    }
}

impl FromStr for Console {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut console = Self {
            outputs: 0,
            port: 0,
            divisor: 1,
        };
        for output in text.split(',') {
            let bit = match output.strip_prefix("serial") {
                None if output == "vga" => SCREEN,
                Some(rest) => {
                    (console.port, console.divisor) = serial(rest)?;
                    SERIAL
                }
                None => return Err(unknown(output)),
            };
            if console.outputs & bit != 0 {
                return Err(Error::usage(format!(
                    "{output:?} is given twice: give it once"
                )));
            }
            console.outputs |= bit;
        }
        Ok(console)
    }
}

/// Port and divisor, from the text after the word `serial`.
fn serial(text: &str) -> Result<(u8, u16), Error> {
    let (port, baud) = match text.split_once('@') {
        None => (text, FASTEST),
        Some((port, baud)) => (port, baud.parse().unwrap_or(0)),
    };
    let divisor = match FASTEST.checked_div(baud) {
        Some(divisor) if divisor.checked_mul(baud) == Some(FASTEST) => u16::try_from(divisor).ok(),
        _ => None,
    };
    let Some(divisor @ 1..) = divisor else {
        return Err(Error::usage(format!(
            "no serial port has the speed of {:?}: use 115200, 57600, 38400, 19200, 9600, 4800 or 2400",
            text.rsplit('@').next().unwrap_or_default()
        )));
    };
    let port = match port.strip_prefix(':').map(str::parse) {
        None if port.is_empty() => 0,
        Some(Ok(port @ 1..=PORTS)) => port.saturating_sub(1),
        Some(Ok(port)) => {
            return Err(Error::usage(format!(
                "a PC has no serial port {port}: use 1 to {PORTS}, for COM1 to COM{PORTS}"
            )));
        }
        _ => return Err(unknown(&format!("serial{text}"))),
    };
    Ok((port, divisor))
}

fn unknown(output: &str) -> Error {
    Error::usage(format!(
        "{output:?} is not a console: use vga, serial, serial:2 (COM2), serial@9600, serial:2@9600, \
         or two with a comma between"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Console>().unwrap().to_string()
    }

    #[test]
    fn texts() {
        for same in ["vga", "serial:1@115200", "vga,serial:4@9600", "serial:3@50"] {
            assert_eq!(shown(same), same);
        }
        assert_eq!(shown("serial"), "serial:1@115200");
        assert_eq!(shown("serial,vga"), "vga,serial:1@115200");
        assert_eq!(shown("serial:2"), "serial:2@115200");
        assert_eq!(shown("serial@38400"), "serial:1@38400");
        for wrong in [
            "",
            ",",
            "vga,",
            "vga,vga",
            "serial,serial:2",
            "com1",
            "serial2",
            "serial:",
            "serial:0",
            "serial:5",
            "serial:x",
            "serial@",
            "serial@0",
            "serial@9601",
            "serial@115201",
            "serial@1",
            "serial@99999999999",
        ] {
            let error = wrong.parse::<Console>().unwrap_err();
            assert_eq!(error.exit_status(), 2, "{wrong}");
        }
    }

    #[test]
    fn the_message_is_about_what_is_wrong() {
        for (text, words) in [
            (
                "serial:9",
                "a PC has no serial port 9: use 1 to 4, for COM1 to COM4",
            ),
            ("serial:2@9601", "no serial port has the speed of \"9601\""),
            ("serial:x", "\"serial:x\" is not a console"),
        ] {
            let error = text.parse::<Console>().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_no_installer_wrote_is_no_console() {
        let mut stage2 = vec![0; header::SIZE];
        stage2[header::LENGTH_OFFSET] = header::SIZE as u8;
        assert_eq!(Console::of(&stage2), None);
        let console: Console = "vga,serial:2@9600".parse().unwrap();
        console.set(&mut stage2);
        assert_eq!(stage2[40..44], [3, 1, 12, 0]);
        assert_eq!(Console::of(&stage2), Some(console));
        for (at, byte) in [(40, 0), (40, 4), (41, 4), (42, 0)] {
            let mut stage2 = stage2.clone();
            stage2[at] = byte;
            assert_eq!(Console::of(&stage2), None);
        }
        assert_eq!(Console::of(&stage2[..47]), None);
    }
}
