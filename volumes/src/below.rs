//! Opening files below a directory, out of which no link leads, neither into the rest of
//! the system nor to another file system that is mounted below it.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

/// Linux refuses a path with `..` if something is mounted or renamed meanwhile, wherever
/// that is: then it may be tried again (openat2(2), `EAGAIN`).
const TRIES: u32 = 1000;

/// Opens what lies at `path`, counted from the directory.
///
/// # Errors
///
/// Those of openat2(2); `EXDEV` where the path leads to another file system.
pub fn open_below(directory: impl AsFd, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let below = ResolveFlags::IN_ROOT | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    let flags = flags | OFlags::CLOEXEC;
    let open = || openat2(&directory, path, flags, Mode::empty(), below);
    let mut opened = open();
    for _ in 0..TRIES {
        match opened {
            Err(Errno::AGAIN) => opened = open(),
            _ => break,
        }
    }
    opened
}
