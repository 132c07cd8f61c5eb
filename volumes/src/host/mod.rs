//! The running system: its mounts, and what it knows of its block devices. No root is
//! needed, and no device is opened.
//!
//! Everything is looked up below a directory, which is `/` but for tests.
//!
//! | module | content |
//! |---|---|
//! | `mounts` | the mounts of this process |
//! | `device` | a block device by what sysfs and udev say of it |

mod device;
mod mounts;

use std::path::{Path, PathBuf};

pub(crate) use mounts::Mount;

/// The system whose files lie below a directory.
#[derive(Clone, Debug)]
pub struct Host {
    root: PathBuf,
}

impl Default for Host {
    fn default() -> Self {
        Self::below(Path::new("/"))
    }
}

impl Host {
    /// The system whose files lie below `root`.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// Where a file of the system lies.
    fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }
}
