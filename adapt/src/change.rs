//! One change of an image.

use crate::SECTOR;
use crate::bytes::to_u64;

/// Whole sectors that get other bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is, for a person.
    pub what: &'static str,
    /// The first sector.
    pub lba: u64,
    /// The bytes of whole sectors.
    pub bytes: Vec<u8>,
    /// They lie after the end of the original image, where nothing was.
    pub is_new: bool,
}

impl Change {
    /// Where it begins, in bytes.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.lba.saturating_mul(SECTOR)
    }

    /// Where it ends, in bytes.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.at().saturating_add(to_u64(self.bytes.len()))
    }
}
