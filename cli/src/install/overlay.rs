//! The overlay's header, by which an installed one is known.

use layout::overlay::{BUILD_OFFSET, CHECKSUM_OFFSET, LENGTH_OFFSET, MAGIC, RESIDUE, SIZE, size};

use crate::number::to_usize;

/// What overlays of any format begin with.
const MARK: &[u8] = b"gapover";
const _: () = assert!(MARK.len() + 1 == MAGIC.len());

/// An overlay, as far as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverlayHeader {
    /// The stage2 that it belongs to: the checksum of its unpacked image.
    pub build: u32,
    /// The checksum is right. Never true for a format that is not ours.
    pub intact: bool,
}

impl OverlayHeader {
    /// The overlay at the start of `bytes`, if they begin like one.
    pub fn find(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < SIZE || !bytes.starts_with(MARK) {
            return None;
        }
        let build = &bytes[BUILD_OFFSET..][..4];
        let length = to_usize(number(&bytes[LENGTH_OFFSET..]));
        let possible = bytes.starts_with(&MAGIC) && (SIZE..=CHECKSUM_OFFSET).contains(&length);
        let whole = possible.then(|| bytes.get(..size(length))).flatten();
        let sum = whole.map(|overlay| {
            let mut checksum = crc32fast::Hasher::new();
            checksum.update(build);
            checksum.update(overlay);
            checksum.finalize()
        });
        Some(Self {
            build: number(build),
            intact: sum == Some(RESIDUE),
        })
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
