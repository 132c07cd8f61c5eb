//! The disk: an image file or a block device.

use boot::machine::{Build, Disk, DiskError, Lba, Sector};
use layout::disk::{SECTOR, STAGE2_LBA};
use layout::memory::MAX_TRANSFER_SECTORS;
use layout::{format1, header};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// INT 13h status 01h: SeaBIOS's answer to what it cannot do.
const INVALID: DiskError = DiskError(0x01);
/// INT 13h status 04h: sector not found.
const NOT_FOUND: DiskError = DiskError(0x04);
/// INT 13h status 10h: uncorrectable error.
const UNREADABLE: DiskError = DiskError(0x10);
/// INT 13h status 0cch: write fault.
const WRITE_FAULT: DiskError = DiskError(0xcc);

/// One request that the loader has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Sectors read: the first one and how many.
    Read(u64, u32),
    /// A sector written.
    Write(u64),
}

/// A disk over a file.
pub struct FileDisk {
    file: File,
    sectors: u64,
    /// Sectors written that the file must not get.
    overlay: Option<BTreeMap<u64, Sector>>,
    buffer: Vec<u8>,
    /// Every request so far, those that failed too.
    pub accesses: Vec<Access>,
    /// A sector that cannot be read.
    pub bad: Option<u64>,
    /// True to print each request on standard error.
    pub trace: bool,
}

impl FileDisk {
    /// Opens a disk. The file changes only if `writable`; otherwise the loader
    /// reads back what it wrote, but from memory.
    pub fn open(path: &Path, writable: bool) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(writable).open(path)?;
        // Also right for block devices, whose metadata has no length.
        let length = io::Seek::seek(&mut &file, io::SeekFrom::End(0))?;
        Ok(Self {
            file,
            sectors: length / SECTOR as u64,
            overlay: (!writable).then(BTreeMap::new),
            buffer: vec![0; MAX_TRANSFER_SECTORS as usize * SECTOR],
            accesses: Vec::new(),
            bad: None,
            trace: false,
        })
    }

    /// The build of the stage2 that is installed on the disk, if one is: what the
    /// machine would run has to find its overlay.
    pub fn build(&self) -> Option<Build> {
        let mut header = [0; header::SIZE];
        let at = STAGE2_LBA * SECTOR as u64;
        self.file.read_exact_at(&mut header, at).ok()?;
        if !header.starts_with(&header::MAGIC) {
            return None;
        }
        let format = header[header::FORMAT_OFFSET..].first_chunk()?;
        let checksum = header[header::BUILD_OFFSET..].first_chunk()?;
        Some(Build {
            checksum: u32::from_le_bytes(*checksum),
            overlay_sectors: match u16::from_le_bytes(*format) {
                format1::FORMAT => format1::SECTORS as u32,
                _ => header[header::OVERLAY_SECTORS_OFFSET].into(),
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
        let end = at.0.checked_add(u64::from(count));
        if end.is_none_or(|end| end > self.sectors) {
            return Err(NOT_FOUND);
        }
        if self
            .bad
            .is_some_and(|bad| (at.0..at.0 + u64::from(count)).contains(&bad))
        {
            return Err(UNREADABLE);
        }
        let bytes = &mut self.buffer[..count as usize * SECTOR];
        self.file
            .read_exact_at(bytes, at.0 * SECTOR as u64)
            .map_err(|_| NOT_FOUND)?;
        let changed = self
            .overlay
            .iter()
            .flat_map(|overlay| overlay.range(at.0..));
        for (sector, content) in changed.take_while(|(sector, _)| Some(**sector) < end) {
            let start = (sector - at.0) as usize * SECTOR;
            bytes[start..start + SECTOR].copy_from_slice(content);
        }
        Ok(bytes)
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        self.note(Access::Write(at.0));
        if at.0 >= self.sectors {
            return Err(NOT_FOUND);
        }
        match &mut self.overlay {
            Some(overlay) => {
                overlay.insert(at.0, *sector);
                Ok(())
            }
            None => {
                let written = self.file.write_all_at(sector, at.0 * SECTOR as u64);
                written.map_err(|_| WRITE_FAULT)
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
