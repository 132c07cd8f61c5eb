//! The running boot's verdict, written into the name of its entry's file (UAPI.1,
//! "Boot counting").
//!
//! What systemd-bless-boot does after a boot by UEFI, in its words. It learns
//! from the loader's node which file was counted and on which partition it lies,
//! be that the EFI system partition or XBOOTLDR.
//!
//! | module | what |
//! |---|---|
//! | [`boot`](mod@boot) | the counted boot, as the loader describes it |
//! | [`file`](mod@file) | the entry's file, and its [`Verdict`] |
//! | `names` | the names that the file may have after its boot |

pub mod boot;
pub mod file;
mod names;

pub use boot::{CountedBoot, NotCounted};
pub use file::{EntryFile, Verdict};
