//! Images that boot on BIOS only, and what makes them start on UEFI as well.
//!
//! ```text
//! Bytes -> look -> Look \
//!                        } -> plan -> Plan: changes, in their order -> whoever writes them
//! files -> esp -> bytes /                                          \-> undo -> a file
//! ```
//!
//! Nothing here writes: a [`Plan`](plan::Plan) is a value. It adds an EFI system partition
//! after the end of the image, and names it in all tables in which firmware may look.
//!
//! | module | content |
//! |---|---|
//! | [`look`](mod@look) | what an image is: its tables, its end, how it boots already |
//! | [`mbr`], [`gpt`] | its partition table |
//! | [`iso`], [`el_torito`] | ISO 9660's descriptors, and the catalogue by which CDs boot |
//! | [`esp`] | the EFI system partition |
//! | [`plan`] | all changes, in an order that survives an interruption |
//! | [`change`] | one of them |
//! | [`undo`] | the file that gives the original back |
//! | `bytes` | numbers in bytes |

#![forbid(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

mod bytes;
pub mod change;
pub mod el_torito;
pub mod esp;
pub mod gpt;
pub mod iso;
pub mod look;
pub mod mbr;
pub mod plan;
pub mod undo;

/// Bytes of a sector, in which partition tables count.
pub const SECTOR: u64 = 512;
/// Bytes of a sector of a CD, in which El Torito counts.
pub const CD_SECTOR: u64 = 2048;
/// A mebibyte.
pub const MIB: u64 = 1 << 20;
