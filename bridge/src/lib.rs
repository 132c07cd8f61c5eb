//! The init of the bridge, a small Linux that shows the menus of all disks and starts
//! the choice by kexec.
//!
//! | module | content |
//! |---|---|
//! | [`modules`] | the kernel's modules, loaded for the devices that there are |

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

pub mod modules;
