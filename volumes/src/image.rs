//! An image file or a block device as [`Bytes`].

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::rc::Rc;

use rustix::fs::{OFlags, ioctl_blksszget};

use crate::bytes::{Bytes, Cached, beyond, to_u64};

/// An open file of a fixed size.
pub(crate) struct Image {
    file: File,
    size: u64,
}

impl Image {
    /// The bytes of a file that is open.
    pub(crate) fn of(mut file: File) -> io::Result<Self> {
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, size })
    }
}

/// Opens an image file or a block device. The second value is the size of a block
/// device's sectors.
///
/// A device is read past the caches of the file systems that are mounted from it, and
/// of its own: what is read is what lies on it.
pub(crate) fn open(path: &Path) -> io::Result<(Cached<Image>, Option<u32>)> {
    let kind = std::fs::metadata(path)?.file_type();
    let mut options = OpenOptions::new();
    options.read(true);
    if kind.is_block_device() {
        options.custom_flags(OFlags::DIRECT.bits().cast_signed());
    } else if !kind.is_file() {
        let text = "it is no image file, block device or directory";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let file = options.open(path)?;
    let sector = match kind.is_block_device() {
        true => Some(ioctl_blksszget(&file)?),
        false => None,
    };
    Ok((Cached::new(Image::of(file)?), sector))
}

impl Bytes for Image {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(to_u64(into.len()));
        if end.is_none_or(|end| end > self.size) {
            return Err(beyond());
        }
        self.file.read_exact_at(into, at)
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.file)
    }
}

/// The bytes of an image file or a block device.
///
/// # Errors
///
/// It cannot be opened, or is something else.
pub fn bytes(path: &Path) -> io::Result<Rc<dyn Bytes>> {
    let (bytes, _) = open(path)?;
    Ok(Rc::new(bytes))
}
