//! An image file or a block device, opened as a disk of 512-byte sectors.
//!
//! A block device is opened with `O_DIRECT`. Through the page cache the kernel
//! would write whole pages, and with them sectors of the partition table that
//! are not ours to write; and what is read back would come from memory instead
//! of the disk. It is not opened with `O_EXCL`: that fails as soon as one
//! partition is mounted, and a running system's own disk is the one that most
//! people install on. Nothing that is written lies in a partition, so mounted
//! file systems don't mind.
//!
//! A disk that is opened for writing is locked until it is closed ([`lock`]).

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use layout::disk::SECTOR;
use rustix::fs::{OFlags, ioctl_blksszget, major, minor};

use super::sectors::{Sectors, WriteSectors};
use super::{attached, contents, lock};
use crate::error::{self, Error};
use crate::number::{sector_bytes, to_u64, to_usize};

/// What is wrong with a disk or an image of larger sectors.
pub const LARGE_SECTORS: &str = "and gapboot boots from disks with 512-byte sectors only: its \
     stage1, copied there, says \"no stage2\" or \"bad stage2\" (docs/messages.md); use another disk";

/// What a disk is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looking at it.
    Read,
    /// Changing it.
    Write,
}

/// An open image file or block device.
pub struct Disk {
    file: File,
    path: PathBuf,
    sectors: u64,
    device: bool,
}

impl Disk {
    /// Opens the disk at `path`; refuses what is not a whole disk of 512-byte
    /// sectors. For writing, it locks the disk, and refuses an image file that is
    /// attached as a block device.
    ///
    /// # Errors
    /// It cannot be opened, is not a whole disk of 512-byte sectors, or is in use.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let metadata = fs::metadata(path).map_err(|error| cannot("open it", &error))?;
        let device = is_device(&metadata)?;
        if access == Access::Write && !device {
            attached::refuse(path, Path::new(attached::DEVICES))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(access == Access::Write);
        if device {
            options.custom_flags(OFlags::DIRECT.bits().cast_signed());
        }
        let mut file = options.open(path).map_err(|error| {
            cannot(
                if access == Access::Write {
                    "open it for writing"
                } else {
                    "open it"
                },
                &error,
            )
        })?;
        if device {
            check_sector_size(ioctl_blksszget(&file))?;
        }
        if access == Access::Write {
            lock::lock(&file, lock::PATIENCE)?;
        }
        let size = file
            .seek(SeekFrom::End(0))
            .map_err(|error| cannot("find its size", &error))?;
        let disk = Self {
            file,
            path: path.to_owned(),
            sectors: size.div_euclid(to_u64(SECTOR)),
            device,
        };
        disk.check_container()?;
        Ok(disk)
    }

    /// Opens the same disk again, for reading what is on it now.
    ///
    /// # Errors
    /// Those of [`Disk::open`].
    pub fn reopen(&self) -> Result<Self, Error> {
        Self::open(&self.path, Access::Read)
    }

    /// Gives an image file another size: longer ones end with zeros.
    ///
    /// # Errors
    /// It is a device, or has no room to grow.
    pub fn resize(&mut self, bytes: u64) -> Result<(), Error> {
        let resized = self.file.set_len(bytes);
        let resized = resized.and_then(|()| self.file.sync_all());
        resized.map_err(|error| cannot("change its size", &error))?;
        self.sectors = bytes.div_euclid(to_u64(SECTOR));
        Ok(())
    }

    fn check_container(&self) -> Result<(), Error> {
        let mut start = [0; SECTOR];
        if self.device || self.sectors == 0 || self.read(0, &mut start).is_err() {
            return Ok(());
        }
        match contents::wrapping(&start) {
            None => Ok(()),
            Some(found) => Err(wrapped(found.name)),
        }
    }
}

/// Refuses a file in which the image of a disk is wrapped.
///
/// # Errors
/// It is such a file.
pub fn check_container(path: &Path) -> Result<(), Error> {
    let mut start = [0; SECTOR];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut start, 0));
    match read.ok().and_then(|()| contents::wrapping(&start)) {
        None => Ok(()),
        Some(found) => Err(wrapped(found.name)),
    }
}

/// Something in which the image of a disk is wrapped.
fn wrapped(name: &str) -> Error {
    Error::failed(format!(
        "it is {name}, not a plain disk image: unpack or convert it first \
         (`qemu-img convert -O raw`), or attach it (`qemu-nbd`) and name the device"
    ))
}

impl Sectors for Disk {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        match self.device {
            true => Aligned::default().read(&self.file, at, into),
            false => self.file.read_exact_at(into, sector_bytes(at)),
        }
    }
}

impl WriteSectors for Disk {
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self.device {
            true => Aligned::default().write(&self.file, at, bytes),
            false => self.file.write_all_at(bytes, sector_bytes(at)),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// A buffer for direct I/O, which needs addresses and sizes aligned to the
/// device's sectors, on some devices to pages.
#[repr(C, align(4096))]
struct Aligned([u8; 32_768]);

impl Default for Aligned {
    fn default() -> Self {
        Self([0; 32_768])
    }
}

impl Aligned {
    fn read(&mut self, file: &File, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut offset = sector_bytes(at);
        for piece in into.chunks_mut(self.0.len()) {
            let buffer = &mut self.0[..piece.len()];
            file.read_exact_at(buffer, offset)?;
            piece.copy_from_slice(buffer);
            offset = offset.saturating_add(to_u64(piece.len()));
        }
        Ok(())
    }

    fn write(&mut self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut offset = sector_bytes(at);
        for piece in bytes.chunks(self.0.len()) {
            let whole = piece.len().next_multiple_of(SECTOR);
            if whole > piece.len() {
                let last = whole.saturating_sub(SECTOR);
                let at = offset.saturating_add(to_u64(last));
                file.read_exact_at(&mut self.0[last..whole], at)?;
            }
            self.0[..piece.len()].copy_from_slice(piece);
            file.write_all_at(&self.0[..whole], offset)?;
            offset = offset.saturating_add(to_u64(whole));
        }
        Ok(())
    }
}

fn cannot(what: &str, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "; DISK is an image file or a block device such as /dev/sda",
        _ => error::hint(error),
    };
    Error::failed(format!("cannot {what}: {error}{hint}"))
}

/// True for a block device, false for an image file; anything else, and a
/// device that is only a partition, is refused.
fn is_device(metadata: &Metadata) -> Result<bool, Error> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(false);
    }
    if !kind.is_block_device() {
        let what = if kind.is_dir() {
            "a directory"
        } else {
            "not a disk"
        };
        return Err(Error::failed(format!(
            "it is {what}: DISK is an image file or a block device such as /dev/sda"
        )));
    }
    let number = metadata.rdev();
    let entry = PathBuf::from(format!(
        "/sys/dev/block/{}:{}",
        major(number),
        minor(number)
    ));
    match partition_of(&entry) {
        Some(disk) => Err(Error::failed(format!(
            "it is a partition, and the loader goes in front of all partitions: name the disk, /dev/{disk}"
        ))),
        None => Ok(true),
    }
}

/// The name of the disk whose partition the sysfs entry is, if it is one.
fn partition_of(entry: &Path) -> Option<String> {
    if !entry.join("partition").exists() {
        return None;
    }
    let entry = fs::canonicalize(entry).ok()?;
    Some(
        entry
            .parent()?
            .file_name()?
            .to_string_lossy()
            .replace('!', "/"),
    )
}

fn check_sector_size(size: rustix::io::Result<u32>) -> Result<(), Error> {
    match size {
        Ok(size) if to_usize(size) == SECTOR => Ok(()),
        Ok(size) => Err(Error::failed(format!(
            "it has sectors of {size} bytes, {LARGE_SECTORS}"
        ))),
        Err(error) => Err(cannot("find its sector size", &error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned_writes_keep_the_rest_of_the_last_sector() {
        let file = tempfile::tempfile().unwrap();
        let before: Vec<u8> = (0..80_000_u32).map(|n| (n % 251) as u8).collect();
        file.write_all_at(&before[..79_872], 0).unwrap();
        for (at, size) in [
            (0, 440),
            (34, 16_384),
            (66, 32_768),
            (3, 33_000),
            (154, 1_024),
        ] {
            let bytes = vec![0xff; size];
            Aligned::default().write(&file, at, &bytes).unwrap();
            let mut expected = before[..79_872].to_vec();
            expected[at as usize * SECTOR..][..size].copy_from_slice(&bytes);
            let mut found = vec![0; 79_872];
            Aligned::default().read(&file, 0, &mut found).unwrap();
            assert!(found == expected, "{size} bytes at sector {at}");
            file.write_all_at(&before[..79_872], 0).unwrap();
        }
    }

    #[test]
    fn partitions_name_their_disk() {
        let sys = tempfile::tempdir().unwrap();
        let disk = sys.path().join("devices/cciss!c0d0");
        fs::create_dir_all(disk.join("cciss!c0d0p1")).unwrap();
        fs::write(disk.join("cciss!c0d0p1/partition"), "1\n").unwrap();
        let link = sys.path().join("104:1");
        std::os::unix::fs::symlink(disk.join("cciss!c0d0p1"), &link).unwrap();
        assert_eq!(partition_of(&link), Some("cciss/c0d0".to_owned()));
        assert_eq!(partition_of(&disk), None);
    }

    #[test]
    fn only_512_byte_sectors() {
        assert!(check_sector_size(Ok(512)).is_ok());
        let error = check_sector_size(Ok(4096)).unwrap_err().to_string();
        assert!(error.contains("sectors of 4096 bytes"), "{error}");
    }
}
