//! Has Linux load what is to be started, by whichever system call it has.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use std::{ffi::CString, fs::File, path::Path};

use crate::call::Call;
use crate::error::Error;
use crate::payload::Payload;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use crate::{bzimage, error::Reason, multiboot, payload::Kind, running, segments, syscall};

/// Has Linux load `payload`, by `kexec_load` if `only_segments`, and where Linux has
/// nothing else or the kernel needs it: one that is entered in 32 bits, one that is not
/// relocatable, and one with a node. Returns the call that did it.
///
/// # Errors
/// Linux refuses it, the kernel has no entry that can be used, there is no room for it,
/// or this machine is not x86-64.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn load(payload: &Payload, only_segments: bool) -> Result<Call, Error> {
    let about = |error: Error| match error.about.is_empty() {
        true => error.about(&payload.name),
        false => error,
    };
    let cmdline = CString::new(payload.cmdline.as_slice()).map_err(|_| {
        about(Error::text(
            "the command line holds a NUL, at which it would end: take it out",
        ))
    })?;
    if let Kind::Linux { initrd } = &payload.kind
        && !only_segments
        && payload.node.is_none()
        && by_files(&payload.kernel, initrd.as_ref(), &cmdline).map_err(about)?
    {
        return Ok(Call::File);
    }
    let machine = running::Machine::of(Path::new("/"))?;
    let (kernel, line) = (&payload.kernel, cmdline.as_bytes());
    match &payload.kind {
        Kind::Linux { initrd } => {
            let node = payload.node.as_deref();
            segments::load(kernel, initrd.as_ref(), line, node, &machine)
        }
        Kind::Multiboot { path, modules } => multiboot::load(kernel, path, line, modules, &machine),
    }
    .map_err(about)?;
    Ok(Call::Segments)
}

/// Whether Linux permits `kexec_load`. Where it has only `kexec_file_load`, or where
/// lockdown forbids the other call, a node is not handed on. What was loaded is forgotten.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[must_use]
pub fn takes_segments() -> bool {
    // Nothing is asked for, and so nothing is loaded. Linux checks its rules all the same.
    syscall::load_segments(0, &[]).is_ok()
}

/// Never: no other machine has the call.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
#[must_use]
pub fn takes_segments() -> bool {
    false
}

/// Has Linux load a kernel by `kexec_file_load`. False if Linux does not have that call,
/// or if the kernel can be started, but not by it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn by_files(kernel: &File, initrd: Option<&File>, cmdline: &CString) -> Result<bool, Error> {
    let size = kernel.metadata().map_or(0, |metadata| metadata.len());
    let head = segments::head(kernel).unwrap_or_default();
    let parsed = bzimage::Kernel::parse(&head, size);
    if parsed
        .as_ref()
        .is_ok_and(|kernel| !kernel.suits_file_load())
    {
        return Ok(false);
    }
    match (syscall::load_files(kernel, initrd, cmdline), parsed) {
        (Ok(()), _) => Ok(true),
        (Err(error), _) if error.raw_os_error() == Some(libc::ENOSYS) => Ok(false),
        // What Linux does not know either has a reason of ours.
        (Err(error), Err(reason)) if error.raw_os_error() == Some(libc::ENOEXEC) => Err(reason),
        (Err(error), _) => Err(Error {
            about: String::new(),
            reason: Reason::Refused(Call::File, error),
        }),
    }
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

/// Whether a bzImage of `size` bytes, of which `head` has the first eight sectors or more, is
/// one that a running Linux can start.
///
/// # Errors
/// It is no bzImage, or can be entered in real mode only.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn check(head: &[u8], size: u64) -> Result<(), Error> {
    bzimage::Kernel::parse(head, size).map(drop)
}

/// Checks nothing: kernels are read on x86-64 only.
///
/// # Errors
/// None.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn check(_head: &[u8], _size: u64) -> Result<(), Error> {
    Ok(())
}
