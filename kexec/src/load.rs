//! Has Linux load what is to be started, by whichever system call it has.

use crate::error::Error;
use crate::payload::Payload;

/// The system call that loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `kexec_file_load`: Linux reads the kernel's file itself, and may check its
    /// signature.
    File,
    /// `kexec_load`: Linux is given what is to lie in memory.
    Segments,
}

impl Call {
    /// Its name in Linux.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "kexec_file_load",
            Self::Segments => "kexec_load",
        }
    }
}

/// Has Linux load `payload`, by `kexec_load` if `only_segments` or where Linux has
/// nothing else. Returns the call that did it.
///
/// # Errors
/// Linux refuses it, the kernel has no 64-bit entry, or this machine is not
/// x86-64.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn load(payload: &Payload, only_segments: bool) -> Result<Call, Error> {
    use std::ffi::CString;
    use std::path::Path;

    use crate::error::Reason;
    use crate::{running, segments, syscall};

    let cmdline = CString::new(payload.cmdline.as_slice()).map_err(|_| {
        Error::text("the command line holds a NUL, at which it would end: take it out")
            .about(&payload.name)
    })?;
    if !only_segments {
        match syscall::load_files(&payload.kernel, payload.initrd.as_ref(), &cmdline) {
            Ok(()) => return Ok(Call::File),
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {}
            Err(error) => {
                return Err(Error {
                    about: payload.name.clone(),
                    reason: Reason::Refused(error),
                });
            }
        }
    }
    let machine = running::Machine::of(Path::new("/"))?;
    segments::load(payload, cmdline.as_bytes(), &machine)?;
    Ok(Call::Segments)
}

/// Refuses: no other machine starts these kernels.
///
/// # Errors
/// Always.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn load(payload: &Payload, _only_segments: bool) -> Result<Call, Error> {
    Err(
        Error::text("only Linux on x86-64 starts x86 kernels: run gapboot there")
            .about(&payload.name),
    )
}
