//! The system calls `kexec_file_load` and `kexec_load`, which have no safe
//! wrappers elsewhere.

#![allow(unsafe_code, reason = "system calls with pointers")]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use stub::memory::Range;

/// `KEXEC_FILE_NO_INITRAMFS` of `linux/kexec.h`.
const NO_INITRAMFS: libc::c_ulong = 4;
/// `KEXEC_ARCH_X86_64`: the entry is 64-bit code.
const X86_64: libc::c_ulong = 62 << 16;

/// Has Linux load a kernel, and an initrd if there is one, for the next start.
pub(crate) fn load_files(
    kernel: &File,
    initrd: Option<&File>,
    cmdline: &CString,
) -> io::Result<()> {
    let (initrd, flags) = match initrd {
        Some(initrd) => (initrd.as_raw_fd(), 0),
        None => (-1, NO_INITRAMFS),
    };
    let bytes = cmdline.as_bytes_with_nul();
    // SAFETY: The kernel reads `bytes.len()` bytes from `bytes`, which outlives
    // the call, and the two files, which stay open. It writes to none of them.
    done(unsafe {
        libc::syscall(
            libc::SYS_kexec_file_load,
            libc::c_long::from(kernel.as_raw_fd()),
            libc::c_long::from(initrd),
            bytes.len(),
            bytes.as_ptr(),
            flags,
        )
    })
}

/// What lies somewhere when the new kernel starts.
pub(crate) struct Segment<'a> {
    /// The content. What is left of the place is filled with zeros.
    pub content: SegmentBytes<'a>,
    /// The place, in whole pages.
    pub place: Range,
}

/// What a segment holds.
pub(crate) enum SegmentBytes<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// All of a file from this offset on.
    File(&'a Mapped, u64),
}

/// A file that can be read as memory.
pub(crate) struct Mapped {
    start: *mut libc::c_void,
    size: usize,
}

impl Mapped {
    /// Maps all of a file.
    pub(crate) fn new(file: &File) -> io::Result<Self> {
        let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        // SAFETY: A mapping at a place of the system's choice touches nothing
        // that this program knows of.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ,
                libc::MAP_PRIVATE,
                file.as_raw_fd(),
                0,
            )
        };
        match start {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            start => Ok(Self { start, size }),
        }
    }

    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or(u64::MAX)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it, and no pointer into it is kept beyond a call.
        unsafe { libc::munmap(self.start, self.size) };
    }
}

/// `struct kexec_segment` of `linux/kexec.h`.
#[repr(C)]
struct Raw {
    buf: *const libc::c_void,
    bufsz: usize,
    mem: usize,
    memsz: usize,
}

/// Has Linux put segments to their places at the next start, and jump to `entry`.
pub(crate) fn load_segments(entry: u64, segments: &[Segment]) -> io::Result<()> {
    let word = |number: u64| usize::try_from(number).map_err(io::Error::other);
    let raw = |segment: &Segment| {
        let (buf, bufsz) = match segment.content {
            SegmentBytes::Bytes(bytes) => (bytes.as_ptr().cast(), bytes.len()),
            SegmentBytes::File(file, from) => {
                let from = word(from)?.min(file.size);
                let start = file.start.cast_const().wrapping_byte_add(from);
                (start, file.size.saturating_sub(from))
            }
        };
        Ok(Raw {
            buf,
            bufsz,
            mem: word(segment.place.start)?,
            memsz: word(segment.place.size)?,
        })
    };
    let raw = segments.iter().map(raw).collect::<io::Result<Vec<Raw>>>()?;
    let entry = word(entry)?;
    // SAFETY: The kernel reads `raw.len()` structures from `raw`, and of each
    // `bufsz` bytes from `buf`: bytes or a mapping that outlive the call. It
    // writes to none of them.
    done(unsafe { libc::syscall(libc::SYS_kexec_load, entry, raw.len(), raw.as_ptr(), X86_64) })
}

fn done(result: libc::c_long) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
