//! Hostile input for everything that reads a disk.
//!
//! Each module of [`targets`] takes bytes, makes of them what one parser reads,
//! and asserts what must hold whatever they are: no panic, no read beyond the
//! disk, no request too many, nothing written that is not the parser's to write,
//! and answers that agree with each other. Where bytes alone would never pass a
//! checksum, the target sets it right, unless the input says to leave it wrong.
//!
//! libFuzzer calls them (`./x fuzz`), and so does `cargo test`, with the seeds
//! and with every input that was ever found to break one (`fixtures/`).
//!
//! What the targets are made of, made here without foreign tools, serves other
//! tests too: kernels, images, archives.

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
