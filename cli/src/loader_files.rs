//! The files of the loader, for a program that was built without them: `cargo install`
//! builds such a one.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// Where packages install the files.
pub const PACKAGED: &str = "/usr/lib/gapboot";

/// The directory of the files that a package has installed. `what` is needed, and lies in
/// the file `name`.
///
/// # Errors
/// The file is not there.
pub fn packaged(what: &str, name: &str) -> Result<&'static Path, Error> {
    let directory = Path::new(PACKAGED);
    match directory.join(name).exists() {
        true => Ok(directory),
        false => Err(Error::failed(format!(
            "this gapboot was built without the {what}, and there is no {PACKAGED}/{name}: install \
             gapboot's package, name the directory of the loader's files with --loader DIR, or \
             build gapboot with ./x dist"
        ))),
    }
}

/// The bytes of a file.
///
/// # Errors
/// It cannot be read.
pub fn read(directory: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let path = directory.join(name);
    fs::read(&path).map_err(|error| Error::file("read", &path, &error))
}
