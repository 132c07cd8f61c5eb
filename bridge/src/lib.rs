//! The init of the bridge, a small Linux that shows the menus of all disks and starts
//! the choice by kexec.
//!
//! | module | content |
//! |---|---|
//! | [`run()`] | process 1: from the first mount to the kernel that is started |
//! | [`shell`] | the shell |
//! | [`session`] | what is known of the disks, and what is done with them |
//! | [`menu`] | the menu over the entries of all disks |
//! | [`console`] | several terminals as one |
//! | [`options`] | the options, and where they come from |
//! | [`places`] | devices and files by the names that people give them |
//! | [`offers`] | what the disks offer, as whoever reads them gives it |
//! | [`devices`] | the devices that there are, and those that come and go |
//! | [`modules`] | the kernel's modules, loaded for the devices that there are |
//! | [`process`] | mounts, children, the end of the machine |
//! | [`log`] | messages that only a person sees who looks for them |
//!
//! Modules use those below them in this table. Who reads the disks is not part of it: the
//! program that is started as `/init` gives [`run()`] its [`offers::Offers`].

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

pub mod console;
pub mod devices;
pub mod log;
pub mod menu;
pub mod modules;
pub mod offers;
pub mod options;
pub mod places;
pub mod process;
mod run;
pub mod session;
pub mod shell;

pub use run::run;
