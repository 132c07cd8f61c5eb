//! A terminal: a screen with a keyboard, or a serial line.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcgetwinsize, tcsetattr};

/// Columns and lines of a terminal that does not say how large it is.
const SIZE: (usize, usize) = (80, 24);
/// How long a terminal may take nothing before it is left behind.
const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes that are read at once.
const READ: usize = 256;
/// F1 on Linux's own screens, and as other terminals send it.
const F1: (&[u8], &[u8]) = (b"\x1b[[A", b"\x1bOP");

/// A terminal that is open, in raw mode.
pub struct Terminal {
    file: File,
    /// What is still to be written.
    output: Vec<u8>,
    /// It took nothing for too long. Nobody may be there: it gets only what it takes at once.
    is_slow: bool,
    size: (usize, usize),
}

impl Terminal {
    /// Opens a terminal by its node.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open(node: &Path) -> io::Result<Self> {
        let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let file = options
            .custom_flags(flags.bits().cast_signed())
            .open(node)?;
        let mut settings = tcgetattr(&file)?;
        settings.make_raw();
        tcsetattr(&file, OptionalActions::Now, &settings)?;
        let size = tcgetwinsize(&file).map_or((0, 0), |size| (size.ws_col, size.ws_row));
        Ok(Self {
            file,
            output: Vec::new(),
            is_slow: false,
            size: (size.0.into(), size.1.into()),
        })
    }

    /// Its columns and lines.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let (columns, lines) = self.size;
        let or = |value, other| if value == 0 { other } else { value };
        (or(columns, SIZE.0), or(lines, SIZE.1))
    }

    /// Writes bytes, by the next [`Terminal::flush`] at the latest.
    pub fn write(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Lets all that was written get out, as far as the terminal takes it in time.
    pub fn flush(&mut self) {
        while !self.output.is_empty() {
            match self.file.write(&self.output) {
                Ok(count @ 1..) => {
                    self.output.drain(..count.min(self.output.len()));
                    self.is_slow = false;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.is_slow || !self.takes_more() {
                        self.is_slow = true;
                        self.output.clear();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => self.output.clear(),
            }
        }
    }

    fn takes_more(&self) -> bool {
        let patience = Timespec::try_from(PATIENCE).ok();
        let mut wait = [PollFd::new(&self.file, PollFlags::OUT)];
        poll(&mut wait, patience.as_ref()).is_ok_and(|count| count > 0)
    }

    /// What was typed there since the last time. Nothing comes of a terminal that is gone.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = [0; READ];
        let count = match self.file.read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        self.is_slow = false;
        let bytes = bytes.get(..count).unwrap_or_default();
        Ok(if bytes == F1.0 { F1.1 } else { bytes }.to_vec())
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
