//! Where this image lies: the stub's code and data, all Rust objects and the
//! stack. Loaders may put it at any page.

use layout::uki::ENTRY_64;
use stub::memory::Range;
use stub::size::wide;

unsafe extern "C" {
    // `entry.s` begins with it. Nothing writes to it.
    safe static start: [u8; ENTRY_64];
    // `entry.s` ends with it; there is no object.
    static image_end: u8;
}

/// The first bytes, which hold the header of the table.
pub(crate) fn header() -> &'static [u8] {
    &start
}

/// The address of the first byte: of the protected-mode part of the file.
pub(crate) fn address() -> u64 {
    wide((&raw const start).addr())
}

/// All of the image. The other pieces of the file follow.
pub(crate) fn range() -> Range {
    Range {
        start: address(),
        size: wide((&raw const image_end).addr()).saturating_sub(address()),
    }
}
