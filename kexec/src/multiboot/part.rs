//! A part of a kernel: where its bytes are, and where they go.

use std::ops::Range as Span;

use stub::memory::{PAGE, Range};

use crate::error::Error;

/// A part of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place of its bytes in the file.
    pub bytes: Span<usize>,
    /// Its place in memory, at least as large. The rest are zeros.
    pub place: Range,
}

impl Part {
    /// A part of `file`: `bytes` bytes from `offset` on, for `size` bytes of memory.
    pub(super) fn new(
        file: &[u8],
        offset: u64,
        bytes: u64,
        start: u64,
        size: u64,
    ) -> Result<Self, Error> {
        let end = offset.checked_add(bytes).ok_or_else(damaged)?;
        let index = |at| usize::try_from(at).map_err(|_| damaged());
        let bytes_place = index(offset)?..index(end)?;
        if bytes != 0 && file.get(bytes_place.clone()).is_none() {
            return Err(Error::text(
                "the file is cut short: copy it once more, or use another one",
            ));
        }
        if bytes > size {
            return Err(damaged());
        }
        Ok(Self {
            bytes: match bytes {
                0 => 0..0,
                _ => bytes_place,
            },
            place: Range { start, size },
        })
    }

    /// The place in whole pages.
    pub(super) fn pages(&self) -> Range {
        let start = self.place.start & !(PAGE - 1);
        // Below 4 GiB, as `Image::of` has checked.
        let end = self.place.end().next_multiple_of(PAGE);
        Range {
            start,
            size: end.saturating_sub(start),
        }
    }
}

/// The error for numbers that contradict each other.
pub(super) fn damaged() -> Error {
    Error::text("its headers are damaged: copy it once more, or use another one")
}
