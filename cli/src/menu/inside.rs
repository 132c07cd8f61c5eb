//! What lies inside a kernel and an initrd, as far as warnings about an entry need it.

use boot::disk::storage::Storage;
use boot::fat::File;
use boot::machine;
use stub::params::{self, field};

use crate::number::to_usize;

/// `kernel_version` of the boot protocol: where the version string lies, from offset
/// 0x200 on.
const VERSION_POINTER: usize = 0x20e;
/// Bytes of a version string that are looked at.
const VERSION_SIZE: usize = 256;

/// True for a kernel that says that it is something else than Linux: iPXE, memtest86+.
/// They need no root file system.
pub(super) fn is_other_program<D: machine::Disk>(
    mut kernel: File,
    storage: &mut Storage<D>,
) -> Result<bool, boot::Error> {
    let start = kernel.position();
    let mut header = [0; VERSION_POINTER + 2];
    let size = kernel.read_small(storage, &mut header)?;
    let pointer = params::u16(&header, VERSION_POINTER);
    if size < header.len() || !header[field::MAGIC..].starts_with(b"HdrS") || pointer == 0 {
        return Ok(false);
    }
    kernel.seek(start.saturating_add(0x200).saturating_add(pointer.into()));
    let mut text = [0; VERSION_SIZE];
    let size = kernel.read_small(storage, &mut text)?;
    let text = text[..size].split(|&byte| byte == 0).next();
    // Linux says `6.1.0 (builder@host) #1 SMP ...` since it has such a string.
    Ok(text.is_some_and(|text| !text.windows(3).any(|bytes| bytes == b") #")))
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
/// it is not compressed.
pub(super) fn finds_root<D: machine::Disk>(
    mut initrd: File,
    storage: &mut Storage<D>,
) -> Result<bool, boot::Error> {
    let start = initrd.position();
    for _ in 0..MOST_FILES {
        match next_name(&mut initrd, start, storage)? {
            Some(name) if name.ends_with(RULE) => return Ok(true),
            Some(_) => {}
            None => break,
        }
    }
    Ok(false)
}

/// The name of the next file of an archive that begins at `start`; nothing at the end, or
/// where something else follows. Archives may follow each other, with zeros between them.
fn next_name<D: machine::Disk>(
    archive: &mut File,
    start: u32,
    storage: &mut Storage<D>,
) -> Result<Option<Vec<u8>>, boot::Error> {
    let mut header = [0; HEADER];
    for _ in 0..MOST_ZEROS {
        if archive.read_small(storage, &mut header[..4])? < 4 {
            return Ok(None);
        }
        if header[..4] != [0; 4] {
            break;
        }
    }
    let rest = archive.read_small(storage, &mut header[4..])?;
    let number = |field: usize| {
        let digits = header.get(6..)?.chunks_exact(8).nth(field)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (Some(size), Some(name_size)) = (number(6), number(11)) else {
        return Ok(None);
    };
    if rest < HEADER - 4 || !header.starts_with(b"07070") || name_size > LONGEST_NAME {
        return Ok(None);
    }
    let mut name = vec![0; to_usize(name_size)];
    let read = archive.read_small(storage, &mut name)?;
    name.truncate(read);
    if name.last() == Some(&0) {
        name.pop();
    }
    // Names and contents end at multiples of four, from the start of the archive on.
    let padded = |end: u32| {
        let size = end.saturating_sub(start).checked_next_multiple_of(4);
        start.saturating_add(size.unwrap_or(u32::MAX))
    };
    let content = padded(archive.position());
    archive.seek(padded(content.saturating_add(size)));
    Ok(Some(name))
}
