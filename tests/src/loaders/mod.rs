//! Other boot loaders: some to prove the rig with, some to agree with.
//!
//! | module | what is in it |
//! |---|---|
//! | [`syslinux`] | SYSLINUX, to prove the rig with |
//! | [`grub`] | GRUB, to compare with |
//! | [`bootctl`] | `bootctl list`, to agree with |
//! | [`uki`] | unified kernel images by `gapboot uki`, and plain ones |
//! | [`systemd_boot`] | systemd-boot on a machine with UEFI, to agree with |
//! | [`all`] | every loader that starts a unified kernel image |

pub mod all;
pub mod bootctl;
pub mod grub;
pub mod syslinux;
pub mod systemd_boot;
pub mod uki;
