//! Kernels and initrds: from their files to where they lie in memory.
//!
//! It is done in two steps. The first one checks everything that can be checked:
//! the files, the kernel's header, the command line, the machine's memory. What
//! it has found fine, the second one reads. Between the two the entry's boot
//! counter goes down, whatever was found: an entry that cannot be booted loses a
//! try, and so does one that hangs the machine while it is read.
//!
//! | step | calls to [`Loader`] |
//! |---|---|
//! | [`Pass::Check`] | [`initrd`](Loader::initrd) for each one, [`prepare`](Loader::prepare) |
//! | [`Pass::Load`] | [`load`](Loader::load), [`initrd`](Loader::initrd) for each one |
//!
//! | module | what |
//! |---|---|
//! | `loader` | the two passes |
//! | [`bzimage`] | the kernel's header |
//! | [`place`] | where kernel and initrds go in memory |
//! | [`cmdline`] | the command line and its limits |
//! | `progress` | how far a long load is |
//!
//! The bytes of a file go through the I/O buffer to their place, each sector
//! read once and each byte copied once. For that, [`Loader::prepare`] puts the first
//! two sectors of the kernel, which hold its header, into place already.

pub mod bzimage;
pub mod cmdline;
mod loader;
pub mod place;
mod progress;

pub use loader::{Extent, Loader, Pass};
