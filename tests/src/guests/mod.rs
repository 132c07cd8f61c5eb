//! Linux systems that run in a machine, with `gapboot` in them.
//!
//! | module | content |
//! |---|---|
//! | [`bridge`] | the bridge, and systems on disks that it starts |
//! | [`legacy`] | images that boot on a BIOS only, with a system that says how it was started |
//! | [`mkosi`] | images that mkosi makes |
//! | [`next`] | a system that starts the next kernel by `gapboot kexec` |
//! | [`report`] | an initrd that reports how its kernel was started |
//! | [`running`] | an initramfs with `gapboot` in it |
//! | [`steps`] | a Debian system that does one step at each boot |
//! | [`userland`] | a small system with systemd, made of Debian's packages |

pub mod bridge;
pub mod legacy;
pub mod mkosi;
pub mod next;
pub mod report;
pub mod running;
pub mod steps;
pub mod userland;
