//! The code that makes a UKI a bzImage: `stub.bin`, the first part of every
//! file made, with headers and the table of sections left out.

use layout::uki::{
    KERNEL_INFO, KERNEL_INFO_MAGIC, PROTECTED_MODE, SETUP_HEADER_END, TABLE_HEADER, TABLE_MAGIC,
};

use std::borrow::Cow;
use std::path::Path;

use crate::error::Error;
use crate::loader_files;

// const EMBEDDED: Option<&[u8]>
include!(concat!(env!("OUT_DIR"), "/stub.rs"));

/// The name of its file.
const FILE: &str = "stub.bin";

/// `stub.bin`, from file offset 0 on.
#[derive(Clone)]
pub struct Stub<'a>(Cow<'a, [u8]>);

impl Stub<'static> {
    /// The stub inside this program, or else the one that a package has installed.
    ///
    /// # Errors
    /// This program was built without the stub, and the one in [`loader_files::PACKAGED`] is
    /// missing or damaged.
    pub fn of_this_system() -> Result<Self, Error> {
        match EMBEDDED {
            Some(bytes) => Stub::new(bytes)
                .map_err(|error| Error::failed(format!("this gapboot was built wrongly: {error}"))),
            None => loader_files::packaged("stub", FILE).and_then(Self::in_directory),
        }
    }

    /// The stub from its file in a directory.
    ///
    /// # Errors
    /// The file cannot be read, or is not what the build makes.
    pub fn in_directory(directory: &Path) -> Result<Self, Error> {
        let bytes = loader_files::read(directory, FILE)?;
        Stub::new(bytes).map_err(|error| error.on(directory))
    }
}

impl<'a> Stub<'a> {
    /// The stub from `stub.bin`; an error if it can't be what the build makes.
    ///
    /// # Errors
    /// It is not what the build makes.
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        let has = |at: usize, magic: &[u8]| {
            let rest = bytes.get(at..);
            rest.is_some_and(|rest| rest.starts_with(magic))
        };
        let info = PROTECTED_MODE + KERNEL_INFO;
        let table = PROTECTED_MODE + TABLE_HEADER;
        if !has(info, &KERNEL_INFO_MAGIC)
            || !has(table, &TABLE_MAGIC)
            || !has(SETUP_HEADER_END, &[0xeb])
            || !bytes.len().is_multiple_of(16)
        {
            return Err(Error::failed("stub.bin is damaged"));
        }
        Ok(Self(bytes))
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
