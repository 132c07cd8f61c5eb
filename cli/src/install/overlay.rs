//! The overlay's header, by which an installed overlay is recognised, and the checksum,
//! by which the loader recognises its own overlay.

use layout::disk::SECTOR;
use layout::format1;
use layout::overlay::{BUILD_OFFSET, CHECKSUM_OFFSET, LENGTH_OFFSET, MAGIC, RESIDUE, SIZE, size};

use crate::number::{to_u64, to_usize};

/// The first bytes of an overlay of any format.
const MARK: &[u8] = b"gapover";
const _: () = assert!(MARK.len() + 1 == MAGIC.len());

/// An overlay, as its header describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverlayHeader {
    /// The checksum of the unpacked image of the stage2 that the overlay belongs to.
    pub build: u32,
    /// The number of sectors; `None` if the header is damaged, or of a format that this
    /// program does not know.
    pub sectors: Option<u64>,
    /// The checksum is right. Never true without a number of sectors.
    pub intact: bool,
}

impl OverlayHeader {
    /// The overlay at the start of `bytes`, if they begin with an overlay's magic.
    pub fn find(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < SIZE || !bytes.starts_with(MARK) {
            return None;
        }
        let build = number(&bytes[BUILD_OFFSET..]);
        let size = size_on_disk(bytes);
        let overlay = size.and_then(|size| bytes.get(..size));
        Some(Self {
            build,
            sectors: size.map(|size| to_u64(size / SECTOR)),
            intact: overlay.is_some_and(|overlay| is_intact(overlay, build)),
        })
    }
}

/// True if the checksum at the end of `overlay` is right, for the stage2 of this
/// build.
pub fn is_intact(overlay: &[u8], build: u32) -> bool {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&build.to_le_bytes());
    checksum.update(overlay);
    checksum.finalize() == RESIDUE
}

/// The sectors of a whole overlay.
pub fn sectors(overlay: &[u8]) -> u64 {
    to_u64(overlay.len().div_ceil(SECTOR))
}

/// The bytes on the disk of the overlay with this header.
fn size_on_disk(header: &[u8]) -> Option<usize> {
    if header.starts_with(&format1::OVERLAY_MAGIC) {
        return Some(format1::BYTES);
    }
    let length = to_usize(number(&header[LENGTH_OFFSET..]));
    let known = header.starts_with(&MAGIC) && (SIZE..=CHECKSUM_OFFSET).contains(&length);
    known.then(|| size(length))
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
