//! The command line that the inner kernel gets.

use spin::Mutex;
use stub::command_line::one_line;
use stub::memory::Range;
use stub::problem::Problem;
use stub::size::{index, wide};

/// Bytes of the longest command line with its NUL. No kernel for x86 takes more.
pub(crate) const SIZE: usize = 4096;

/// The text of [`Line::Own`]. It stays here when the kernel is entered in 32 or
/// in 64 bits.
static OWN: Mutex<[u8; SIZE]> = Mutex::new([0; SIZE]);

/// The command line for the inner kernel.
pub(crate) enum Line {
    /// The loader's, where it lies, with its NUL.
    Loaders(Range),
    /// One that was made here: bytes of it, with its NUL.
    Own(usize),
}

impl Line {
    /// Makes a line of this text, of at most `limit` bytes without the NUL. It
    /// replaces the line that was made before.
    ///
    /// # Errors
    /// [`Problem::CommandLineTooLong`].
    pub(crate) fn own(text: &[u8], limit: u32) -> Result<Self, Problem> {
        let length = one_line(text, &mut *OWN.lock())
            .filter(|length| *length <= index(limit))
            .ok_or(Problem::CommandLineTooLong)?;
        Ok(Self::Own(length.saturating_add(1)))
    }

    /// Where the line lies, with its NUL.
    pub(crate) fn range(&self) -> Range {
        match *self {
            Self::Loaders(range) => range,
            Self::Own(size) => Range {
                start: wide(OWN.lock().as_ptr().expose_provenance()),
                size: wide(size),
            },
        }
    }

    /// Copies a line that was made here, as much of it as there is room for.
    pub(crate) fn copy_own(into: &mut [u8]) {
        for (to, from) in into.iter_mut().zip(OWN.lock().iter()) {
            *to = *from;
        }
    }
}
