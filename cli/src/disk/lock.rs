//! The lock that a program holds while it changes a disk.
//!
//! It is `flock` on the file of the whole disk, as systemd's "Locking Block Device
//! Access" describes it. udev holds it for moments, while it looks at a disk;
//! partitioning tools and formatters hold it if they are told to (`sfdisk --lock`,
//! `udevadm lock`), and some tools, as `sgdisk`, never. Image files are locked in the
//! same way, so that two installs into one image do not mix.

use std::fs::{File, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::error::Error;

/// Time that another program gets to finish its work.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two tries: `flock` itself would wait without an end.
const PAUSE: Duration = Duration::from_millis(50);

/// Locks a disk, until `file` is closed. Where the file system has no locks, no other
/// program can have one either, so that is no error.
///
/// # Errors
/// Another program holds the lock, and keeps it for longer than `patience`.
pub fn lock(file: &File, patience: Duration) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => return Ok(()),
            Err(TryLockError::Error(error)) => {
                return Err(Error::failed(format!("cannot lock it: {error}")));
            }
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::failed(
                    "another program has locked it (udev, a partitioning tool, or another \
                     gapboot; `lslocks` lists them): run the command again when that is done",
                ));
            }
        }
    }
}

fn has_no_locks(error: &std::io::Error) -> bool {
    let without = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS];
    Errno::from_io_error(error).is_some_and(|error| without.contains(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_waited_for_but_not_for_ever() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let [other, own] = [(); 2].map(|()| File::open(file.path()).unwrap());
        lock(&other, Duration::ZERO).unwrap();
        let error = lock(&own, Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains("another program has locked it"), "{error}");
        let waiting = std::thread::spawn(move || lock(&own, Duration::from_secs(600)));
        drop(other);
        waiting.join().unwrap().unwrap();
    }
}
