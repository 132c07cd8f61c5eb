//! The stub's decisions: which pieces of the file to boot, and where they go.
//!
//! Any Linux loader enters a legacy-compatible UKI as if it were a kernel. The
//! stub inside finds kernel, command line and initrds in the file that the
//! loader put into memory, places them, and starts the kernel in the mode in
//! which it was entered itself.
//!
//! | module | what is in it |
//! |---|---|
//! | [`params`] | `boot_params`, and the setup header inside it |
//! | [`table`] | where the pieces of the file lie |
//! | [`command_line`] | the loader's words, or the file's own |
//! | [`kernel`] | the inner kernel by its header, and the modes of its entries |
//! | [`initrd`] | the initrds, which become one |
//! | [`memory`] | which memory is free |
//! | [`plan`] | where kernel and initrds go |
//! | [`problem`] | why a file cannot start |
//! | [`size`] | conversions of sizes |
//!
//! Nothing here touches hardware: only the program does (`main.rs` and the
//! modules that it names). `gapboot kexec` and `gapboot uki` use these modules
//! as well.

#![no_std]
#![forbid(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

#[cfg(test)]
extern crate std;

pub mod command_line;
pub mod initrd;
pub mod kernel;
pub mod memory;
pub mod params;
pub mod plan;
pub mod problem;
pub mod size;
pub mod table;
