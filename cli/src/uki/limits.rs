//! Alignments and the largest size of the files that are written.

use crate::error::Error;

/// Contents begin at multiples of this.
pub const FILE_ALIGNMENT: u64 = 0x200;
/// Addresses of new sections are multiples of it.
pub const PAGE: u64 = 0x1000;
/// A number of the file does not fit its headers.
pub fn too_large() -> Error {
    Error::failed("the file would be larger than 4 GiB: use a smaller initrd")
}
