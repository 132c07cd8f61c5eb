//! Archives for the initrd, byte for byte as systemd-stub makes them: cpio in
//! the "newc" format (the kernel's "initramfs buffer format").
//!
//! A record is 6 characters of magic, 13 numbers of 8 hexadecimal digits and a
//! name, padded to four bytes; a file's content, padded likewise, follows it. An
//! archive holds the directories of one path, files in the last of them, and a
//! trailer.

use crate::error::{Error, Kind};
use crate::load::{Loader, Part, Step};
use crate::machine::{Console, Disk, Memory};

/// `c_mode` of a directory, without its permissions.
const DIRECTORY: u32 = 0o040_000;
/// `c_mode` of a file, likewise.
const FILE: u32 = 0o100_000;
/// Permissions of directories above the last.
const PARENT: u32 = 0o555;

/// Bytes before the name.
const HEADER: usize = 110;
/// Room for a record: the longest path here has 280 bytes.
const ROOM: usize = HEADER + 298;

/// The last record, which systemd has as a constant, in capital letters.
const TRAILER: &[u8; 124] = b"070701\
    0000000000000000000000000000000000000001000000000000000000000000\
    0000000000000000000000000000000B00000000TRAILER!!!\0\0\0\0";

/// Where the files of an archive go, and which permissions there are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The directory, without a slash before or behind.
    pub(super) directory: &'static [u8],
    /// Permissions of the directory.
    pub(super) directory_mode: u32,
    /// Permissions of its files.
    pub(super) file_mode: u32,
}

/// An archive that is being checked or loaded.
pub(super) struct Archive {
    place: Place,
    step: Step,
    /// The last inode number.
    inode: u32,
}

impl Archive {
    /// Begins an archive with its directories.
    ///
    /// # Errors
    /// Those of [`Loader::initrd_bytes`].
    pub(super) fn begin<D: Disk, M: Memory, C: Console>(
        loader: &mut Loader<D, M, C>,
        place: Place,
        step: Step,
    ) -> Result<Self, Error> {
        let mut archive = Self {
            place,
            step,
            inode: 0,
        };
        let path = place.directory;
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let parent = path.get(..at).unwrap_or_default();
            archive.record(loader, DIRECTORY | PARENT, 0, &[parent])?;
        }
        archive.record(loader, DIRECTORY | place.directory_mode, 0, &[path])?;
        Ok(archive)
    }

    /// The record of a file with so many bytes. Its content comes next.
    ///
    /// # Errors
    /// Those of [`Loader::initrd_bytes`].
    pub(super) fn file<D: Disk, M: Memory, C: Console>(
        &mut self,
        loader: &mut Loader<D, M, C>,
        name: &[u8],
        size: u32,
    ) -> Result<(), Error> {
        let path = [self.place.directory, b"/", name];
        self.record(loader, FILE | self.place.file_mode, size, &path)
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// Those of [`Loader::initrd_bytes`].
    pub(super) fn end<D: Disk, M: Memory, C: Console>(
        self,
        loader: &mut Loader<D, M, C>,
    ) -> Result<(), Error> {
        loader.initrd_bytes(TRAILER, self.step)
    }

    fn record<D: Disk, M: Memory, C: Console>(
        &mut self,
        loader: &mut Loader<D, M, C>,
        mode: u32,
        size: u32,
        path: &[&[u8]],
    ) -> Result<(), Error> {
        self.inode = self.inode.wrapping_add(1);
        let mut room = [0; ROOM];
        let record = record(&mut room, [self.inode, mode, size], path);
        loader.initrd_bytes(record.ok_or(Error::new(Kind::EntryPath, 0))?, self.step)
    }
}

/// An archive of one file.
///
/// # Errors
/// Those of [`Loader::initrd_bytes`] and [`Loader::initrd`].
pub(super) fn one_file<D: Disk, M: Memory, C: Console>(
    loader: &mut Loader<D, M, C>,
    place: Place,
    name: &[u8],
    part: &Part,
    step: Step,
) -> Result<(), Error> {
    let mut archive = Archive::begin(loader, place, step)?;
    archive.file(loader, name, part.size)?;
    loader.initrd(part, step)?;
    archive.end(loader)
}

/// Writes a record with this inode, mode and size. None if the path is too long.
fn record<'r>(
    room: &'r mut [u8; ROOM],
    [inode, mode, size]: [u32; 3],
    path: &[&[u8]],
) -> Option<&'r [u8]> {
    let (header, name) = room.split_at_mut(HEADER);
    let name = crate::text::concat(name, path)?.len();
    // With the NUL behind it, which is there already.
    let name = name.checked_add(1)?;
    let (magic, digits) = header.split_at_mut(6);
    magic.copy_from_slice(b"070701");
    // Owner, group, time, device and checksum are 0; there is one link.
    let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, to_u32(name), 0];
    for (digits, field) in digits.as_chunks_mut::<8>().0.iter_mut().zip(fields) {
        let mut rest = field;
        for digit in digits.iter_mut().rev() {
            *digit = crate::text::digit((rest & 0xf).to_le_bytes()[0]);
            rest >>= 4;
        }
    }
    let end = HEADER.checked_add(name)?.checked_next_multiple_of(4)?;
    // One byte at least must be left for the NUL.
    room.get(..end)
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
