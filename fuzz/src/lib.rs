//! Hostile input for everything that reads a disk.
//!
//! Each module of [`targets`] makes of an input's bytes what one parser reads. It
//! asserts what must hold for any input: no panic, no read beyond the disk, not too
//! many requests, no write where the parser must not write, and answers that agree
//! with each other. Random bytes would never pass a checksum, so the target corrects
//! checksums, unless the input says not to.
//!
//! libFuzzer runs the targets (`./x fuzz`). `cargo test` runs them too, with the
//! seeds and with every input that ever broke a target (`fixtures/`).
//!
//! The other modules make disks, kernels, images and archives without foreign tools.
//! Other tests use them too.

#![forbid(unsafe_code)]

pub mod cpio;
pub mod disk;
pub mod fat;
pub mod gpt;
pub mod input;
pub mod kernel;
pub mod machine;
pub mod pe;
mod target;
pub mod targets;

pub use target::Target;

/// Every target.
pub const TARGETS: &[Target] = targets::ALL;
