//! Archives for the initrd, byte for byte as systemd-stub makes them: cpio in
//! the "newc" format (the kernel's "initramfs buffer format").
//!
//! A record is 6 characters of magic, 13 numbers of 8 hexadecimal digits and a
//! name, padded to four bytes; the content of a file, padded likewise, comes next. An
//! archive holds the directories of one path, files in the last of them, and a
//! trailer.

use crate::error::{Error, Kind};
use crate::load::{Extent, Loader, Pass};
use crate::machine::{Console, Disk, Memory};
use crate::text::{concat, digit};

/// `c_mode` of a directory, without its permissions.
const DIRECTORY: u32 = 0o040_000;
/// `c_mode` of a file, without its permissions.
const FILE: u32 = 0o100_000;
/// Permissions of directories above the last.
const PARENT: u32 = 0o555;

const MAGIC: &[u8; 6] = b"070701";
/// Bytes before the name.
const HEADER: usize = 110;
/// Room for a record: the longest path here has 280 bytes.
const ROOM: usize = HEADER + 298;

/// The last record, which systemd has as a constant, in capital letters.
const TRAILER: &[u8; 124] = b"070701\
    0000000000000000000000000000000000000001000000000000000000000000\
    0000000000000000000000000000000B00000000TRAILER!!!\0\0\0\0";

/// The directory for the files of an archive, and their permissions.
#[derive(Clone, Copy)]
pub(super) struct Destination {
    /// The directory, without a slash at either end.
    pub(super) directory: &'static [u8],
    /// Permissions of the directory.
    pub(super) directory_mode: u32,
    /// Permissions of its files.
    pub(super) file_mode: u32,
}

impl Destination {
    /// A directory whose files everybody may read.
    pub(super) const fn public(directory: &'static [u8]) -> Self {
        Self {
            directory,
            directory_mode: 0o555,
            file_mode: 0o444,
        }
    }

    /// A directory whose files only root may read.
    pub(super) const fn secret(directory: &'static [u8]) -> Self {
        Self {
            directory,
            directory_mode: 0o500,
            file_mode: 0o400,
        }
    }
}

/// An archive that is being checked or loaded.
pub(super) struct Archive {
    destination: Destination,
    pass: Pass,
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
        destination: Destination,
        pass: Pass,
    ) -> Result<Self, Error> {
        let mut archive = Self {
            destination,
            pass,
            inode: 0,
        };
        let path = destination.directory;
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let parent = path.get(..at).unwrap_or_default();
            archive.record(loader, DIRECTORY | PARENT, 0, &[parent])?;
        }
        archive.record(loader, DIRECTORY | destination.directory_mode, 0, &[path])?;
        Ok(archive)
    }

    /// The record of a file of `size` bytes. Its content comes next.
    ///
    /// # Errors
    /// Those of [`Loader::initrd_bytes`].
    pub(super) fn file<D: Disk, M: Memory, C: Console>(
        &mut self,
        loader: &mut Loader<D, M, C>,
        name: &[u8],
        size: u32,
    ) -> Result<(), Error> {
        let path = [self.destination.directory, b"/", name];
        self.record(loader, FILE | self.destination.file_mode, size, &path)
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// Those of [`Loader::initrd_bytes`].
    pub(super) fn end<D: Disk, M: Memory, C: Console>(
        self,
        loader: &mut Loader<D, M, C>,
    ) -> Result<(), Error> {
        loader.initrd_bytes(TRAILER, self.pass)
    }

    fn record<D: Disk, M: Memory, C: Console>(
        &mut self,
        loader: &mut Loader<D, M, C>,
        mode: u32,
        size: u32,
        path: &[&[u8]],
    ) -> Result<(), Error> {
        self.inode = self.inode.saturating_add(1);
        let record = Record {
            inode: self.inode,
            mode,
            size,
            path,
        };
        let room = &mut [0; ROOM];
        let bytes = record.write(room).ok_or(Error::new(Kind::EntryPath, 0))?;
        loader.initrd_bytes(bytes, self.pass)
    }
}

/// An archive of one file.
///
/// # Errors
/// Those of [`Loader::initrd_bytes`] and [`Loader::initrd`].
pub(super) fn one_file<D: Disk, M: Memory, C: Console>(
    loader: &mut Loader<D, M, C>,
    destination: Destination,
    name: &[u8],
    part: &Extent,
    pass: Pass,
) -> Result<(), Error> {
    let mut archive = Archive::begin(loader, destination, pass)?;
    archive.file(loader, name, part.size)?;
    loader.initrd(part, pass)?;
    archive.end(loader)
}

/// The record of a directory or a file.
struct Record<'a> {
    inode: u32,
    /// `c_mode`.
    mode: u32,
    /// Bytes of the content.
    size: u32,
    /// The path, in pieces.
    path: &'a [&'a [u8]],
}

impl Record<'_> {
    /// Writes the record to `room`, which is all zeros, and gives it. None if the path
    /// is too long.
    fn write<'r>(&self, room: &'r mut [u8; ROOM]) -> Option<&'r [u8]> {
        let (header, path) = room.split_at_mut(HEADER);
        let path = concat(path, self.path)?.len();
        // The NUL is there already.
        let name_size = path.checked_add(1)?;
        let (magic, fields) = header.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        let values = [
            self.inode,
            self.mode,
            0, // c_uid
            0, // c_gid
            1, // c_nlink
            0, // c_mtime
            self.size,
            0, // c_maj
            0, // c_min
            0, // c_rmaj
            0, // c_rmin
            to_u32(name_size),
            0, // c_chksum
        ];
        for (field, value) in fields.as_chunks_mut::<8>().0.iter_mut().zip(values) {
            write_hexadecimal(field, value);
        }
        let end = HEADER.checked_add(name_size)?.checked_next_multiple_of(4)?;
        // At least one byte must be left for the NUL.
        room.get(..end)
    }
}

fn write_hexadecimal(digits: &mut [u8; 8], value: u32) {
    let mut rest = value;
    for place in digits.iter_mut().rev() {
        let [low, ..] = rest.to_le_bytes();
        *place = digit(low & 0xf);
        rest >>= 4;
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
