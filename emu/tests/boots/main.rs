//! Boots from real FAT volumes, into the model of memory.
//!
//! | module | what is in it |
//! |---|---|
//! | `load` | kernels and initrds, by the loader's own interface |
//! | `uki` | unified kernel images |
//! | `command_line` | the command line of images, by the loader and by the stub |
//! | `companions` | files beside images |
//! | `many` | the cost of many entries |
//! | `progress` | the line that shows the progress of a load |
//! | `command` | `bootloader_emu` as a command |
//! | `common` | disks, kernels, and parts of a boot |
//! | `start` | whole boots |

// Tests may fail by panicking: that is what they are for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod command;
mod command_line;
mod common;
mod companions;
mod load;
mod many;
mod progress;
mod start;
mod texts;
mod uki;
