//! The disk: an image file or a block device. Writes change the file only on request;
//! otherwise they stay in memory, where the loader reads them back.

use boot::machine::{Disk, DiskError, Lba, Sector};
use boot::overlay::Build;
use layout::disk::{SECTOR, STAGE2_LBA};
use layout::memory::MAX_TRANSFER_SECTORS;
use layout::{format1, header};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// INT 13h status 01h: SeaBIOS's answer to a request that it cannot fulfil.
const INVALID: DiskError = DiskError(0x01);
/// INT 13h status 04h: sector not found.
const NOT_FOUND: DiskError = DiskError(0x04);
/// INT 13h status 10h: uncorrectable error.
const UNREADABLE: DiskError = DiskError(0x10);
/// INT 13h status 0cch: write fault.
const WRITE_FAULT: DiskError = DiskError(0xcc);

/// Bytes of a sector, for offsets in a file.
#[expect(clippy::as_conversions, reason = "512")]
const SECTOR_SIZE: u64 = SECTOR as u64;

/// The offset of a sector in the file.
fn offset(sector: u64) -> Option<u64> {
    sector.checked_mul(SECTOR_SIZE)
}

/// One request that the loader has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Sectors that were read: the first one, and their number.
    Read(u64, u32),
    /// A sector that was written.
    Write(u64),
}

/// A disk over a file.
pub struct FileDisk {
    file: File,
    sectors: u64,
    /// The sectors that were written, if the file must not change.
    written: Option<BTreeMap<u64, Sector>>,
    buffer: Vec<u8>,
    /// Every request so far, including those that failed.
    pub accesses: Vec<Access>,
    /// A sector that cannot be read.
    pub bad: Option<u64>,
    /// True to print each request on standard error.
    pub trace: bool,
}

impl FileDisk {
    /// Opens a disk. The file changes only if `writable` is true.
    ///
    /// # Errors
    /// Those of the file.
    pub fn open(path: &Path, writable: bool) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(writable).open(path)?;
        // The metadata of block devices has no length.
        let length = io::Seek::seek(&mut &file, io::SeekFrom::End(0))?;
        Ok(Self {
            file,
            sectors: length / SECTOR_SIZE,
            written: (!writable).then(BTreeMap::new),
            buffer: Vec::new(),
            accesses: Vec::new(),
            bad: None,
            trace: false,
        })
    }

    /// The build of the stage2 that is installed on the disk, if there is one. A machine
    /// would run that one, and needs the overlay of the same build.
    pub fn build(&self) -> Option<Build> {
        let mut header = [0; header::SIZE];
        let start = offset(STAGE2_LBA)?;
        self.file.read_exact_at(&mut header, start).ok()?;
        if !header.starts_with(&header::MAGIC) {
            return None;
        }
        let format = header.get(header::FORMAT_OFFSET..)?.first_chunk()?;
        let checksum = header.get(header::BUILD_OFFSET..)?.first_chunk()?;
        let sectors = header.get(header::OVERLAY_SECTORS_OFFSET)?;
        Some(Build {
            checksum: u32::from_le_bytes(*checksum),
            overlay_sectors: match u16::from_le_bytes(*format) {
                format1::FORMAT => u32::try_from(format1::SECTORS).ok()?,
                _ => u32::from(*sectors),
            },
        })
    }

    fn note(&mut self, access: Access) {
        if self.trace {
            match access {
                Access::Read(at, count) => eprintln!("read {at} {count}"),
                Access::Write(at) => eprintln!("write {at}"),
            }
        }
        self.accesses.push(access);
    }
}

impl Disk for FileDisk {
    fn sectors(&self) -> Option<u64> {
        Some(self.sectors)
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        self.note(Access::Read(at.0, count));
        if !(1..=MAX_TRANSFER_SECTORS).contains(&count) {
            return Err(INVALID);
        }
        let end = at.0.checked_add(count.into()).ok_or(NOT_FOUND)?;
        if end > self.sectors {
            return Err(NOT_FOUND);
        }
        if self.bad.is_some_and(|bad| (at.0..end).contains(&bad)) {
            return Err(UNREADABLE);
        }
        let size = usize::try_from(count).map_err(|_| INVALID)?;
        self.buffer.resize(size.saturating_mul(SECTOR), 0);
        let start = offset(at.0).ok_or(NOT_FOUND)?;
        self.file
            .read_exact_at(&mut self.buffer, start)
            .map_err(|_| NOT_FOUND)?;
        if let Some(written) = &self.written {
            for (sector, place) in (at.0..end).zip(self.buffer.chunks_exact_mut(SECTOR)) {
                if let Some(content) = written.get(&sector) {
                    place.copy_from_slice(content);
                }
            }
        }
        Ok(&self.buffer)
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        self.note(Access::Write(at.0));
        if at.0 >= self.sectors {
            return Err(NOT_FOUND);
        }
        match &mut self.written {
            Some(written) => {
                written.insert(at.0, *sector);
                Ok(())
            }
            None => {
                let start = offset(at.0).ok_or(NOT_FOUND)?;
                let result = self.file.write_all_at(sector, start);
                result.map_err(|_| WRITE_FAULT)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(sectors: u8, writable: bool) -> (tempfile::NamedTempFile, FileDisk) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = (0..sectors).flat_map(|sector| [sector; SECTOR]).collect();
        std::fs::write(file.path(), bytes).unwrap();
        let disk = FileDisk::open(file.path(), writable).unwrap();
        (file, disk)
    }

    #[test]
    fn reads_and_ends() {
        let (_file, mut disk) = disk(200, false);
        assert_eq!(disk.sectors(), Some(200));
        let bytes = disk.read(Lba(73), 127).unwrap();
        assert_eq!(
            (bytes.len(), bytes[0], bytes[126 * 512]),
            (127 * 512, 73, 199)
        );
        assert_eq!(disk.read(Lba(74), 127), Err(NOT_FOUND));
        assert_eq!(disk.read(Lba(u64::MAX), 1), Err(NOT_FOUND));
        assert_eq!(disk.read(Lba(0), 128), Err(INVALID));
        assert_eq!(disk.read(Lba(0), 0), Err(INVALID));
        assert_eq!(disk.accesses.len(), 5);
    }

    #[test]
    fn writes_stay_in_memory_unless_told() {
        for writable in [false, true] {
            let (file, mut disk) = disk(4, writable);
            disk.write(Lba(2), &[0xaa; SECTOR]).unwrap();
            assert_eq!(disk.write(Lba(4), &[0; SECTOR]), Err(NOT_FOUND));
            let bytes = disk.read(Lba(1), 3).unwrap();
            assert_eq!(
                [bytes[0], bytes[512], bytes[1023], bytes[1024]],
                [1, 0xaa, 0xaa, 3]
            );
            assert_eq!(disk.read(Lba(3), 1).unwrap()[0], 3);
            let in_file = std::fs::read(file.path()).unwrap()[1024];
            assert_eq!(in_file, if writable { 0xaa } else { 2 });
        }
    }
}
