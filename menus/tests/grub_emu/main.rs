//! GRUB's reader against GRUB itself: Debian's grub-emu, which is GRUB as a program, and
//! grub-script-check.
//!
//! | module | content |
//! |---|---|
//! | [`emulator`] | runs grub-emu, and reads its screen |
//! | [`scripts`] | scripts at random, and changes of scripts |
//! | [`output`] | scripts print the same |
//! | [`menus`] | menus have the same entries |
//! | [`syntax`] | the same scripts are wrong |

// Tests may fail by panicking: that is what they are for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod emulator;
mod menus;
mod output;
mod scripts;
mod syntax;
