//! A disk as the loader sees it, so that the loader's own code reads it.

use boot::machine::{self, DiskError, Lba, Sector};
use layout::disk::SECTOR;
use layout::memory::MAX_TRANSFER_SECTORS;

use crate::disk::Sectors;

/// INT 13h status 03h: the disk is write-protected.
const PROTECTED: DiskError = DiskError(0x03);
/// INT 13h status 04h: sector not found.
const NOT_FOUND: DiskError = DiskError(0x04);

/// The disk, for reading only, with a buffer like the one that the firmware fills.
pub struct Reader<S> {
    disk: S,
    buffer: Vec<u8>,
}

impl<S: Sectors> Reader<S> {
    /// Lets the loader read `disk`.
    pub fn new(disk: S) -> Self {
        Self {
            disk,
            buffer: vec![0; MAX_TRANSFER_SECTORS as usize * SECTOR],
        }
    }
}

impl<S: Sectors> machine::Disk for Reader<S> {
    fn sectors(&self) -> Option<u64> {
        Some(self.disk.sectors())
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let size = count as usize * SECTOR;
        let buffer = self.buffer.get_mut(..size).ok_or(NOT_FOUND)?;
        let end = at.0.checked_add(count.into());
        if end.is_none_or(|end| end > self.disk.sectors()) {
            return Err(NOT_FOUND);
        }
        self.disk.read(at.0, buffer).map_err(|_| NOT_FOUND)?;
        Ok(buffer)
    }

    fn write(&mut self, _: Lba, _: &Sector) -> Result<(), DiskError> {
        Err(PROTECTED)
    }
}
