//! Linux systems that run in a machine, with `gapboot` in them.
//!
//! | module | content |
//! |---|---|
//! | [`bridge`] | the bridge, and systems on disks that it starts |
//! | [`mkosi`] | images that mkosi makes |
//! | [`next`] | a system that starts the next kernel by `gapboot kexec` |
//! | [`running`] | an initramfs with `gapboot` in it |
//! | [`userland`] | a small system with systemd, made of Debian's packages |

pub mod bridge;
pub mod mkosi;
pub mod next;
pub mod running;
pub mod userland;
