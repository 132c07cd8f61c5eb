//! ext2, ext3 and ext4 by the crate `ext4-view`.

use std::cell::RefCell;
use std::error::Error;
use std::io;
use std::rc::Rc;

use ext4_view::{Ext4, Ext4Error, Ext4Read, File};
use menus::storage::Failure;

use crate::bytes::{Bytes, beyond};
use crate::file_system::{FileSystem, Node};

/// An ext2, ext3 or ext4 file system.
pub(crate) struct Ext(Ext4);

impl Ext {
    pub(crate) fn open(bytes: &Rc<dyn Bytes>) -> Result<Self, Failure> {
        let source = Box::new(Source(bytes.clone()));
        Ext4::load(source).map(Self).map_err(failure)
    }
}

impl FileSystem for Ext {
    fn node(&self, path: &str) -> Result<Node, Failure> {
        if self.0.metadata(path).map_err(failure)?.is_dir() {
            return Ok(Node::Directory);
        }
        let file = self.0.open(path).map_err(failure)?;
        Ok(Node::File(Rc::new(ExtFile {
            size: file.metadata().len(),
            file: RefCell::new(file),
        })))
    }

    fn names(&self, path: &str, limit: usize) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        for entry in self.0.read_dir(path).map_err(failure)? {
            let entry = entry.map_err(failure)?;
            let name = entry.file_name();
            match name.as_str() {
                Ok("." | "..") | Err(_) => continue,
                Ok(_) if names.len() >= limit => return Err(Failure::Large),
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }
}

/// A file, which remembers where in it reading goes on.
struct ExtFile {
    size: u64,
    file: RefCell<File>,
}

impl Bytes for ExtFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.borrow_mut();
        if file.position() != at {
            file.seek_to(at).map_err(io::Error::other)?;
        }
        let mut left = into;
        while !left.is_empty() {
            match file.read_bytes(left).map_err(io::Error::other)? {
                0 => return Err(beyond()),
                count => left = left.get_mut(count..).ok_or_else(beyond)?,
            }
        }
        Ok(())
    }
}

/// The device as the crate reads it.
struct Source(Rc<dyn Bytes>);

impl Ext4Read for Source {
    fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(self.0.read_at(at, into)?)
    }
}

/// A file system that cannot be read may yet be one that Linux reads.
fn failure(error: Ext4Error) -> Failure {
    match error {
        Ext4Error::NotFound
        | Ext4Error::NotADirectory
        | Ext4Error::IsASpecialFile
        | Ext4Error::MalformedPath
        | Ext4Error::TooManySymlinks
        | Ext4Error::PathTooLong => Failure::Missing,
        Ext4Error::Incompatible(_) | Ext4Error::Encrypted => Failure::Unsupported(format!(
            "the device holds ext4 with something that is not read here ({error}): mount it, \
             and name the directory"
        )),
        _ => Failure::Unreadable(error.to_string()),
    }
}
