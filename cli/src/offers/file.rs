//! Files of devices, for what reads files.

use std::fs::File;
use std::io::Write;
use std::rc::Rc;

use kexec::memory_file::in_memory;
use menus::storage::Location;
use volumes::{Bytes, Volumes};

use crate::error::Error;
use crate::number::{to_u64, to_usize};
use crate::uki::content::SourceFile;

/// Bytes that are copied at once.
const BLOCK: u64 = 1 << 20;

/// A file of a device, to be read by what reads files: itself, if it is one of a mounted
/// tree, else a copy in memory.
pub(super) fn file(volumes: &Volumes, at: &Location) -> Result<Rc<SourceFile>, Error> {
    let failed = |problem: &str| Error::failed(format!("{} {problem}", at.path));
    let bytes = volumes
        .file(at)
        .map_err(|failure| failed(&failure.to_string()))?;
    let file = match bytes.as_file() {
        Some(file) => file
            .try_clone()
            .map_err(|error| failed(&format!("cannot be read: {error}"))),
        None => copy(&*bytes).map_err(|error| failed(&error.to_string())),
    };
    SourceFile::of(file?, at.path.clone())
}

/// A copy of all bytes in memory.
fn copy(bytes: &dyn Bytes) -> Result<File, Error> {
    let mut copy = in_memory("file")?;
    let mut at = 0;
    while at < bytes.size() {
        let count = bytes.size().saturating_sub(at).min(BLOCK);
        let mut block = vec![0; to_usize(count)];
        let read = bytes.read_at(at, &mut block);
        read.map_err(|error| Error::failed(format!("cannot be read: {error}")))?;
        copy.write_all(&block).map_err(|error| {
            Error::failed(format!(
                "cannot be copied to memory: {error}; free some memory"
            ))
        })?;
        at = at.saturating_add(to_u64(block.len()));
    }
    Ok(copy)
}
