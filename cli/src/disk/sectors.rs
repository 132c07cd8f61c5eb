//! A disk as the commands use it: sectors to be read and written.

use std::io;

use crate::error::Error;
use crate::number::{sector_bytes, to_usize};

/// A disk to be looked at.
pub trait Sectors {
    /// The size in sectors.
    fn sectors(&self) -> u64;
    /// Reads whole sectors, the first of them `at`.
    ///
    /// # Errors
    /// A sector cannot be read, or is beyond the end.
    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

/// A disk to be changed. Tests have one that loses its power.
pub trait WriteSectors: Sectors {
    /// Writes bytes from the start of sector `at` on; what follows them in the
    /// last sector keeps its value.
    ///
    /// # Errors
    /// A sector cannot be written.
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when all that was written is on the medium.
    ///
    /// # Errors
    /// The medium reports that a write failed.
    fn sync(&mut self) -> io::Result<()>;
}

impl<S: Sectors + ?Sized> Sectors for &S {
    fn sectors(&self) -> u64 {
        (**self).sectors()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        (**self).read(at, into)
    }
}

/// Reads `count` sectors; the error says which.
///
/// # Errors
/// The disk ends before, or a sector cannot be read.
pub fn read(disk: &dyn Sectors, at: u64, count: u64) -> Result<Vec<u8>, Error> {
    if at.checked_add(count).is_none_or(|end| end > disk.sectors()) {
        return Err(Error::failed(format!(
            "it ends before {}: is the image complete?",
            range(at, count)
        )));
    }
    let mut bytes = vec![0; to_usize(sector_bytes(count))];
    disk.read(at, &mut bytes)
        .map_err(|error| Error::failed(format!("cannot read {}: {error}", range(at, count))))?;
    Ok(bytes)
}

/// `sector 7` or `sectors 7-9`.
pub fn range(at: u64, count: u64) -> String {
    match count {
        0 | 1 => format!("sector {at}"),
        // Numbers from a hostile disk come here too.
        _ => format!(
            "sectors {at}-{}",
            at.saturating_add(count.saturating_sub(1))
        ),
    }
}
