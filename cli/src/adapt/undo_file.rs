//! The file that gives the original back ([`adapt::undo`]).

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use adapt::undo::Undo;

use crate::error::{self, Error};

/// Writes the file, and syncs it and its directory to the medium. A file that exists is
/// not changed, and none is left that is incomplete.
///
/// # Errors
/// There is such a file, or it cannot be written.
pub fn save(undo: &Undo, path: &Path) -> Result<(), Error> {
    let cannot = |error: io::Error| {
        let (file, hint) = (path.display(), error::hint(&error));
        Error::failed(format!(
            "cannot write {file}: {error}{hint}; nothing was changed, name another file for --undo"
        ))
    };
    let mut file = File::create_new(path).map_err(cannot)?;
    let saved = file
        .write_all(&undo.bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_directory(path));
    saved.map_err(|error| {
        // What is not complete is of no use, and would be in the way next time.
        let _ = fs::remove_file(path);
        cannot(error)
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

/// Returns when the name of a new file is on the medium.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}
