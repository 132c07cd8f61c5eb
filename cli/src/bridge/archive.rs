//! The initrd of a bridge: a cpio archive ("newc"), compressed by zstd.
//!
//! The same files give the same bytes: names are sorted, times and owners are 0, and one
//! thread compresses.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use zstd::stream::write::Encoder;

use crate::error::Error;
use crate::number::to_u32;
use crate::uki::content::Content;
use crate::uki::cpio;

/// The best that is still fast to make: the kernel unpacks all levels at the same speed.
const LEVEL: i32 = 19;

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;

/// Where the bytes of a file come from.
pub enum Source {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A part of a file.
    Content(Content),
    /// A file, which is opened when it is written.
    Path(PathBuf),
}

enum Entry {
    Directory,
    File { mode: u32, source: Source },
}

/// Files by their paths, without a slash in front.
#[derive(Default)]
pub struct Archive(BTreeMap<String, Entry>);

impl Archive {
    /// Adds a directory, and those that it is in.
    ///
    /// # Errors
    /// A file is there.
    pub fn directory(&mut self, path: &str) -> Result<(), Error> {
        self.parents(path)?;
        match self.0.entry(path.to_owned()).or_insert(Entry::Directory) {
            Entry::Directory => Ok(()),
            Entry::File { .. } => Err(taken(path)),
        }
    }

    /// Adds a file, and the directories that it is in.
    ///
    /// # Errors
    /// Something is there.
    pub fn file(&mut self, path: &str, is_executable: bool, source: Source) -> Result<(), Error> {
        self.parents(path)?;
        let mode = match is_executable {
            true => PROGRAM,
            false => FILE,
        };
        let old = self.0.insert(path.to_owned(), Entry::File { mode, source });
        old.map_or(Ok(()), |_| Err(taken(path)))
    }

    fn parents(&mut self, path: &str) -> Result<(), Error> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.directory(parent),
            None => Ok(()),
        }
    }

    /// All of it, compressed.
    ///
    /// # Errors
    /// A file cannot be read, or is too large.
    pub fn compressed(self) -> Result<Vec<u8>, Error> {
        let failed = |error: io::Error| {
            Error::failed(format!(
                "cannot compress the initrd: {error}; free some memory"
            ))
        };
        let mut encoder = Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
        encoder.include_checksum(true).map_err(failed)?;
        let mut record = Vec::new();
        for (inode, (path, entry)) in (1..).zip(self.0) {
            let (mode, bytes) = match entry {
                Entry::Directory => (DIRECTORY, Vec::new()),
                Entry::File { mode, source } => (mode, source.bytes(&path)?),
            };
            record.clear();
            cpio::record(&mut record, inode, mode, &path, &bytes);
            encoder.write_all(&record).map_err(failed)?;
        }
        encoder.write_all(cpio::TRAILER).map_err(failed)?;
        encoder.finish().map_err(failed)
    }
}

impl Source {
    fn bytes(self, name: &str) -> Result<Vec<u8>, Error> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            Self::Content(content) => content.head(u64::MAX)?,
            Self::Path(path) => {
                fs::read(&path).map_err(|error| Error::file("read", &path, &error))?
            }
        };
        // What `to_u32` returns for every larger number.
        match to_u32(bytes.len()) {
            u32::MAX => Err(Error::failed(format!(
                "/{name} would have 4 GiB or more: include a smaller file"
            ))),
            _ => Ok(bytes),
        }
    }
}

fn taken(path: &str) -> Error {
    Error::failed(format!(
        "/{path} is in the bridge already: name another place by --include FILE:/PATH/NAME"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes() -> Source {
        Source::Bytes(b"x".to_vec())
    }

    #[test]
    fn places_are_taken_once() {
        let mut archive = Archive::default();
        archive.file("a/b", true, bytes()).unwrap();
        archive.directory("a").unwrap();
        assert!(archive.file("a/b", false, bytes()).is_err());
        assert!(archive.directory("a/b").is_err());
        assert!(archive.file("a/b/c", false, bytes()).is_err());
        assert!(archive.file("a", false, bytes()).is_err());
    }

    #[test]
    fn the_order_of_adding_does_not_matter() {
        let archive = |paths: [&str; 2]| {
            let mut archive = Archive::default();
            for path in paths {
                archive.file(path, false, bytes()).unwrap();
            }
            archive.compressed().unwrap()
        };
        assert_eq!(archive(["a/b", "c"]), archive(["c", "a/b"]));
    }
}
