//! Other boot loaders' menus, read into values.
//!
//! ```text
//! a Storage -> a configuration file -> a reader -> Menu
//! ```
//!
//! A reader does no input or output of its own: it asks a [`Storage`] for files,
//! directories and devices. It writes nothing. Whatever bytes a file has, reading
//! ends within the [`limits`], in a [`Menu`] whose entries say exactly what they boot,
//! or why they boot nothing.
//!
//! | module | content |
//! |---|---|
//! | [`menu`] | a [`Menu`] and its entries: what every reader gives |
//! | [`storage`] | the trait [`Storage`]: what a reader may ask |
//! | [`grub`] | the menus of GRUB 2 |
//! | [`syslinux`] | the menus of SYSLINUX, ISOLINUX, EXTLINUX and PXELINUX |
//! | [`grub_legacy`] | the menus of GRUB 0.97 |
//! | `reading` | what the readers of plain configurations share |
//! | [`search`] | devices by label, UUID, file or GRUB's name |
//! | [`limits`] | bounds of time and memory |
//! | [`memory`] | a [`Storage`] in memory, for tests |

#![no_std]
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

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod grub;
pub mod grub_legacy;
pub mod limits;
pub mod memory;
pub mod menu;
mod reading;
pub mod search;
pub mod storage;
pub mod syslinux;

pub use menu::{Boots, Entry, Menu};
pub use storage::{Device, Location, Storage};
