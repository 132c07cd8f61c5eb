//! The program that becomes the init of a bridge: this one.

use std::fs;
use std::path::Path;

use goblin::elf::Elf;

use crate::error::Error;

/// The program that runs, even if its file has been replaced.
pub const RUNNING: &str = "/proc/self/exe";

/// Reads the program and makes sure that it runs where there is nothing else.
///
/// # Errors
/// It cannot be read, or needs libraries.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(|error| Error::file("read", path, &error))?;
    let elf = Elf::parse(&bytes).map_err(|_| {
        Error::failed(format!(
            "{} is not a program, so it cannot be the init",
            path.display()
        ))
    })?;
    match elf.interpreter {
        None => Ok(bytes),
        Some(_) => Err(Error::failed(
            "this gapboot needs libraries, which a bridge does not have: use the static one, which \
             ./x dist builds",
        )),
    }
}
