//! The stub's decisions: which of the file's pieces to boot, and where they go.
//!
//! A legacy-compatible UKI is entered by any Linux loader as if it were a
//! kernel. The stub inside finds kernel, command line and initrds in the file
//! that the loader put into memory, places them and starts the kernel in the
//! mode in which it was entered itself.
//!
//! | module | what it is |
//! |---|---|
//! | [`params`] | `boot_params` and the setup header inside |
//! | [`table`] | where the file's pieces lie |
//! | [`command_line`] | the loader's words or the file's own |
//! | [`memory`] | what memory is free |
//! | [`plan`] | where kernel and initrds go |
//! | [`problem`] | why a file cannot start |
//!
//! Nothing here touches hardware; `main.rs` and its modules do.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod command_line;
pub mod memory;
pub mod params;
pub mod plan;
pub mod problem;
pub mod table;
