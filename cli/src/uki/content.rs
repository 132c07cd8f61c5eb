//! What a section holds, and where it comes from.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;
use std::rc::Rc;

use kexec::memory_file::in_memory;

use crate::error::Error;
use crate::number::{to_u32, to_u64, to_usize};
use crate::output_file::OutputFile;

/// Bytes that are copied at once: what stays in a processor's second cache until
/// it is added up and written.
const BLOCK: usize = 1 << 20;

/// The largest size of a section, in bytes.
const LARGEST: u64 = 0xffff_ffff;
/// Up to this size in bytes, a file may hold more or less than it says: those of /proc
/// and /sys say 0 or a page.
const UNTOLD: u64 = 4096;

/// A file that contents are read from, under the name that errors give it.
#[derive(Debug)]
pub struct SourceFile {
    file: File,
    name: String,
    size: u64,
    /// Device and inode.
    identity: (u64, u64),
}

impl SourceFile {
    /// Opens a file, or reads a pipe to its end.
    ///
    /// # Errors
    /// It cannot be opened or read, or is a directory.
    pub fn open(path: &Path) -> Result<Rc<Self>, Error> {
        let name = path.display().to_string();
        let mut file = File::open(path).map_err(|error| failed("open", &name, &error))?;
        let metadata = file
            .metadata()
            .map_err(|error| failed("read", &name, &error))?;
        if metadata.is_dir() {
            return Err(Error::failed(format!("{name} is a directory, not a file")));
        }
        let kind = metadata.file_type();
        let size = if kind.is_block_device() {
            let end = file.seek(SeekFrom::End(0));
            end.map_err(|error| failed("read", &name, &error))?
        } else if !kind.is_file() || metadata.len() <= UNTOLD {
            let (spool, size) = spooled(file, &name)?;
            file = spool;
            size
        } else {
            metadata.len()
        };
        Ok(Rc::new(Self {
            file,
            name,
            size,
            identity: (metadata.dev(), metadata.ino()),
        }))
    }

    /// A file that is open already, under this name.
    ///
    /// # Errors
    /// Its size cannot be found.
    pub fn of(file: File, name: String) -> Result<Rc<Self>, Error> {
        let metadata = file.metadata();
        let metadata = metadata.map_err(|error| failed("read", &name, &error))?;
        Ok(Rc::new(Self {
            file,
            name,
            size: metadata.len(),
            identity: (metadata.dev(), metadata.ino()),
        }))
    }

    /// The file itself, to be read by somebody else.
    ///
    /// # Errors
    /// There are too many open files.
    pub fn file(&self) -> Result<File, Error> {
        let file = self.file.try_clone();
        file.map_err(|error| failed("open", &self.name, &error))
    }

    /// True if `path` leads to this file.
    pub fn is(&self, path: &Path) -> bool {
        let other = std::fs::metadata(path);
        other.is_ok_and(|other| (other.dev(), other.ino()) == self.identity)
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All of the file.
    pub fn all(self: &Rc<Self>) -> Content {
        self.part(0, self.size)
    }

    /// A part of the file.
    pub fn part(self: &Rc<Self>, start: u64, size: u64) -> Content {
        let source = Rc::clone(self);
        Content::Part {
            source,
            start,
            size,
        }
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        let read = self.file.read_exact_at(into, at);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::failed(format!(
                "{} became shorter while it was read: is it complete?",
                self.name
            )),
            _ => failed("read", &self.name, &error),
        })
    }
}

/// What a pipe or a device gives, or a file that does not tell its size, as a file in
/// memory, and its size in bytes.
fn spooled(from: File, name: &str) -> Result<(File, u64), Error> {
    let mut spool = in_memory("spool")?;
    // One byte more shows that there are too many.
    let mut limited = from.take(LARGEST.saturating_add(1));
    let size = io::copy(&mut limited, &mut spool).map_err(|error| failed("read", name, &error))?;
    if size > LARGEST {
        return Err(Error::failed(format!(
            "{name} gives more than 4 GiB: name a smaller file"
        )));
    }
    Ok((spool, size))
}

fn failed(what: &str, name: &str, error: &io::Error) -> Error {
    Error::file(what, name.as_ref(), error)
}

/// What a section holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A part of a file.
    Part {
        /// The file.
        source: Rc<SourceFile>,
        /// Offset of the first byte.
        start: u64,
        /// Bytes.
        size: u64,
    },
    /// One after the other, each padded to four bytes: initrds.
    Joined(Vec<Content>),
}

impl Content {
    /// The files that it is read from.
    pub fn sources(&self) -> Vec<&SourceFile> {
        match self {
            Self::Bytes(_) => Vec::new(),
            Self::Part { source, .. } => vec![source],
            Self::Joined(parts) => parts.iter().flat_map(Self::sources).collect(),
        }
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => to_u64(bytes.len()),
            Self::Part { size, .. } => *size,
            Self::Joined(parts) => parts
                .iter()
                .fold(0, |sum: u64, part| sum.saturating_add(padded(part.size()))),
        }
    }

    /// The first bytes, at most `limit`; of joined contents those of the first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn head(&self, limit: u64) -> Result<Vec<u8>, Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes[..bytes.len().min(to_usize(limit))].to_vec()),
            Self::Part {
                source,
                start,
                size,
            } => {
                let mut bytes = vec![0; to_usize(limit.min(*size))];
                source.read(*start, &mut bytes)?;
                Ok(bytes)
            }
            Self::Joined(parts) => parts
                .first()
                .map_or(Ok(Vec::new()), |part| part.head(limit)),
        }
    }

    /// Some bytes from an offset on, as many as there are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn bytes(&self, at: u64, count: u64) -> Result<Vec<u8>, Error> {
        match self {
            Self::Part {
                source,
                start,
                size,
            } => {
                let rest = size.saturating_sub(at);
                source.part(start.saturating_add(at), rest).head(count)
            }
            other => {
                let mut bytes = other.head(at.saturating_add(count))?;
                Ok(bytes.split_off(bytes.len().min(to_usize(at))))
            }
        }
    }

    /// All of it as text; an error if it is larger than text ever is.
    ///
    /// # Errors
    /// It is too long for a text, or the file cannot be read.
    pub fn text(&self, name: &str) -> Result<Vec<u8>, Error> {
        const LARGEST: u64 = 1 << 20;
        if self.size() > LARGEST {
            return Err(Error::failed(format!(
                "{name} has {} bytes, which is too long for a text: is it the right file?",
                self.size()
            )));
        }
        self.head(LARGEST)
    }

    /// Hands all of it to `to`, block by block.
    ///
    /// # Errors
    /// The file cannot be read; those of `to`.
    pub fn write(&self, to: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        match self {
            Self::Bytes(bytes) => to(bytes),
            Self::Part {
                source,
                start,
                size,
            } => {
                let mut block = vec![0; BLOCK.min(to_usize(*size))];
                let (mut at, mut rest) = (*start, *size);
                while rest > 0 {
                    let count = BLOCK.min(to_usize(rest));
                    source.read(at, &mut block[..count])?;
                    to(&block[..count])?;
                    at = at.saturating_add(to_u64(count));
                    rest = rest.saturating_sub(to_u64(count));
                }
                Ok(())
            }
            Self::Joined(parts) => parts.iter().try_for_each(|part| {
                part.write(to)?;
                let padding = padded(part.size()).saturating_sub(part.size());
                to(&[0; 3][..to_usize(padding)])
            }),
        }
    }
}

/// The size of an initrd with what pads it to four bytes.
fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(4).unwrap_or(u64::MAX)
}

/// What is written, with the sum that PE's checksum is made of and the
/// progress that a person sees.
pub struct Output<'a> {
    file: OutputFile,
    position: u64,
    sum: u64,
    total: u64,
    percent: u64,
    progress: Option<&'a mut dyn Write>,
}

/// Smaller files are done before anyone looks.
const PROGRESS_FROM: u64 = 64 << 20;

impl<'a> Output<'a> {
    /// Writes `total` bytes to `file`; progress is shown if somebody may look.
    pub fn new(file: OutputFile, total: u64, progress: Option<&'a mut dyn Write>) -> Self {
        Self {
            file,
            position: 0,
            sum: 0,
            total,
            percent: 0,
            progress: progress.filter(|_| total >= PROGRESS_FROM),
        }
    }

    /// Bytes written so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.file().write_all(bytes);
        written.map_err(|error| self.file.failed(&error))?;
        self.add(bytes);
        self.position = self.position.saturating_add(to_u64(bytes.len()));
        self.show();
        Ok(())
    }

    /// Writes zeros up to a position.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn fill(&mut self, to: u64) -> Result<(), Error> {
        while self.position < to {
            let count = to.saturating_sub(self.position).min(4096);
            self.write(&[0; 4096][..to_usize(count)])?;
        }
        Ok(())
    }

    /// The checksum of a PE file of which the checksum's own field is still
    /// zero: the 16-bit words added up with their carries, and the length.
    pub fn checksum(&self) -> u32 {
        let mut sum = self.sum;
        while sum > 0xffff {
            // Neither reaches 2^48.
            sum = (sum & 0xffff).wrapping_add(sum >> 16);
        }
        // A file of more than 4 GiB was refused.
        to_u32(sum.saturating_add(self.position))
    }

    /// Writes bytes at an earlier position and ends. Gives back the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self, at: u64, bytes: &[u8]) -> Result<OutputFile, Error> {
        let written = self.file.file().write_all_at(bytes, at);
        written.map_err(|error| self.file.failed(&error))?;
        if let Some(progress) = self.progress {
            // Who cannot be shown progress does not miss it.
            let _ = writeln!(progress);
        }
        Ok(self.file)
    }

    /// The sum of 4 GiB of words stays far below 2^64: nothing wraps.
    fn add(&mut self, mut bytes: &[u8]) {
        if !self.position.is_multiple_of(2)
            && let [first, rest @ ..] = bytes
        {
            self.sum = self.sum.wrapping_add(u64::from(*first) << 8);
            bytes = rest;
        }
        // Two words at once: 2^16 is 1 where carries are added at the low end.
        let (pairs, rest) = bytes.as_chunks::<4>();
        let pairs = pairs
            .iter()
            .map(|pair| u64::from(u32::from_le_bytes(*pair)));
        self.sum = self.sum.wrapping_add(pairs.sum());
        for (byte, shift) in rest.iter().zip([0_u32, 8, 0]) {
            self.sum = self.sum.wrapping_add(u64::from(*byte).wrapping_shl(shift));
        }
    }

    fn show(&mut self) {
        let percent = self
            .position
            .saturating_mul(100)
            .div_euclid(self.total.max(1));
        if let Some(progress) = &mut self.progress
            && percent > self.percent
        {
            let _ = write!(progress, "\r{}: {percent} %", self.file.name());
            let _ = progress.flush();
        }
        self.percent = percent;
    }
}
