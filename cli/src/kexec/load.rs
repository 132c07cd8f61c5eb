//! Has Linux load what is to be started, by whichever system call it has.

use std::ffi::CString;

use super::payload::Payload;
use super::refusal::refused;
use super::{running, segments, syscall};
use crate::error::Error;
use crate::system::System;

/// Has Linux load it, and says by which system call.
pub fn load_by(payload: &Payload, by_segments: bool) -> Result<&'static str, Error> {
    let cmdline = CString::new(payload.cmdline.as_slice())
        .map_err(|_| Error::failed("the command line holds a NUL, at which it would end"))?;
    if !by_segments {
        match syscall::load_files(&payload.kernel, payload.initrd.as_ref(), &cmdline) {
            Ok(()) => return Ok("kexec_file_load"),
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {}
            Err(error) => return Err(refused(&payload.name, &error)),
        }
    }
    let machine = running::Machine::of(&System::default())?;
    segments::load(payload, cmdline.as_bytes(), &machine)?;
    Ok("kexec_load")
}
