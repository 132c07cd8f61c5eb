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

mod emulator;
mod menus;
mod output;
mod scripts;
mod syntax;
