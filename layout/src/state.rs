//! The state file, in which the menu and `gapboot set` keep settings between boots.
//!
//! The file is one sector long and lies at [`PATH`] on the EFI system partition. It is
//! created once at its full size, and from then on written in place, so that neither
//! side ever changes a FAT or a directory for it. A missing or damaged file is not an
//! error: it means that nothing is set. Numbers are little-endian; offsets and sizes are in bytes.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | magic, `gapstate` |
//! | 8 | 2 | format version, 1 |
//! | 10 | 2 | reserved, 0 |
//! | 12 | 4 | CRC-32 (IEEE 802.3) of the bytes from offset 16 to the end |
//! | 16 | 4 | timeout of the menu: seconds, 0 hidden, 2^32-2 disabled, 2^32-1 forced |
//! | 20 | 4 | timeout for the next boot alone, at which the menu always appears |
//! | 24 | 4 | flags: which of the two timeouts are set |
//! | 28 | 4 | reserved, 0 |
//! | 32 | 480 | the texts of four [`Setting`]s, each followed by a NUL; then zeros |
//!
//! `docs/formats.md` describes the file for other programs.

use super::disk::SECTOR;

/// Where the file lies on the EFI system partition.
pub const PATH: &str = "/loader/gapboot.state";
/// The file's size: one sector.
pub const SIZE: usize = SECTOR;

/// The first bytes of the file.
pub const MAGIC: [u8; 8] = *b"gapstate";
/// The format that this source reads and writes.
pub const FORMAT: u16 = 1;

/// Offset of the format version.
pub const FORMAT_OFFSET: usize = 8;
/// Offset of the checksum.
pub const CHECKSUM_OFFSET: usize = 12;
/// First byte that the checksum covers.
pub const CHECKED_FROM: usize = 16;
/// Offset of the timeout.
pub const TIMEOUT_OFFSET: usize = 16;
/// Offset of the timeout for the next boot alone.
pub const ONE_SHOT_TIMEOUT_OFFSET: usize = 20;
/// Offset of the flags.
pub const FLAGS_OFFSET: usize = 24;
/// Offset of the texts.
pub const TEXTS_OFFSET: usize = 32;

/// Flag: the timeout is set.
pub const HAS_TIMEOUT: u32 = 1;
/// Flag: the timeout for the next boot is set.
pub const HAS_ONE_SHOT_TIMEOUT: u32 = 2;

/// A setting that is a text. The texts lie in the file in this order; an empty one
/// is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The entry that boots when nobody chooses: a pattern, like `default` in
    /// `loader.conf`.
    Default,
    /// As [`Default`](Self::Default), but bad entries are skipped.
    Preferred,
    /// The entry that boots the next time, and only then: a pattern or an id.
    OneShot,
    /// Id of the entry that was booted last, for `@saved`.
    LastBooted,
}

impl Setting {
    /// The setting's index among the texts in the file.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The number of texts.
pub const TEXTS: usize = 4;
/// Bytes for all texts together with their NULs.
pub const TEXTS_SIZE: usize = SIZE - TEXTS_OFFSET;

const _: () = {
    assert!(CHECKED_FROM == TIMEOUT_OFFSET);
    assert!(Setting::LastBooted.index() + 1 == TEXTS);
};
