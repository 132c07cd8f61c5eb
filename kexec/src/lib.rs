//! Starts a kernel from a running Linux, without the firmware.
//!
//! ```text
//! a file or an entry -> Payload -> load -> start
//! ```
//!
//! Linux does the loading, by `kexec_file_load` if it has that and takes the kernel, else
//! by `kexec_load`, which leaves more of it to us: kernels that are entered in 32 bits,
//! and those of Multiboot.
//!
//! | module | what it is |
//! |---|---|
//! | [`payload`] | kernel, command line, initrds or modules: what is to be started |
//! | [`gzip`] | files that are compressed |
//! | [`entry`] | what is to be started, from an entry of a disk |
//! | `model` | the machine on which the loader boots that entry, for its files alone |
//! | `call` | the system calls that load |
//! | [`memory_file`] | files in memory |
//! | `load` | by which system call Linux loads it |
//! | `bzimage` | a kernel's header: its entry, and the memory that it needs |
//! | `segments` | what lies where, for Linux by `kexec_load` |
//! | [`multiboot`] | the same for kernels of Multiboot |
//! | `running` | the machine, as the running kernel knows it |
//! | `trampoline` | the way from Linux to the kernel's entry |
//! | `syscall` | the two system calls |
//! | `start` | starting what was loaded |
//! | [`block`] | devices that nothing is to write to |
//! | [`error`] | why something is not loaded or started |
//!
//! Only Linux on x86-64 starts such kernels. Elsewhere the crate builds, and
//! [`load()`] refuses.

// System calls and the bytes of the trampoline need it, each in a module of its own.
#![deny(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

#[cfg(target_os = "linux")]
pub mod block;
mod call;
pub mod entry;
pub mod error;
pub mod gzip;
mod load;
pub mod memory_file;
mod model;
pub mod multiboot;
pub mod payload;
mod start;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod bzimage;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod running;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod segments;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod syscall;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trampoline;

pub use call::Call;
pub use error::Error;
pub use load::{check, load, takes_segments};
pub use payload::Payload;
pub use start::{start, start_at_once};
