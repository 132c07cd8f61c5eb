//! Format 1 of the installed loader, which version 0.1.0 wrote: the differences from
//! today's format. The overlay always fills the same sectors, and its last bytes are
//! its checksum; stage2's header does not mention the overlay. Everything else is as
//! in [`header`](super::header) and [`overlay`](super::overlay).

use super::disk::{OVERLAY_LBA, OVERLAY_SECTORS, SECTOR};

/// The format version in stage2's header.
pub const FORMAT: u16 = 1;
/// The first bytes of the overlay.
pub const OVERLAY_MAGIC: [u8; 8] = *b"gapover1";
/// Sectors of the overlay, from [`OVERLAY_LBA`] on.
pub const SECTORS: u64 = 64;
/// Bytes of the overlay.
pub const BYTES: usize = 32_768;
/// Offset of the overlay's checksum.
pub const CHECKSUM_OFFSET: usize = 32_764;

const _: () = {
    assert!(FORMAT != super::header::FORMAT);
    assert!(BYTES as u64 == SECTORS * SECTOR as u64);
    assert!(CHECKSUM_OFFSET == BYTES - super::overlay::CHECKSUM_SIZE);
    // A reader of today's sectors has read those of format 1.
    assert!(OVERLAY_LBA + SECTORS <= OVERLAY_LBA + OVERLAY_SECTORS);
};
