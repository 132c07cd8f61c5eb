//! The bridge: a small Linux with `gapboot` as its init, in one file that every loader
//! and every firmware starts. It boots what the firmware cannot see, see `docs/bridge.md`.
//!
//! This folder makes that file, a Unified Kernel Image ([`crate::uki`]).
//!
//! | module | what it is |
//! |---|---|
//! | [`build`](mod@build) | the file, made of its parts |
//! | [`kernel`] | the kernel, and what it must have built in |
//! | [`modules`] | a directory of kernel modules, and which modules need which |
//! | [`sets`] | the modules that `--set` names |
//! | [`options`] | the options that are built into a bridge |
//! | [`mod@include`] | files that are added to a bridge |
//! | [`init`] | the program that becomes the init |
//! | [`archive`] | the initrd: a cpio archive, compressed by zstd |

pub mod archive;
pub mod build;
pub mod include;
pub mod init;
pub mod kernel;
pub mod modules;
pub mod options;
pub mod sets;
