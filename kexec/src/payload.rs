//! What is to be started: a kernel, its initrds and its command line.

use std::fs::File;

use rustix::fs::MemfdFlags;

use crate::error::Error;

/// What is to be started.
#[derive(Debug)]
pub struct Payload {
    /// What messages call it.
    pub name: String,
    /// The kernel, a bzImage.
    pub kernel: File,
    /// The initrds, which the kernel takes for one.
    pub initrd: Option<File>,
    /// The command line.
    pub cmdline: Vec<u8>,
}

/// A file in memory, for a kernel or an initrd that lies in no file of its own.
///
/// # Errors
/// Linux makes none.
pub fn in_memory(name: &str) -> Result<File, Error> {
    let file = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC);
    file.map(File::from)
        .map_err(|error| Error::text(format!("cannot make a file in memory: {error}")))
}
