//! What every file system can do, and how it says that it cannot.

use std::io;
use std::rc::Rc;

use menus::storage::Failure;

use crate::bytes::Bytes;

/// The files of a device. Paths begin with `/`, and have no empty, `.` or `..` component.
/// Links are followed, never out of the file system.
pub(crate) trait FileSystem {
    /// What is at a path.
    fn node(&self, path: &str) -> Result<Node, Failure>;

    /// The names in a directory, at most `limit` of them, without `.` and `..`. Names
    /// that are not UTF-8 are left out: no menu can have them.
    fn names(&self, path: &str, limit: usize) -> Result<Vec<String>, Failure>;
}

/// What is at a path.
pub(crate) enum Node {
    /// A directory.
    Directory,
    /// A file, with its content.
    File(Rc<dyn Bytes>),
}

/// The device could not be read.
pub(crate) fn unreadable(error: &io::Error) -> Failure {
    Failure::Unreadable(error.to_string())
}

/// The device holds something that is not read here.
pub(crate) fn not_read_here(what: &str) -> Failure {
    Failure::Unsupported(format!(
        "the device holds {what}, which is not read here: mount it, and name the directory"
    ))
}
