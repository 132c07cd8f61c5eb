//! Starts a kernel from the running Linux, without the firmware.
//!
//! Linux does the loading, by `kexec_file_load` if it has that, else by
//! `kexec_load`, which leaves more of it to us.
//!
//! | module | what it is |
//! |---|---|
//! | `payload` | kernel, initrds and command line: what is to be started |
//! | `entry` | the same from an entry of a disk |
//! | `load` | by which system call Linux loads it |
//! | `start` | starting it |
//! | `segments` | what lies where, for `kexec_load` |
//! | `running` | the machine, as the running kernel knows it |
//! | `trampoline` | the way from Linux to the kernel's entry |
//! | `syscall` | the system calls |
//! | `refusal` | why Linux does not load something |

pub mod entry;
mod load;
mod payload;
mod refusal;
mod running;
mod segments;
mod start;
mod syscall;
mod trampoline;

pub use load::load_by;
pub use payload::Payload;
pub use start::{start, start_at_once};
