//! Linux systems that run in a machine, with `gapboot` in them.
//!
//! | module | content |
//! |---|---|
//! | [`running`] | an initramfs with `gapboot` in it |
//! | [`mkosi`] | images that mkosi makes |
//! | [`userland`] | a small system with systemd, made of Debian's packages |

pub mod mkosi;
pub mod running;
pub mod userland;
