//! The readers of other loaders' menus against GRUB's converters: the same labels and
//! titles with the same kernels, initrds and command lines, in the configurations of
//! Debian's packages and in random ones.
//!
//! | module | content |
//! |---|---|
//! | `syslinux` | against `grub-syslinux2cfg` |
//! | `grub_legacy` | against `grub-menulst2cfg` |
//! | `script` | the GRUB scripts that the converters write, as far as they write them |
//! | `tree` | directories as a device |
//! | `random` | random choices that a seed repeats |

// Tests may fail by panicking: that is what they are for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod grub_legacy;
mod random;
mod script;
mod syslinux;
mod tree;

/// Random configurations of each kind.
const SEEDS: u64 = if cfg!(feature = "heavy") { 2000 } else { 60 };
