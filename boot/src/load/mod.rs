//! Kernels and initrds: from their files to where they lie in memory.
//!
//! Loading takes two passes. The first one checks everything that can be checked: the
//! files, the kernel's header, the command line, the machine's memory. The second one
//! reads what the first one has accepted. Between the two passes the entry's boot
//! counter goes down, whatever the result of the checks: an entry that cannot be booted
//! loses an attempt, and so does one that hangs the machine while it is read.
//!
//! The disk may answer differently when it is read again: it fails, or files share
//! clusters with something that was written in between. So the second pass relies on
//! the plan of the first one, not on the disk. It writes only to the ranges of the
//! plan, and it fails unless the initrds fill theirs to the last byte.
//!
//! | pass | calls to [`Loader`] |
//! |---|---|
//! | [`Pass::Check`] | [`initrd`](Loader::initrd) for each one, [`prepare`](Loader::prepare) |
//! | [`Pass::Load`] | [`load`](Loader::load), [`initrd`](Loader::initrd) for each one, [`end`](Loader::end) |
//!
//! | module | what |
//! |---|---|
//! | `loader` | the two passes |
//! | [`bzimage`] | the kernel's header |
//! | [`place`] | where kernel and initrds go in memory |
//! | [`cmdline`] | the command line and its limits |
//! | `progress` | the progress of a long load, on the console |
//!
//! The bytes of a file go through the I/O buffer to their place, each sector
//! read once and each byte copied once. For that, [`Loader::prepare`] already puts the
//! first two sectors of the kernel, which hold its header, into place.

pub mod bzimage;
pub mod cmdline;
mod loader;
pub mod place;
mod progress;

pub use loader::{Extent, Loader, Pass};
