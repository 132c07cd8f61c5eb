//! A mounted directory. No link leads out of it, neither into the rest of the system nor
//! to another file system that is mounted below it: that is a device of its own.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;

use menus::storage::Failure;
use rustix::fs::{Dir, FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;

use crate::below::open_below;
use crate::file_system::{FileSystem, Node};
use crate::image::Image;

/// An open directory.
pub(crate) struct Tree(OwnedFd);

impl Tree {
    /// Opens the directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::PATH;
        open(path, flags, Mode::empty()).map(Self).map_err(failure)
    }

    fn at(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Failure> {
        open_below(&self.0, path, flags).map_err(failure)
    }
}

impl FileSystem for Tree {
    fn node(&self, path: &str) -> Result<Node, Failure> {
        // Devices and pipes are not opened: that may wait, or do something.
        let found = fstat(self.at(path, OFlags::PATH)?).map_err(failure)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Ok(Node::Directory),
            FileType::RegularFile => {
                let file = File::from(self.at(path, OFlags::RDONLY | OFlags::NONBLOCK)?);
                let image = Image::of(file);
                let image = image.map_err(|error| Failure::Unreadable(error.to_string()))?;
                Ok(Node::File(Rc::new(image)))
            }
            _ => Err(Failure::Missing),
        }
    }

    fn names(&self, path: &str, limit: usize) -> Result<Vec<String>, Failure> {
        let directory = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::new(directory).map_err(failure)? {
            let entry = entry.map_err(failure)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => continue,
                Ok(_) if names.len() >= limit => return Err(Failure::Large),
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn failure(error: Errno) -> Failure {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::XDEV | Errno::LOOP | Errno::NAMETOOLONG => {
            Failure::Missing
        }
        Errno::ACCESS | Errno::PERM => Failure::Unreadable(format!("{error}: run gapboot as root")),
        Errno::NOSYS => Failure::Unsupported(
            "this Linux is older than 5.6 and cannot keep links inside of the directory: use a \
             newer one"
                .to_owned(),
        ),
        error => Failure::Unreadable(error.to_string()),
    }
}
