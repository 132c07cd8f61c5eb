//! A look at a disk that can be repeated.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use layout::disk::SECTOR;

use super::sectors::Sectors;
use crate::error::Error;

/// A disk that remembers which sectors were read, and their content. A plan is made
/// from what it gave; [`Look::again`] tells whether the plan still fits the disk.
pub struct Look<'d> {
    disk: &'d dyn Sectors,
    /// The content of each sector when it was first read.
    seen: RefCell<BTreeMap<u64, Vec<u8>>>,
}

impl<'d> Look<'d> {
    /// The first look at `disk`, of which nothing was read yet.
    pub fn new(disk: &'d dyn Sectors) -> Self {
        Self {
            disk,
            seen: RefCell::default(),
        }
    }

    /// Reads all sectors again that were read so far.
    ///
    /// # Errors
    /// A sector has another content now, or cannot be read any more.
    pub fn again(&self) -> Result<(), Error> {
        for (&at, before) in self.seen.borrow().iter() {
            let mut now = vec![0; SECTOR];
            let read = self.disk.read(at, &mut now);
            read.map_err(|error| Error::failed(format!("cannot read sector {at}: {error}")))?;
            if now != *before {
                return Err(Error::failed(format!(
                    "sector {at} has changed since gapboot looked at it, so nothing was written: \
                     another program writes to this disk; run the command again when that is done"
                )));
            }
        }
        Ok(())
    }
}

impl Sectors for Look<'_> {
    fn sectors(&self) -> u64 {
        self.disk.sectors()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.disk.read(at, into)?;
        let mut seen = self.seen.borrow_mut();
        for (at, sector) in (at..).zip(into.chunks(SECTOR)) {
            seen.entry(at).or_insert_with(|| sector.to_vec());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Four sectors; those in `changed` have another content than at first.
    struct Changing(Cell<[u8; 4]>);

    impl Sectors for Changing {
        fn sectors(&self) -> u64 {
            4
        }

        fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
            for (at, sector) in (at as usize..).zip(into.chunks_mut(SECTOR)) {
                sector.fill(self.0.get()[at]);
            }
            Ok(())
        }
    }

    #[test]
    fn a_change_of_what_was_read_is_seen() {
        let disk = Changing(Cell::new([0; 4]));
        let look = Look::new(&disk);
        look.read(1, &mut [0; 2 * SECTOR]).unwrap();
        look.again().unwrap();
        disk.0.set([1, 0, 0, 1]);
        look.again().unwrap();
        disk.0.set([0, 0, 1, 0]);
        let error = look.again().unwrap_err().to_string();
        assert!(error.starts_with("sector 2 has changed"), "{error}");
        // A second read does not hide it.
        look.read(2, &mut [0; SECTOR]).unwrap();
        assert!(look.again().is_err());
    }
}
