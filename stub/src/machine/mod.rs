//! The machine: everything that touches hardware.
//!
//! | module | what is in it |
//! |---|---|
//! | `real_mode.s` | the 16-bit entry, up to protected mode |
//! | `entry.s` | the 32- and the 64-bit entry up to Rust code, and the ways out |
//! | [`image`] | where this image lies |
//! | [`ram`] | all other memory, by address |
//! | [`descriptor`] | segments |
//! | [`paging`] | page tables for the 64-bit entry |
//! | [`leave`] | the ways into a kernel in 32 and in 64 bits, and the end |
//! | [`real_mode`] | the way back to real mode |
//! | [`serial`] | COM1 |
//!
//! `main.rs` assembles the two `.s` files.

pub(crate) mod descriptor;
pub(crate) mod image;
pub(crate) mod leave;
pub(crate) mod paging;
pub(crate) mod ram;
pub(crate) mod real_mode;
pub(crate) mod serial;
