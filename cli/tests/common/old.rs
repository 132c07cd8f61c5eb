//! Version 0.1.0's own files (`cli/tests/fixtures/0.1.0`).

use std::ops::Range;

use cli::install::Stages;
use layout::disk::SECTOR;

use super::{CODE, GAP, Image, overlay_of};

/// Where 0.1.0 has its overlay: sectors 66-129.
pub fn overlay() -> Range<usize> {
    overlay_of(64)
}

/// The loader of 0.1.0.
pub fn stages() -> Stages {
    let stage1 = include_bytes!("../fixtures/0.1.0/stage1.bin");
    let stage2 = include_bytes!("../fixtures/0.1.0/stage2.bin");
    let overlay = include_bytes!("../fixtures/0.1.0/overlay.bin");
    Stages::new(stage1, stage2, Some(overlay)).unwrap()
}

/// Puts the loader of 0.1.0 into an image, byte for byte as its own installer does.
pub fn put(image: &mut [u8]) {
    let stages = stages();
    image[CODE].copy_from_slice(&stages.code);
    image[GAP].copy_from_slice(&stages.stage2);
    image[overlay()].copy_from_slice(&stages.overlay.unwrap());
}

/// Puts the loader of 0.1.0 onto a disk.
pub fn install(image: &Image) {
    let mut bytes = image.bytes();
    put(&mut bytes);
    image.set(&bytes);
}

/// An installation by 0.1.0's own `gapboot install --undo`.
pub struct Installed {
    /// The disk after it.
    pub image: Image,
    /// The bytes of the disk before it.
    pub before: Vec<u8>,
    /// The path of the undo file.
    pub undo: String,
}

impl Installed {
    /// The installation that wrote this undo file, on the disk that `before` makes anew.
    pub fn new(before: Image, undo: &[u8]) -> Self {
        let path = format!("{}.undo", before.name());
        std::fs::write(&path, undo).unwrap();
        let bytes = before.bytes();
        // A sector's number, what was there, and what was written.
        for record in undo[40..].chunks_exact(8 + 2 * SECTOR) {
            let at = u64::from_le_bytes(record[..8].try_into().unwrap()) as usize * SECTOR;
            let (old, new) = record[8..].split_at(SECTOR);
            assert!(&bytes[at..at + SECTOR] == old, "another disk at byte {at}");
            before.put(at, new);
        }
        Self {
            image: before,
            before: bytes,
            undo: path,
        }
    }

    /// A disk with a GPT, with GRUB's mark in sector 0 and data in sector 60.
    pub fn gpt() -> Self {
        let image = gpt_disk();
        image.put(384, b"GRUB ").put(60 * SECTOR, b"precious");
        Self::new(image, include_bytes!("../fixtures/0.1.0/gpt.undo"))
    }

    /// A disk with a GPT, installed with `--reserve` and `--no-overlay`.
    pub fn reserved() -> Self {
        Self::new(gpt_disk(), include_bytes!("../fixtures/0.1.0/reserve.undo"))
    }

    /// A disk with an MBR, installed with `--no-overlay`.
    pub fn mbr() -> Self {
        let image = Image::blank();
        image.run_sfdisk("label: dos\nlabel-id: 0x9a0b0010\nstart=2048, size=1M, type=ea\n");
        Self::new(image, include_bytes!("../fixtures/0.1.0/mbr.undo"))
    }
}

fn gpt_disk() -> Image {
    Image::with(&[
        "--clear",
        "--disk-guid=9A0B0010-0000-4000-8000-000000000010",
        "--new=1:2048:+1M",
        "--typecode=1:ef00",
        "--partition-guid=1:9A0B0010-0000-4000-8000-000000000011",
    ])
}
