//! The header of a Multiboot kernel (section 3.1).

use stub::params::u32;

use crate::error::Error;

/// Bytes at the start of a file in which the header lies, as a whole.
pub const SEARCHED: usize = 8192;

const MAGIC: u32 = 0x1bad_b002;
/// Bytes of the fields that every header has: magic, flags and checksum.
const SIZE: usize = 12;
/// Bytes of a header with addresses.
const SIZE_WITH_ADDRESSES: usize = 32;

/// What a header may ask for that every kernel gets here: modules on pages, and the
/// memory map.
const GRANTED: u32 = 0b11;
/// It asks for a video mode.
const VIDEO: u32 = 1 << 2;
/// A loader that does not know one of these must not start the kernel.
const REQUIREMENTS: u32 = 0xffff;
/// The header has addresses, and they count instead of those of the file.
const HAS_ADDRESSES: u32 = 1 << 16;

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Where it lies in the file.
    pub(super) offset: usize,
    /// Where the file goes, unless that says it itself, as ELF files do.
    pub(super) addresses: Option<Addresses>,
}

/// The "a.out kludge" (section 3.1.3): one part of the file, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    /// Where the header lies.
    pub(super) header: u32,
    /// Where the part begins.
    pub(super) load: u32,
    /// Where it ends; 0 if it goes to the end of the file.
    pub(super) load_end: u32,
    /// Where the zeros after it end; 0 if there are none.
    pub(super) bss_end: u32,
    /// Where the kernel is entered.
    pub(super) entry: u32,
}

/// True if a file with these first bytes, [`SEARCHED`] or all, is a Multiboot kernel.
pub fn is_kernel(file: &[u8]) -> bool {
    find(file).is_some()
}

/// The header of a kernel that can be started.
///
/// # Errors
/// There is none, or it asks for something that a loader without a BIOS does not have.
pub(super) fn of(file: &[u8]) -> Result<Header, Error> {
    let (header, flags) = find(file)
        .ok_or_else(|| Error::text("it has no Multiboot header: use a Multiboot kernel"))?;
    match flags & REQUIREMENTS & !GRANTED {
        0 => Ok(header),
        asked if asked & VIDEO != 0 => Err(Error::text(
            "its header asks for a video mode, which cannot be set without the BIOS: start it by \
             a boot loader",
        )),
        asked => Err(Error::text(format!(
            "its header asks for what no loader knows (flags {asked:#x}): use another build of \
             this kernel"
        ))),
    }
}

/// The first header, and its flags.
fn find(file: &[u8]) -> Option<(Header, u32)> {
    let searched = file.get(..file.len().min(SEARCHED))?;
    (0..searched.len()).step_by(4).find_map(|offset| {
        let header = searched.get(offset..)?;
        let field = |number: usize| u32(header, number.saturating_mul(4));
        let [magic, flags, checksum] = [0, 1, 2].map(field);
        let sum = magic.wrapping_add(flags).wrapping_add(checksum);
        let has_addresses = flags & HAS_ADDRESSES != 0;
        let size = match has_addresses {
            true => SIZE_WITH_ADDRESSES,
            false => SIZE,
        };
        if header.len() < size || magic != MAGIC || sum != 0 {
            return None;
        }
        let [header, load, load_end, bss_end, entry] = [3, 4, 5, 6, 7].map(field);
        let addresses = has_addresses.then_some(Addresses {
            header,
            load,
            load_end,
            bss_end,
            entry,
        });
        Some((Header { offset, addresses }, flags))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(fields: &[u32]) -> Vec<u8> {
        fields
            .iter()
            .flat_map(|field| field.to_le_bytes())
            .collect()
    }

    fn header(flags: u32) -> Vec<u8> {
        bytes(&[MAGIC, flags, 0_u32.wrapping_sub(MAGIC).wrapping_sub(flags)])
    }

    #[test]
    fn it_lies_within_the_first_8192_bytes_on_a_multiple_of_4() {
        for (offset, is_one) in [
            (0, true),
            (4, true),
            (8180, true),
            (6, false),
            (8184, false),
        ] {
            let mut file = vec![0; offset];
            file.extend(header(3));
            file.extend([0; 9000]);
            assert_eq!(is_kernel(&file), is_one, "{offset}");
        }
        let mut file = vec![0; 8164];
        file.extend(header(HAS_ADDRESSES));
        assert!(!is_kernel(&file), "its addresses are missing");
        file.extend([0; 20]);
        assert!(!is_kernel(&file), "its addresses lie too far");
        assert!(!is_kernel(&bytes(&[MAGIC, 3, 3])), "a wrong checksum");
        assert!(!is_kernel(&header(3)[..11]));
    }

    #[test]
    fn what_it_asks_for() {
        let reason = |flags| of(&header(flags)).unwrap_err().to_string();
        assert!(of(&header(3)).is_ok());
        assert!(of(&header(0xfffe_0000)).is_ok(), "these may be ignored");
        assert!(reason(7).contains("video mode"));
        assert!(reason(0x8003).contains("flags 0x8000"));
        assert!(of(b"").is_err());
        let addresses = of(&[header(HAS_ADDRESSES), bytes(&[1, 2, 3, 4, 5])].concat());
        let expected = Addresses {
            header: 1,
            load: 2,
            load_end: 3,
            bss_end: 4,
            entry: 5,
        };
        assert_eq!(addresses.unwrap().addresses, Some(expected));
    }
}
