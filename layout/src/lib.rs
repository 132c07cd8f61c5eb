//! What two images must agree on: numbers, and one rule about text.
//!
//! stage1, stage2, the loader logic, the installer and the emulator take every
//! sector number, address and size that they share from here, and the
//! assertions at the end of each module keep the ranges apart. The rule, in
//! [`command_line`], is shared by the loader and the stub.

#![no_std]
#![forbid(unsafe_code)]

pub mod command_line;
pub mod disk;
pub mod format1;
pub mod header;
pub mod memory;
pub mod node;
pub mod overlay;
pub mod packed;
pub mod state;
pub mod uki;
