//! Files in memory.

use std::fs::File;

use rustix::fs::MemfdFlags;

use crate::error::Error;

/// A file in memory, for a kernel or an initrd that lies in no file of its own.
///
/// # Errors
/// Linux makes none.
pub fn in_memory(name: &str) -> Result<File, Error> {
    let file = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC);
    file.map(File::from)
        .map_err(|error| Error::text(format!("cannot make a file in memory: {error}")))
}
