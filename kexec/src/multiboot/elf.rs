//! Which parts of an ELF file go where, for both classes (System V ABI, "Program
//! Header").

use stub::params::{u8, u16, u32, u64};

use super::part::{Part, damaged};
use crate::error::Error;

const MAGIC: &[u8] = b"\x7fELF";
/// `e_ident`: two classes, and numbers that are little-endian.
const CLASS: usize = 4;
const CLASS_32: u8 = 1;
const CLASS_64: u8 = 2;
const DATA: usize = 5;
const LITTLE_ENDIAN: u8 = 1;
const TYPE: usize = 16;
/// `ET_EXEC`: its addresses are those where it runs.
const EXECUTABLE: u16 = 2;
const MACHINE: usize = 18;
/// `EM_386` and `EM_X86_64`. The kernel is entered in 32 bits in both cases.
const MACHINES: [u16; 2] = [3, 62];
/// `PT_LOAD`
const LOAD: u32 = 1;

/// Where fields lie in files of one class.
struct Class {
    entry: usize,
    table: usize,
    entry_size: usize,
    count: usize,
    /// Bytes of a program header that are used.
    used: usize,
    offset: usize,
    virtual_address: usize,
    address: usize,
    file_size: usize,
    size: usize,
    /// Reads an address or a size.
    word: fn(&[u8], usize) -> u64,
}

const ELF32: Class = Class {
    entry: 24,
    table: 28,
    entry_size: 42,
    count: 44,
    used: 24,
    offset: 4,
    virtual_address: 8,
    address: 12,
    file_size: 16,
    size: 20,
    word: |from, at| u32(from, at).into(),
};

const ELF64: Class = Class {
    entry: 24,
    table: 32,
    entry_size: 54,
    count: 56,
    used: 48,
    offset: 8,
    virtual_address: 16,
    address: 24,
    file_size: 32,
    size: 40,
    word: u64,
};

/// What goes where, and the entry. Nothing of it is checked but that the bytes are
/// there.
///
/// # Errors
/// The file is not an ELF program for x86, or is cut short.
pub(super) fn parts(file: &[u8]) -> Result<(Vec<Part>, u64), Error> {
    let class = match (file.starts_with(MAGIC), u8(file, CLASS)) {
        (true, CLASS_32) => &ELF32,
        (true, CLASS_64) => &ELF64,
        _ => {
            return Err(Error::text(
                "it has a Multiboot header without addresses, but is not an ELF file: use another \
                 build of this kernel",
            ));
        }
    };
    if u8(file, DATA) != LITTLE_ENDIAN
        || u16(file, TYPE) != EXECUTABLE
        || !MACHINES.contains(&u16(file, MACHINE))
    {
        return Err(Error::text(
            "it is not an ELF program for x86 with fixed addresses: use another build of this \
             kernel",
        ));
    }
    let mut parts = Vec::new();
    let entry = (class.word)(file, class.entry);
    let mut physical_entry = None;
    for header in program_headers(file, class)? {
        let word = |at| (class.word)(header, at);
        let size = word(class.size);
        if u32(header, 0) != LOAD || size == 0 {
            continue;
        }
        let at = word(class.address);
        // The entry is a virtual address if the file has others than physical ones.
        let offset = entry.checked_sub(word(class.virtual_address));
        if let Some(offset) = offset.filter(|offset| *offset < size) {
            physical_entry = physical_entry.or(at.checked_add(offset));
        }
        parts.push(Part::new(
            file,
            word(class.offset),
            word(class.file_size),
            at,
            size,
        )?);
    }
    Ok((parts, physical_entry.unwrap_or(entry)))
}

/// The program headers.
fn program_headers<'a>(
    file: &'a [u8],
    class: &Class,
) -> Result<impl Iterator<Item = &'a [u8]>, Error> {
    let size = usize::from(u16(file, class.entry_size));
    let count = usize::from(u16(file, class.count));
    let start = usize::try_from((class.word)(file, class.table)).map_err(|_| damaged())?;
    if size < class.used {
        return Err(damaged());
    }
    let end = start.checked_add(size.saturating_mul(count));
    let table = end.and_then(|end| file.get(start..end));
    Ok(table.ok_or_else(damaged)?.chunks_exact(size))
}
