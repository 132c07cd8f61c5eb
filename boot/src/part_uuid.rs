//! What `PARTUUID=` names a partition by, on Linux's command line and in udev.

use crate::gpt::Partition;
use crate::report::digit;

/// Stands in [`ORDER`] for a dash.
const DASH: usize = usize::MAX;
/// The bytes of a GUID in the order of its text.
const ORDER: [usize; 20] = [
    3, 2, 1, 0, DASH, 5, 4, DASH, 7, 6, DASH, 8, 9, DASH, 10, 11, 12, 13, 14, 15,
];
/// How much of that order the name of a partition of an MBR takes.
const MBR: usize = 6;

impl Partition {
    /// Writes the partition's name, in lower case: the GUID of the GPT, 36
    /// characters; or the signature of an MBR's disk and the number, in
    /// hexadecimal, as `1234abcd-01`.
    pub fn part_uuid(&self, write: &mut impl FnMut(u8)) {
        let length = match self.guid {
            [_, _, _, _, _, _, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => MBR,
            _ => ORDER.len(),
        };
        for &place in ORDER.iter().take(length) {
            match self.guid.get(place) {
                None => write(b'-'),
                Some(byte) => {
                    write(digit(byte >> 4));
                    write(digit(byte & 0xf));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Lba;
    use std::string::String;

    fn name(guid: [u8; 16]) -> String {
        let partition = Partition {
            first: Lba(0),
            sectors: 1,
            guid,
        };
        let mut name = String::new();
        partition.part_uuid(&mut |byte| name.push(char::from(byte)));
        name
    }

    #[test]
    fn names() {
        assert_eq!(
            name(crate::gpt::ESP),
            "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
        );
        let mut guid = [0; 16];
        guid[..6].copy_from_slice(b"\xef\xcd\xab\x01\0\x0a");
        assert_eq!(name(guid), "01abcdef-0a");
    }
}
