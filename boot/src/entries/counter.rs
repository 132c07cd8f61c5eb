//! Names of entry files, and the boot counter in them (UAPI.1, "Boot
//! counting").
//!
//! `BASE+LEFT-DONE.conf`: LEFT attempts remain, DONE were made; `-DONE` may be
//! missing. A name without a counter is good, one with LEFT above zero is being
//! tried, one with LEFT zero is bad. A name that does not fit the grammar has no
//! counter.

use super::line;
use crate::text::concat;

/// The counter of an entry, as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Attempts that remain; -1: the entry is not counted.
    pub left: i32,
    /// Attempts that were made; -1: the name has no DONE.
    pub done: i32,
}

impl Tries {
    /// Of an entry that is not counted.
    pub const NONE: Tries = Tries { left: -1, done: -1 };

    /// True if the entry failed as often as it was allowed to.
    pub fn is_bad(self) -> bool {
        self.left == 0
    }

    /// True if the name has a counter.
    pub fn is_counted(self) -> bool {
        self.left >= 0
    }
}

/// An entry's file name and where its counter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryName<'a> {
    name: &'a [u8],
    /// Bytes before the counter, or before the suffix if there is no counter.
    base: usize,
    /// Bytes before the suffix.
    stem: usize,
    /// Digits of LEFT, after the `+` that follows the base.
    pub left_digits: usize,
    /// Digits of DONE, after the `-` that follows LEFT; 0 if there is no DONE.
    pub done_digits: usize,
    /// The counter as numbers.
    pub tries: Tries,
}

impl<'a> EntryName<'a> {
    /// Takes a file's name apart. `suffix` is `.conf` or `.efi`.
    ///
    /// None for a file that is not an entry: its name ends otherwise, or starts with a
    /// dot or with `auto-`, which systemd-boot reserves for the entries that it makes
    /// itself.
    pub fn parse(name: &'a [u8], suffix: &[u8]) -> Option<EntryName<'a>> {
        let stem = name.len().checked_sub(suffix.len())?;
        if !name.get(stem..)?.eq_ignore_ascii_case(suffix)
            || name.first() == Some(&b'.')
            || name.get(..5)?.eq_ignore_ascii_case(b"auto-")
        {
            return None;
        }
        let mut parsed = EntryName {
            name,
            base: stem,
            stem,
            left_digits: 0,
            done_digits: 0,
            tries: Tries::NONE,
        };
        parsed.find_counter();
        Some(parsed)
    }

    /// Finds the counter at the end of the base, if there is one.
    #[inline(never)] // its own frame saves 96 bytes
    fn find_counter(&mut self) -> Option<()> {
        let stem = self.base();
        let base = stem.iter().rposition(|&byte| byte == b'+')?;
        let mut left = stem.get(base.checked_add(1)?..)?;
        let mut done = &[][..];
        let mut tries = Tries::NONE;
        if let Some(dash) = left.iter().position(|&byte| byte == b'-') {
            done = left.get(dash.checked_add(1)?..)?;
            left = left.get(..dash)?;
            tries.done = count(done)?;
        }
        tries.left = count(left)?;
        self.tries = tries;
        (self.base, self.left_digits, self.done_digits) = (base, left.len(), done.len());
        Some(())
    }

    /// The part of the name before the counter.
    pub fn base(&self) -> &'a [u8] {
        self.name.get(..self.base).unwrap_or_default()
    }

    /// Where LEFT ends, in bytes from the start of the name.
    pub fn left_end(&self) -> usize {
        self.base.wrapping_add(self.left_digits).wrapping_add(1)
    }

    /// Where the counter ends, in bytes from the start of the name; the suffix follows.
    pub fn end(&self) -> usize {
        self.stem
    }

    /// The parts of the entry's id: the name without its counter. In an id all
    /// letters are small.
    pub fn id(&self) -> [&'a [u8]; 2] {
        [self.base(), self.name.get(self.stem..).unwrap_or_default()]
    }

    /// Writes the name that the file gets when the entry is tried: LEFT is one
    /// less, down to 0, and DONE one more, up to all nines. Both keep their
    /// number of digits, so that the name keeps its length.
    ///
    /// A DONE of ten digits and more stays as it is, because it could become larger
    /// than a counter may be, or look so after a torn write.
    ///
    /// Where the name has no DONE, LEFT alone changes.
    ///
    /// None if the entry is not counted, or `into` is too short.
    pub fn next<'b>(&self, into: &'b mut [u8]) -> Option<&'b mut [u8]> {
        if !self.tries.is_counted() {
            return None;
        }
        let name = concat(into, &[self.name])?;
        self.advance(name)
    }

    /// Writes the name that a file without DONE gets when the entry is tried, if
    /// it may be longer by the two bytes of `-1`.
    ///
    /// None if the entry is not counted or has a DONE, or `into` is too short.
    pub fn longer<'b>(&self, into: &'b mut [u8]) -> Option<&'b mut [u8]> {
        if !self.tries.is_counted() || self.done_digits != 0 {
            return None;
        }
        let (start, suffix) = self.name.split_at_checked(self.stem)?;
        let name = concat(into, &[start, b"-0", suffix])?;
        self.advance(name)
    }

    /// Takes the numbers of the counter in `name` one step further.
    fn advance<'b>(&self, name: &'b mut [u8]) -> Option<&'b mut [u8]> {
        let (_, counter) = name.split_at_mut_checked(self.base.checked_add(1)?)?;
        let (left, done) = counter.split_at_mut_checked(self.left_digits)?;
        step(left, b'0', b'9');
        if let [b'-', done @ ..] = done {
            let digits = self.done_digits.max(1);
            if digits < 10 {
                step(done.get_mut(..digits)?, b'9', b'0');
            }
        }
        Some(name)
    }
}

/// The value of a counter's digits; systemd's counters are 31 bits wide.
fn count(digits: &[u8]) -> Option<i32> {
    i32::try_from(line::number(digits)?).ok()
}

/// Takes a decimal number one step towards all `last` (9 or 0), where it stays.
/// A digit that is `last` already becomes `first`, and the digit before it steps too.
fn step(digits: &mut [u8], last: u8, first: u8) {
    if digits.iter().all(|&digit| digit == last) {
        return;
    }
    for digit in digits.iter_mut().rev() {
        if *digit != last {
            *digit = if last > first {
                digit.wrapping_add(1)
            } else {
                digit.wrapping_sub(1)
            };
            return;
        }
        *digit = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    /// EntryName, LEFT, DONE, name after one attempt.
    const COUNTED: [(&str, i32, i32, &str); 16] = [
        ("foo+3.conf", 3, -1, "foo+2-1.conf"),
        ("foo+2-1.conf", 2, 1, "foo+1-2.conf"),
        ("foo+1-2.conf", 1, 2, "foo+0-3.conf"),
        ("foo+0-3.conf", 0, 3, "foo+0-4.conf"),
        ("foo+10-00.conf", 10, 0, "foo+09-01.conf"),
        ("foo+09-01.conf", 9, 1, "foo+08-02.conf"),
        ("foo+3-9.conf", 3, 9, "foo+2-9.conf"),
        ("foo+1-99.conf", 1, 99, "foo+0-99.conf"),
        ("foo+03-0.conf", 3, 0, "foo+02-1.conf"),
        ("foo+00-00.conf", 0, 0, "foo+00-01.conf"),
        ("foo+0.conf", 0, -1, "foo+0-1.conf"),
        ("foo+1+2.conf", 2, -1, "foo+1+1-1.conf"),
        ("c++11+2-0.conf", 2, 0, "c++11+1-1.conf"),
        ("foo+3.CONF", 3, -1, "foo+2-1.CONF"),
        ("+3.conf", 3, -1, "+2-1.conf"),
        (
            "foo+2147483647.conf",
            2147483647,
            -1,
            "foo+2147483646-1.conf",
        ),
    ];

    const NOT_COUNTED: [&str; 12] = [
        "foo+2147483648.conf",
        "foo+.conf",
        "foo+a.conf",
        "foo+3-.conf",
        "foo+3-1x.conf",
        "foo+3.1.conf",
        "foo+-1.conf",
        "foo+3 .conf",
        "foo+3-0-1.conf",
        "foo-3.conf",
        "foo+99999999999999999999999.conf",
        "foo+3-2147483648.conf",
    ];

    fn parse(name: &str) -> EntryName<'_> {
        EntryName::parse(name.as_bytes(), b".conf").unwrap()
    }

    fn id(name: &str) -> String {
        let whole = parse(name).id().concat().to_ascii_lowercase();
        String::from_utf8(whole).unwrap()
    }

    fn next(name: &str, grow: bool) -> String {
        let mut room = [0; 300];
        let name = parse(name);
        let longer = name.longer(&mut room).map(|longer| longer.to_vec());
        let next = longer
            .filter(|_| grow)
            .unwrap_or_else(|| name.next(&mut room).unwrap().to_vec());
        String::from_utf8(next).unwrap()
    }

    #[test]
    fn counted() {
        for (name, left, done, after) in COUNTED {
            let parsed = parse(name);
            assert_eq!(parsed.tries, Tries { left, done }, "{name}");
            assert!(parsed.tries.is_counted());
            assert_eq!(parsed.tries.is_bad(), left == 0);
            assert_eq!(next(name, true), after);
            if done >= 0 {
                assert_eq!(next(name, false), after);
            }
        }
        assert_eq!(id("foo+3.conf"), "foo.conf");
        assert_eq!(id("Foo+3-1.CONF"), "foo.conf");
        assert_eq!(id("foo+1+2.conf"), "foo+1.conf");
        assert_eq!(id("c++11+2-0.conf"), "c++11.conf");
        assert_eq!(id("+3.conf"), ".conf");
        assert_eq!(id("foo+0000000000000000000000001.conf"), "foo.conf");
    }

    #[test]
    fn not_counted() {
        for name in NOT_COUNTED {
            let parsed = parse(name);
            assert_eq!(parsed.tries, Tries::NONE, "{name}");
            assert_eq!(parsed.next(&mut [0; 300]), None);
            assert_eq!(id(name), name);
        }
    }

    #[test]
    fn same_length() {
        for (name, after) in [
            ("foo+3.conf", "foo+2.conf"),
            ("foo+1.conf", "foo+0.conf"),
            ("foo+0.conf", "foo+0.conf"),
            ("foo+10.conf", "foo+09.conf"),
            ("foo+100-009.conf", "foo+099-010.conf"),
            ("foo+100-199.conf", "foo+099-200.conf"),
            ("foo+1-2147483647.conf", "foo+0-2147483647.conf"),
        ] {
            assert_eq!(next(name, false), after);
        }
    }

    /// Down to bad and further, the state is the one that the grammar gives, and
    /// neither the id nor, once DONE is there, the length changes.
    #[test]
    fn chains() {
        for start in ["x+3.conf", "x+12-0.conf", "x+005-95.conf", "x+1000.conf"] {
            let mut name = next(start, true);
            let mut left = parse(start).tries.left;
            for _ in 0..1100 {
                left = (left - 1).max(0);
                assert_eq!(parse(&name).tries.left, left);
                assert_eq!(id(&name), "x.conf");
                let after = next(&name, true);
                assert_eq!(after.len(), name.len());
                name = after;
            }
        }
    }

    #[test]
    fn which_files_are_entries() {
        for (name, expected) in [
            ("a.conf", true),
            ("A.CoNf", true),
            (".conf", false),
            (".a.conf", false),
            ("auto-x.conf", false),
            ("AUTO-x.conf", false),
            ("auto.conf", true),
            ("autox.conf", true),
            ("a.conf.bak", false),
            ("a.efi", false),
            ("conf", false),
            ("", false),
            ("a b\u{fc}.conf", true),
        ] {
            assert_eq!(
                EntryName::parse(name.as_bytes(), b".conf").is_some(),
                expected,
                "{name}"
            );
        }
        let name = EntryName::parse(b"debian_12+3-0.EFI", b".efi").unwrap();
        assert_eq!(name.id().concat(), b"debian_12.EFI");
        assert_eq!(
            (name.base(), name.left_digits, name.done_digits),
            (&b"debian_12"[..], 1, 1)
        );
        assert!(EntryName::parse(b"debian.conf", b".efi").is_none());
    }

    #[test]
    fn room() {
        let name = parse("foo+3.conf");
        assert_eq!(name.longer(&mut [0; 11]), None);
        assert_eq!(
            name.longer(&mut [0; 12]).as_deref(),
            Some(&b"foo+2-1.conf"[..])
        );
        assert_eq!("foo+2-1.conf".to_string().len(), 12);
    }
}
