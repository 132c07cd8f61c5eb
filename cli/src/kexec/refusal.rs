//! Why Linux does not load something.

use std::io;

use crate::error::Error;

/// Why Linux did not take it, and what may help.
pub(super) fn refused(name: &str, error: &io::Error) -> Error {
    let reason = match error.raw_os_error() {
        Some(libc::ENOSYS) => {
            "this Linux has no kexec (CONFIG_KEXEC_FILE or CONFIG_KEXEC): use another".to_owned()
        }
        Some(libc::EPERM) => {
            "not permitted: run gapboot as root; sysctl kernel.kexec_load_disabled and lockdown \
             forbid it even then"
                .to_owned()
        }
        Some(libc::ENOEXEC) => UNKNOWN.to_owned(),
        Some(libc::EADDRNOTAVAIL | libc::ENOMEM) => {
            "there is not enough free memory for it".to_owned()
        }
        Some(libc::EINVAL) => {
            "Linux did not load it: is the command line too long, or is it more than half of \
             this machine's memory?"
                .to_owned()
        }
        _ => format!("Linux did not load it: {error}"),
    };
    Error::failed(format!("{name}: {reason}"))
}

/// Why a kernel is not taken.
pub(super) const UNKNOWN: &str = "Linux can't load it: is it a 64-bit bzImage or UKI?";
