//! The kernel command line: its limits, and the one word of it that is meant
//! for the boot loader.
//!
//! A line that is too long is an error. The kernel would cut the line silently, and the
//! machine may need the part that is lost.

use crate::entries::line::word;
use crate::{Error, Kind};
use layout::memory::COMMAND_LINE;

/// The longest line that has room in memory, in bytes without the NUL.
pub const LONGEST: usize = 2047;
pub(crate) const LIMIT: u32 = 2047;

const _: () = assert!(COMMAND_LINE.end - COMMAND_LINE.start == 2048);

/// A command line while it is put together from an entry's `options`.
pub struct CommandLine<'a> {
    buffer: &'a mut [u8],
    length: usize,
    is_edited: bool,
}

impl<'a> CommandLine<'a> {
    /// An empty line in a buffer of [`LONGEST`] bytes.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            length: 0,
            is_edited: false,
        }
    }

    /// The line of `length` bytes that a person has written into the buffer.
    pub fn edited(buffer: &'a mut [u8], length: usize) -> Self {
        Self {
            buffer,
            length,
            is_edited: true,
        }
    }

    /// True for a line that a person has written: no entry adds to it.
    pub fn is_edited(&self) -> bool {
        self.is_edited
    }

    /// Adds options, after a space if they are not the first.
    pub fn add(&mut self, options: &[u8]) {
        if self.length > 0 && !options.is_empty() {
            self.push(b" ");
        }
        self.push(options);
    }

    /// Adds text as it is.
    pub fn push(&mut self, text: &[u8]) {
        for &byte in text {
            if let Some(place) = self.buffer.get_mut(self.length) {
                *place = byte;
            }
            self.length = self.length.wrapping_add(1);
        }
    }

    /// True if nothing was added.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The line as it is.
    ///
    /// # Errors
    /// [`Kind::CommandLineLong`].
    pub fn as_bytes(&self) -> Result<&[u8], Error> {
        self.buffer.get(..self.length).ok_or(too_long(LIMIT))
    }
}

/// The error for a line of more than `limit` bytes.
pub(crate) fn too_long(limit: u32) -> Error {
    Error::new(Kind::CommandLineLong, u64::from(limit))
}

/// Checks that a kernel which reads up to `limit` bytes gets all of `line`.
///
/// # Errors
/// [`Kind::CommandLineLong`].
pub fn check(line: &[u8], limit: u32) -> Result<(), Error> {
    let limit = limit.min(LIMIT);
    match u32::try_from(line.len()) {
        Ok(length) if length <= limit => Ok(()),
        _ => Err(too_long(limit)),
    }
}

/// The header's `vid_mode` for this command line, or `otherwise`.
///
/// `vga=` is read by boot loaders, not by the kernel: `normal`, `ext`, `ask` or
/// a number as C writes it. The last one counts; a value that cannot be read does not
/// count. Source: boot protocol, "Special Command Line Options".
pub fn vid_mode(line: &[u8], otherwise: u16) -> u16 {
    let mut mode = otherwise;
    for option in line.split(|byte| *byte <= b' ') {
        if let Some(value) = option.strip_prefix(b"vga=") {
            mode = match word(b"ask\0ext\0normal\0", value) {
                Some(0) => 0xfffd,
                Some(1) => 0xfffe,
                Some(_) => 0xffff,
                None => number(value).unwrap_or(mode),
            };
        }
    }
    mode
}

/// A number as C writes it: decimal, octal with 0 in front, or hexadecimal.
fn number(digits: &[u8]) -> Option<u16> {
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let mut number: u16 = 0;
    for &digit in digits {
        let value = char::from(digit).to_digit(base)?;
        number = u16::try_from(u32::from(number).wrapping_mul(base).wrapping_add(value)).ok()?;
    }
    (!digits.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn joined(options: &[&[u8]]) -> Result<std::vec::Vec<u8>, Error> {
        let mut buffer = [0xcc; LONGEST];
        let mut line = CommandLine::new(&mut buffer);
        for options in options {
            line.add(options);
        }
        line.as_bytes().map(<[u8]>::to_vec)
    }

    #[test]
    fn one_space_between() {
        assert_eq!(joined(&[]).unwrap(), b"");
        assert_eq!(
            joined(&[b"root=/dev/sda1 ro", b"quiet"]).unwrap(),
            b"root=/dev/sda1 ro quiet"
        );
        assert_eq!(
            joined(&[b"a  b ", b" c"]).unwrap(),
            b"a  b   c",
            "as it is written"
        );
        assert_eq!(
            joined(&["ö=\u{1}".as_bytes(), b"\xff"]).unwrap(),
            b"\xc3\xb6=\x01 \xff"
        );
    }

    #[test]
    fn never_cut() {
        let long = [b'x'; LONGEST];
        let too_long = Err(Error::new(Kind::CommandLineLong, 2047));
        assert_eq!(joined(&[&long]).unwrap(), long);
        assert_eq!(joined(&[&long, b"y"]), too_long);
        assert_eq!(joined(&[&long[1..], b"y"]), too_long);
        assert_eq!(joined(&[&long[2..], b"y"]).unwrap().len(), 2047);
        assert_eq!(check(&long, u32::MAX), Ok(()));
        assert_eq!(check(&[b'x'; 2048], u32::MAX), too_long.map(|_| ()));
        assert_eq!(check(&long[..255], 255), Ok(()));
        assert_eq!(
            check(&long[..256], 255),
            Err(Error::new(Kind::CommandLineLong, 255))
        );
        assert_eq!(check(b"", 0), Ok(()));
    }

    #[test]
    fn video_modes() {
        for (line, mode) in [
            ("", 0x1234),
            ("quiet", 0x1234),
            ("vga=normal", (0xffff)),
            ("quiet vga=ext ro", (0xfffe)),
            ("quiet\tvga=ask", (0xfffd)),
            ("vga=0", (0)),
            ("vga=791", (791)),
            ("vga=0x317", (0x317)),
            ("vga=0X31F", (0x31f)),
            ("vga=0xffff", (0xffff)),
            ("vga=01417", (0o1417)),
            ("vga=65535", (0xffff)),
            ("vga=65536", 0x1234),
            ("vga=0x10000", 0x1234),
            ("vga=08", 0x1234),
            ("vga=7a", 0x1234),
            ("vga=0x", 0x1234),
            ("vga=", 0x1234),
            ("vga=-1", 0x1234),
            ("vga=Normal", 0x1234),
            ("xvga=1 vga", 0x1234),
            ("vga=1 vga=2", (2)),
            ("vga=1 vga=?", (1)),
        ] {
            assert_eq!(vid_mode(line.as_bytes(), 0x1234), mode, "{line}");
        }
    }
}
