//! Where gapboot lies on a disk, in sectors of 512 bytes.

/// Bytes in a sector. Disks with other sector sizes are refused.
pub const SECTOR: usize = 512;

/// Bytes of sector 0 that are stage1. The rest of the sector (disk signature,
/// partition table, boot signature) is not gapboot's.
pub const STAGE1_CODE: usize = 440;

/// First sector of stage2: the first one after a GPT of the usual size.
pub const STAGE2_LBA: u64 = 34;
/// Sectors that stage2 may fill.
pub const STAGE2_SECTORS: u64 = 32;
/// Bytes that stage2 may fill.
pub const STAGE2_BYTES: usize = 16_384;

/// First sector of the overlay. It is installed where the gap has enough room.
pub const OVERLAY_LBA: u64 = 66;
/// Sectors that the overlay may fill, 66 to 191. The overlay takes only those that it
/// needs ([`overlay::sectors`](super::overlay::sectors)).
pub const OVERLAY_SECTORS: u64 = 126;
/// Bytes that the overlay may fill.
pub const OVERLAY_BYTES: usize = 64_512;

const _: () = {
    assert!(STAGE2_BYTES as u64 == STAGE2_SECTORS * SECTOR as u64);
    assert!(OVERLAY_BYTES as u64 == OVERLAY_SECTORS * SECTOR as u64);
    assert!(STAGE2_LBA + STAGE2_SECTORS <= OVERLAY_LBA);
    assert!(OVERLAY_LBA + OVERLAY_SECTORS <= 2048);
};
