//! The file that gives the original back ([`adapt::undo`]).

use std::fs;
use std::path::Path;

use adapt::undo::Undo;

use crate::error::{self, Error};
use crate::output_file::create_new;

/// Writes the file, and syncs it and its directory to the medium. A file that exists is
/// not changed, and none is left that is incomplete.
///
/// # Errors
/// There is such a file, or it cannot be written.
pub fn save(undo: &Undo, path: &Path) -> Result<(), Error> {
    create_new(path, &undo.bytes()).map_err(|error| {
        let (file, hint) = (path.display(), error::hint(&error));
        Error::failed(format!(
            "cannot write {file}: {error}{hint}; nothing was changed, name another file for --undo"
        ))
    })
}

/// Reads a file that [`save`] wrote.
///
/// # Errors
/// It cannot be read, or is another kind of file.
pub fn load(path: &Path) -> Result<Undo, Error> {
    let bytes = fs::read(path).map_err(|error| Error::file("read", path, &error))?;
    Undo::parse(&bytes).ok_or_else(|| {
        Error::failed(format!(
            "{} is no file of `gapboot adapt --undo`, or a damaged one",
            path.display()
        ))
    })
}
