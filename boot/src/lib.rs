//! The boot loader: every decision, and no hardware.
//!
//! disk -> partition table -> volume -> entries -> choice -> loaded image -> handoff

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod crc32;
pub mod entries;
pub mod error;
pub mod fat;
pub mod gpt;
pub mod handoff;
pub mod load;
pub mod machine;
pub mod memory_map;
pub mod storage;

pub use error::{Error, Kind};
pub use handoff::Handoff;
