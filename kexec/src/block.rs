//! Block devices, which nothing is to write to.

#![allow(unsafe_code, reason = "an ioctl that has no safe wrapper elsewhere")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// `BLKROSET` of `linux/fs.h`: `_IO(0x12, 93)`.
const SET_READ_ONLY: libc::Ioctl = 0x125d;

/// Has Linux refuse all writes to a block device from now on, by whichever program or file
/// system, or permit them again.
///
/// # Errors
/// It is no block device, or this is not root.
pub fn set_read_only(device: &File, on: bool) -> io::Result<()> {
    let on = libc::c_int::from(on);
    // SAFETY: The kernel reads one `int` from the pointer, which is valid during the call,
    // and writes nothing to it. The file stays open.
    let result = unsafe { libc::ioctl(device.as_raw_fd(), SET_READ_ONLY, &raw const on) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_block_devices() {
        let file = tempfile::tempfile().unwrap();
        let error = set_read_only(&file, true).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTTY));
    }
}
