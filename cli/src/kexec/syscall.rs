//! The system call `kexec_file_load`, which has no safe wrapper elsewhere.

#![allow(unsafe_code, reason = "a system call with pointers")]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// `KEXEC_FILE_NO_INITRAMFS` of `linux/kexec.h`.
const NO_INITRAMFS: libc::c_ulong = 4;

/// Has Linux load a kernel, and an initrd if there is one, for the next start.
pub(super) fn load(kernel: &File, initrd: Option<&File>, cmdline: &CString) -> io::Result<()> {
    let (initrd, flags) = match initrd {
        Some(initrd) => (initrd.as_raw_fd(), 0),
        None => (-1, NO_INITRAMFS),
    };
    let bytes = cmdline.as_bytes_with_nul();
    // SAFETY: The kernel reads `bytes.len()` bytes from `bytes`, which outlives
    // the call, and the two files, which stay open. It writes to none of them.
    let result = unsafe {
        libc::syscall(
            libc::SYS_kexec_file_load,
            libc::c_long::from(kernel.as_raw_fd()),
            libc::c_long::from(initrd),
            bytes.len(),
            bytes.as_ptr(),
            flags,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
