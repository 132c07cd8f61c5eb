//! The changes of a plan, written to a copy of the image or in place.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use adapt::change::Change;
use layout::disk::SECTOR;
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use crate::disk::{Disk, Sectors, WriteSectors};
use crate::error::Error;
use crate::number::{sector_bytes, to_u64, to_usize};
use crate::output_file::OutputFile;

/// Bytes that are copied at once.
const PIECE: u64 = 1 << 20;
/// Bytes that stay a hole in a new part of a file if they are zero.
const BLOCK: usize = 4096;
/// Smaller images are copied before anyone looks.
const PROGRESS_FROM: u64 = 256 << 20;

/// Writes a copy of an image with changes.
///
/// # Errors
/// A file cannot be read or written; then there is no copy.
pub fn copy(
    image: &Path,
    output: &Path,
    changes: &[Change],
    total: u64,
    err: &mut dyn Write,
) -> Result<(), Error> {
    let source = File::open(image).map_err(|error| Error::file("open", image, &error))?;
    if is_same(image, output) {
        return Err(Error::usage(
            "the image and the copy are one file: use --in-place",
        ));
    }
    let made = OutputFile::create(output)?;
    copy_data(&source, made.file(), err).map_err(|error| made.failed(&error))?;
    let resized = made.file().set_len(total);
    resized.map_err(|error| made.failed(&error))?;
    let mut target = Copied(made.file());
    apply(changes, &mut target, false)?;
    verify(changes, &target)?;
    made.commit()
}

/// Changes an image in place.
///
/// # Errors
/// It cannot be written, or reads back differently.
pub fn in_place(disk: &mut Disk, changes: &[Change], total: u64) -> Result<(), Error> {
    disk.resize(total)?;
    apply(changes, disk, true)?;
    verify(changes, disk)
}

/// Gives an image back: writes the changes, and cuts it to its size.
///
/// # Errors
/// It cannot be written.
pub fn restore(disk: &mut Disk, changes: &[Change], size: u64) -> Result<(), Error> {
    apply(changes, disk, true)?;
    verify(changes, disk)?;
    disk.resize(size)
}

/// Whether both names lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    identity(one).is_some() && identity(one) == identity(other)
}

/// Writes changes in their order. With `sync`, each is on the medium before the next begins.
///
/// # Errors
/// A sector cannot be written.
pub fn apply(changes: &[Change], target: &mut dyn WriteSectors, sync: bool) -> Result<(), Error> {
    for change in changes {
        let written = write(change, target).and_then(|()| match sync {
            true => target.sync(),
            false => Ok(()),
        });
        written.map_err(|error| {
            Error::failed(format!(
                "cannot write {}, at sector {}: {error}",
                change.what, change.lba
            ))
        })?;
    }
    Ok(())
}

/// Writes a change. Where nothing was, zeros are left out.
fn write(change: &Change, target: &mut dyn WriteSectors) -> io::Result<()> {
    if !change.is_new {
        return target.write(change.lba, &change.bytes);
    }
    let step = BLOCK / SECTOR;
    let blocks = (change.lba..).step_by(step);
    for (lba, block) in blocks.zip(change.bytes.chunks(BLOCK)) {
        if block.iter().any(|byte| *byte != 0) {
            target.write(lba, block)?;
        }
    }
    Ok(())
}

fn verify(changes: &[Change], target: &dyn Sectors) -> Result<(), Error> {
    for change in changes {
        let mut found = vec![0; change.bytes.len()];
        let read = target.read(change.lba, &mut found);
        read.map_err(|error| Error::failed(format!("cannot read sector {}: {error}", change.lba)))?;
        if found != change.bytes {
            return Err(Error::failed(format!(
                "{}, at sector {}, reads back differently: the disk is faulty, or another program \
                 writes there",
                change.what, change.lba
            )));
        }
    }
    Ok(())
}

/// Copies the parts of a file that are no holes.
fn copy_data(source: &File, to: &File, err: &mut dyn Write) -> io::Result<()> {
    let size = source.metadata()?.len();
    let mut progress = Progress::new(size, err);
    let mut piece = vec![0; to_usize(PIECE)];
    let mut at = 0;
    while at < size {
        let (start, end) = data(source, at, size)?;
        at = start;
        while at < end {
            let count = to_usize(end.saturating_sub(at).min(PIECE));
            source.read_exact_at(&mut piece[..count], at)?;
            to.write_all_at(&piece[..count], at)?;
            at = at.saturating_add(to_u64(count));
            progress.show(at);
        }
        at = end;
    }
    progress.end();
    Ok(())
}

/// The next part from `at` on that is no hole, or the end twice. A file system that knows
/// no holes has one part.
fn data(source: &File, at: u64, size: u64) -> io::Result<(u64, u64)> {
    let start = match seek(source, SeekFrom::Data(at)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok((size, size)),
        Err(Errno::INVAL) => return Ok((at, size)),
        Err(error) => return Err(error.into()),
    };
    let end = seek(source, SeekFrom::Hole(start))?;
    Ok((start, end.min(size)))
}

/// How far copying is, for a person at a terminal.
struct Progress<'e> {
    to: Option<&'e mut dyn Write>,
    size: u64,
    percent: u64,
}

impl<'e> Progress<'e> {
    fn new(size: u64, err: &'e mut dyn Write) -> Self {
        let is_shown = size >= PROGRESS_FROM && io::stderr().is_terminal();
        Self {
            to: is_shown.then_some(err),
            size: size.max(1),
            percent: 0,
        }
    }

    fn show(&mut self, done: u64) {
        let percent = done.saturating_mul(100).div_euclid(self.size);
        if let Some(to) = &mut self.to
            && percent > self.percent
        {
            // Who cannot be shown progress does not miss it.
            let _ = write!(to, "\rcopying: {percent} %");
            let _ = to.flush();
            self.percent = percent;
        }
    }

    fn end(&mut self) {
        if let Some(to) = &mut self.to {
            let _ = writeln!(to);
        }
    }
}

/// A copy that is being made.
struct Copied<'f>(&'f File);

impl Sectors for Copied<'_> {
    fn sectors(&self) -> u64 {
        let size = self.0.metadata().map_or(0, |metadata| metadata.len());
        size.div_euclid(to_u64(SECTOR))
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, sector_bytes(at))
    }
}

impl WriteSectors for Copied<'_> {
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, sector_bytes(at))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}
