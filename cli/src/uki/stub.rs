//! The code that makes a UKI a bzImage: `stub.bin`, the first part of every
//! file made, with headers and the table of sections left out.

use layout::uki::{
    KERNEL_INFO, KERNEL_INFO_MAGIC, PROTECTED_MODE, SETUP_HEADER_END, TABLE_HEADER, TABLE_MAGIC,
};

use crate::error::Error;

// const EMBEDDED: Option<&[u8]>
include!(concat!(env!("OUT_DIR"), "/stub.rs"));

/// `stub.bin`, from file offset 0 on.
#[derive(Clone, Copy)]
pub struct Stub<'a>(&'a [u8]);

impl Stub<'static> {
    /// The stub inside this program.
    ///
    /// # Errors
    /// This program was built without the stub.
    pub fn embedded() -> Result<Self, Error> {
        let missing = "this gapboot was built without the stub: build it with ./x dist";
        Stub::new(EMBEDDED.ok_or(Error::failed(missing))?)
    }
}

impl<'a> Stub<'a> {
    /// The stub from `stub.bin`; an error if it can't be what the build makes.
    ///
    /// # Errors
    /// It is not what the build makes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
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
            let wrong = "this gapboot was built wrongly: stub.bin is damaged";
            return Err(Error::failed(wrong));
        }
        Ok(Self(bytes))
    }

    /// All of it.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }
}
