//! The partitions that may hold entries, and the names of partitions for `PARTUUID=`,
//! on Linux's command line and in udev.

use crate::machine::Lba;
use crate::text::digit;

/// A partition of the boot disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its first sector.
    pub first: Lba,
    /// Its size in sectors.
    pub sectors: u64,
    /// `UniquePartitionGUID`, as on the disk: the first three fields are
    /// little-endian. For a partition of an MBR: the disk's signature, 0, the number,
    /// and zeros, which no GUID has. [`Partition::uuid`] writes either.
    pub guid: [u8; 16],
}

/// The partitions that the Boot Loader Specification (UAPI.1) looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partitions {
    /// The EFI system partition.
    pub esp: Option<Partition>,
    /// The extended boot loader partition.
    pub xbootldr: Option<Partition>,
}

/// Stands in [`ORDER`] for a dash.
const DASH: usize = usize::MAX;
/// The bytes of a GUID in the order of its text.
const ORDER: [usize; 20] = [
    3, 2, 1, 0, DASH, 5, 4, DASH, 7, 6, DASH, 8, 9, DASH, 10, 11, 12, 13, 14, 15,
];
/// How much of that order the name of a partition of an MBR takes.
const MBR: usize = 6;

impl Partition {
    /// The partition's name, in lower case: the GUID of the GPT, 36 characters; or
    /// the signature of an MBR's disk and the number, in hexadecimal, as
    /// `1234abcd-01`.
    pub fn uuid<'t>(&self, text: &'t mut [u8; 36]) -> &'t [u8] {
        let length = match self.guid {
            [_, _, _, _, _, _, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => MBR,
            _ => ORDER.len(),
        };
        let mut used = 0_usize;
        let mut put = |byte| {
            if let Some(place) = text.get_mut(used) {
                *place = byte;
            }
            used = used.wrapping_add(1);
        };
        for &place in ORDER.iter().take(length) {
            match self.guid.get(place) {
                None => put(b'-'),
                Some(byte) => {
                    put(digit(byte >> 4));
                    put(digit(byte & 0xf));
                }
            }
        }
        text.get(..used).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn name(guid: [u8; 16]) -> String {
        let partition = Partition {
            first: Lba(0),
            sectors: 1,
            guid,
        };
        String::from_utf8_lossy(partition.uuid(&mut [0; 36])).into()
    }

    #[test]
    fn names() {
        assert_eq!(
            name(crate::disk::gpt::ESP),
            "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
        );
        let mut guid = [0; 16];
        guid[..6].copy_from_slice(b"\xef\xcd\xab\x01\0\x0a");
        assert_eq!(name(guid), "01abcdef-0a");
    }
}
