//! The fields of stage2's own header ([`layout::header`]), as stage1 loaded it.

use boot::overlay::Build;
use layout::{header, memory};

/// The byte at an offset in the header.
pub(crate) fn byte(offset: usize) -> u8 {
    const { assert!(header::SIZE <= 64) };
    let address = memory::STAGE2.start as usize + (offset & 63);
    // SAFETY: the header is part of stage2 as loaded, which stays in its place, is
    // longer than 64 bytes, and is never written.
    unsafe { core::ptr::read_volatile(address as *const u8) }
}

/// The build of this stage2. The overlay must be of the same build.
pub(crate) fn build() -> Build {
    let address = memory::STAGE2.start as usize + header::BUILD_OFFSET;
    Build {
        // SAFETY: as in `byte`; the field is aligned.
        checksum: unsafe { core::ptr::read_volatile(address as *const u32) },
        overlay_sectors: byte(header::OVERLAY_SECTORS_OFFSET).into(),
    }
}
