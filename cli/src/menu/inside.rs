//! What lies inside a kernel and an initrd, as far as warnings about an entry need it.

use stub::params::{self, field};

use crate::number::{to_u64, to_usize};
use crate::uki::content::Content;

/// A file, or a part of one, that is looked into.
pub(crate) trait Source {
    /// Bytes from an offset on, as many as there are; `None` if they cannot be read.
    fn bytes(&mut self, at: u64, count: usize) -> Option<Vec<u8>>;
}

impl Source for Content {
    fn bytes(&mut self, at: u64, count: usize) -> Option<Vec<u8>> {
        Content::bytes(self, at, to_u64(count)).ok()
    }
}

/// `kernel_version` of the boot protocol: where the version string lies, from offset
/// 0x200 on.
const VERSION_POINTER: usize = 0x20e;
/// Bytes of a version string that are looked at.
const VERSION_SIZE: usize = 256;

/// True for a kernel that says that it is something else than Linux: iPXE, memtest86+.
/// They need no root file system. `None` if it cannot be read.
pub(crate) fn is_other_program(kernel: &mut dyn Source) -> Option<bool> {
    let header = kernel.bytes(0, VERSION_POINTER + 2)?;
    if header.len() < VERSION_POINTER + 2 || !header[field::MAGIC..].starts_with(b"HdrS") {
        return Some(false);
    }
    let pointer = params::u16(&header, VERSION_POINTER);
    if pointer == 0 {
        return Some(false);
    }
    let text = kernel.bytes(u64::from(pointer).saturating_add(0x200), VERSION_SIZE)?;
    let text = text.split(|&byte| byte == 0).next();
    // Linux says `6.1.0 (builder@host) #1 SMP ...` since it has such a string.
    Some(text.is_some_and(|text| !text.windows(3).any(|bytes| bytes == b") #")))
}

/// The rule in an initrd that finds the root file system after a boot by gapboot
/// (docs/root.md).
const RULE: &[u8] = b"/61-gapboot.rules";
/// Bytes of the header of a file in an archive (cpio "newc").
const HEADER: usize = 110;
/// The longest name that Linux takes in such an archive.
const LONGEST_NAME: u32 = 4096;
/// Files that are looked at, more than any initrd has.
const MOST_FILES: usize = 100_000;
/// Words of four zeros between two archives: a page.
const MOST_ZEROS: usize = 1024;

/// True for an initrd that finds its root file system after a boot by gapboot, as far as
/// it is not compressed. `None` if it cannot be read.
pub(crate) fn finds_root(initrd: &mut dyn Source) -> Option<bool> {
    let mut at = 0;
    for _ in 0..MOST_FILES {
        match next_name(initrd, &mut at)? {
            Some(name) if name.ends_with(RULE) => return Some(true),
            Some(_) => {}
            None => break,
        }
    }
    Some(false)
}

/// The name of the next file of an archive, at `at` or after zeros there; nothing at the
/// end, or where something else follows. Archives may follow each other, with zeros
/// between them.
fn next_name(archive: &mut dyn Source, at: &mut u64) -> Option<Option<Vec<u8>>> {
    let mut header = archive.bytes(*at, HEADER)?;
    for _ in 0..MOST_ZEROS {
        if !header.starts_with(&[0; 4]) {
            break;
        }
        *at = at.saturating_add(4);
        header = archive.bytes(*at, HEADER)?;
    }
    let number = |field: usize| {
        let digits = header.get(6..)?.chunks_exact(8).nth(field)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (Some(size), Some(name_size)) = (number(6), number(11)) else {
        return Some(None);
    };
    if header.len() < HEADER || !header.starts_with(b"07070") || name_size > LONGEST_NAME {
        return Some(None);
    }
    let name_at = at.saturating_add(to_u64(HEADER));
    let mut name = archive.bytes(name_at, to_usize(name_size))?;
    if name.last() == Some(&0) {
        name.pop();
    }
    // Names and contents end at multiples of four, from the start of the archive on.
    let padded = |end: u64| end.checked_next_multiple_of(4).unwrap_or(u64::MAX);
    let content = padded(name_at.saturating_add(name_size.into()));
    *at = padded(content.saturating_add(size.into()));
    Some(Some(name))
}
