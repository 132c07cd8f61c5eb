//! The text that the menu shows for an entry.
//!
//! It is the title, or the id of an entry without a title. Where two entries would
//! look the same, the version is added to each of them; where some still look the
//! same, the start of the machine ID; and at last the id. systemd-boot does the same.

use super::entry::{Entry, Field};
use super::list::List;
use crate::text::cut;

/// A text that is added to a title.
struct Addition {
    /// The bit of `Entry::additions` that stands for it.
    bit: u8,
    field: Field,
    /// The most bytes of it that are shown.
    most: usize,
}

/// The additions, in their order.
const ADDITIONS: [Addition; 3] = [
    Addition {
        bit: 1,
        field: Field::Version,
        most: usize::MAX,
    },
    Addition {
        bit: 2,
        field: Field::MachineId,
        most: 8,
    },
    Addition {
        bit: 4,
        field: Field::Id,
        most: usize::MAX,
    },
];

/// Finds out which titles need additions. Call it when the list is complete; the work
/// grows with the square of the list's length.
///
/// Titles are compared by a hash of the text that is shown. If two different titles
/// have the same hash by chance, they get an addition that they do not need.
pub fn tell_apart(list: &mut List) {
    for Addition { bit, .. } in ADDITIONS {
        for entry in list.entries() {
            entry.title_hash = hash(entry);
        }
        let mut rest = list.entries();
        while let [entry, others @ ..] = rest {
            for other in &mut *others {
                if other.title_hash == entry.title_hash {
                    other.additions |= bit;
                    entry.additions |= bit;
                }
            }
            rest = others;
        }
    }
}

/// The 32-bit FNV-1a hash of the title as it is shown.
fn hash(entry: &Entry) -> u32 {
    let mut hash = 0x811c_9dc5u32;
    write(entry, &mut |piece| {
        for byte in piece {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    });
    hash
}

/// Hands the title of the entry to `sink`, in pieces of whole characters. The bytes are those of
/// the file: they may be anything, control characters included.
pub fn write(entry: &Entry, sink: &mut dyn FnMut(&[u8])) {
    sink(entry.text(Field::Title).unwrap_or(entry.id()));
    for Addition { bit, field, most } in ADDITIONS {
        if entry.additions & bit != 0
            && let Some(text) = entry.text(field)
        {
            sink(b" (");
            sink(cut(text, most));
            sink(b")");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    /// Titles in the order of the menu, of entries given as id, title,
    /// version, machine ID.
    fn titles(entries: &[[&'static str; 4]]) -> Vec<String> {
        let mut room = [Entry::EMPTY; 8];
        let mut list = List::new(&mut room);
        for [id, title, version, machine] in entries {
            let mut entry = Entry::EMPTY;
            for (field, text) in [
                (Field::Id, id),
                (Field::Title, title),
                (Field::Version, version),
                (Field::MachineId, machine),
            ] {
                assert!(text.is_empty() || entry.set(field, &[text.as_bytes()]).is_some());
            }
            list.offer(&entry);
        }
        tell_apart(&mut list);
        let title = |rank| {
            let mut title = Vec::new();
            write(list.get(rank).unwrap(), &mut |piece| {
                title.extend_from_slice(piece)
            });
            String::from_utf8(title).unwrap()
        };
        (0..list.len()).map(title).collect()
    }

    #[test]
    fn distinct_titles_stay() {
        assert_eq!(
            titles(&[["b.conf", "Debian", "1", ""], ["a.conf", "Arch", "1", ""]]),
            ["Debian", "Arch"]
        );
        assert_eq!(titles(&[["a.conf", "", "1", ""]]), ["a.conf"]);
    }

    #[test]
    fn version_then_machine_then_id() {
        const M: &str = "0123456789abcdef0123456789abcdef";
        const N: &str = "fedcba98";
        assert_eq!(
            titles(&[
                ["b.conf", "Debian", "2", ""],
                ["a.conf", "Debian", "1", ""],
                ["0.conf", "Arch", "1", ""]
            ]),
            ["Arch", "Debian (2)", "Debian (1)"]
        );
        // Only one has a version: that is enough.
        assert_eq!(
            titles(&[["b.conf", "Debian", "", ""], ["a.conf", "Debian", "1", ""]]),
            ["Debian", "Debian (1)"]
        );
        assert_eq!(
            titles(&[
                ["b.conf", "Debian", "1", M],
                ["a.conf", "Debian", "1", N],
                ["9.conf", "Debian", "2", M]
            ]),
            [
                "Debian (2)",
                "Debian (1) (01234567)",
                "Debian (1) (fedcba98)"
            ]
        );
        assert_eq!(
            titles(&[["b.conf", "Debian", "1", M], ["a.conf", "Debian", "1", M]]),
            [
                "Debian (1) (01234567) (b.conf)",
                "Debian (1) (01234567) (a.conf)"
            ]
        );
        // No version, no machine ID: the id alone.
        assert_eq!(
            titles(&[["b.conf", "Debian", "", ""], ["a.conf", "Debian", "", ""]]),
            ["Debian (b.conf)", "Debian (a.conf)"]
        );
        // The shown texts are compared, not their sources.
        assert_eq!(
            titles(&[
                ["c.conf", "A (1)", "5", ""],
                ["b.conf", "A", "1", ""],
                ["a.conf", "A", "2", ""]
            ]),
            ["A (1) (c.conf)", "A (1) (b.conf)", "A (2)"]
        );
        // A title that is another entry's id.
        assert_eq!(
            titles(&[["b.conf", "", "1", ""], ["a.conf", "b.conf", "2", ""]]),
            ["b.conf (1)", "b.conf (2)"]
        );
    }
}
