//! Kernels of Multiboot 1 ("Multiboot Specification", version 0.6.96).
//!
//! ```text
//! a file -> Header -> Image -> pieces in memory ┐
//! modules, command line, memory map -> Info ────┴> kexec_load
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `header` | the header, and what it asks for |
//! | [`part`] | a part of a kernel |
//! | `elf` | which parts of an ELF file go where |
//! | [`image`] | the same of every kernel, checked, and the pieces that are loaded |
//! | `info` | what the kernel is told |
//! | `load` | what lies where |
//!
//! Everything lies in memory that is usable by the machine's memory map, from 1 MiB on:
//! the firmware's data on page 0 stays as it is, and kernels that ask the BIOS find it.

mod elf;
mod header;
pub mod image;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod info;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod load;
pub mod part;

pub use header::{SEARCHED, is_kernel};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) use load::load;
