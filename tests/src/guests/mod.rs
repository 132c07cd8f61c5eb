//! Linux systems that run in a machine, with `gapboot` in them.
//!
//! | module | what is in it |
//! |---|---|
//! | [`running`] | an initramfs with `gapboot` in it |
//! | [`userland`] | a small system with systemd, out of Debian's packages |

pub mod running;
pub mod userland;
