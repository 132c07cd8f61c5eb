//! Other boot loaders: some to test the rig with, some to compare with.
//!
//! | module | content |
//! |---|---|
//! | [`syslinux`] | SYSLINUX, to test the rig with |
//! | [`grub`] | GRUB, to compare with |
//! | [`bootctl`] | `bootctl list`, to compare with |
//! | [`uki`] | unified kernel images by `gapboot uki`, and plain ones |
//! | [`systemd_boot`] | systemd-boot on a machine with UEFI, to compare with |
//! | [`all`] | every loader that starts a unified kernel image |

pub mod all;
pub mod bootctl;
pub mod grub;
pub mod syslinux;
pub mod systemd_boot;
pub mod uki;
