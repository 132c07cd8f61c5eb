//! What the menu shows for an entry.
//!
//! The title, or the id where there is none. Where two entries would look the
//! same, systemd-boot adds the version to each of them; where some still look
//! the same, the start of the machine ID; and at last the id.

use super::list::{Entry, Field, List};

/// What is added, in this order.
const STAGES: [Field; 3] = [Field::Version, Field::MachineId, Field::Id];
/// How much of a machine ID is shown.
const MACHINE_ID: usize = 8;

/// Pieces of a title: the title itself, then for each stage a text with
/// brackets around it, all empty where the stage is not needed.
type Pieces<'a> = [&'a [u8]; 10];

/// Finds out which titles need additions. To be called once the list is
/// complete; the work grows with the square of its length.
pub fn tell_apart(list: &mut List) {
    // A stage judges by what the stages before it added.
    for (bit, before) in [(1, 0), (2, 1), (4, 3)] {
        for a in 0..list.len() {
            for b in 0..a {
                if same(list, a, b, before) {
                    list.mark(a, bit);
                    list.mark(b, bit);
                }
            }
        }
    }
}

/// True if two entries look the same with the additions in `stages`.
fn same(list: &List, a: usize, b: usize, stages: u16) -> bool {
    let (Some((a, marks_a)), Some((b, marks_b))) = (list.marked(a), list.marked(b)) else {
        return false;
    };
    let (a, b) = (pieces(&a, marks_a & stages), pieces(&b, marks_b & stages));
    a.iter().copied().flatten().eq(b.iter().copied().flatten())
}

/// Hands the title of the entry at `rank` to `sink`, in pieces. The bytes are
/// those of the file: they may be anything, control characters included.
pub fn write(list: &List, rank: usize, sink: &mut dyn FnMut(&[u8])) {
    if let Some((entry, marks)) = list.marked(rank) {
        for piece in pieces(&entry, marks) {
            sink(piece);
        }
    }
}

fn pieces<'a>(entry: &Entry<'a>, mut marks: u16) -> Pieces<'a> {
    let mut pieces: Pieces = [&[]; 10];
    let (first, additions) = pieces.split_at_mut(1);
    first.fill(entry.text(Field::Title).unwrap_or(entry.id()));
    for (place, field) in additions.chunks_exact_mut(3).zip(STAGES) {
        if let (1, Some(mut text)) = (marks & 1, entry.text(field)) {
            if field == Field::MachineId {
                text = text.get(..MACHINE_ID).unwrap_or(text);
            }
            place.copy_from_slice(&[b" (", text, b")"]);
        }
        marks = marks.wrapping_shr(1);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entries::list::{Facts, Slot};
    use std::string::String;
    use std::vec::Vec;

    /// Titles in the order of the menu, of entries given as id, title,
    /// version, machine ID.
    fn titles(entries: &[[&'static str; 4]]) -> Vec<String> {
        let mut slots = [const { Slot::EMPTY }; 8];
        let mut list = List::new(&mut slots);
        for [id, title, version, machine] in entries {
            let text = |text: &'static str| Some(text.as_bytes()).filter(|text| !text.is_empty());
            let texts = [text(id), text(version), None, text(machine), text(title)];
            list.offer(&Entry {
                texts,
                facts: &Facts::NONE,
            })
            .unwrap();
        }
        tell_apart(&mut list);
        let title = |rank| {
            let mut title = Vec::new();
            write(&list, rank, &mut |piece| title.extend_from_slice(piece));
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
        // What is compared is what is shown, not where it comes from.
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
