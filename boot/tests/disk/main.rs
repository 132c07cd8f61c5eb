//! Everything between the disk and the bytes of a file, against images that
//! sgdisk, mkfs.vfat and mtools make, and against broken ones.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod broken_fat;
mod broken_gpt;
mod caches;
mod counted;
mod counting;
mod directories;
mod fake;
mod fat_image;
mod files;
mod gpt;
mod mbr;
mod names;
mod power_cuts;
mod requests;
mod tools;
