//! Names of entry files, and the boot counter in them (UAPI.1, "Boot
//! counting").
//!
//! `BASE+LEFT-DONE.conf`: LEFT attempts remain, DONE were made; `-DONE` may be
//! missing. A name without a counter is good, one with LEFT above zero is being
//! tried, one with LEFT zero is bad. What does not fit the grammar is a name
//! like any other and is not counted.

use super::line;
use super::text::concat;

/// The counter of an entry, as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Attempts that remain; -1: the entry is not counted.
    pub left: i32,
    /// Attempts that were made; -1: the name does not say.
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

/// The parts of an entry's file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// What stands before the counter.
    pub base: &'a [u8],
    /// The digits of LEFT, behind the `+` that follows the base; empty if the
    /// entry is not counted.
    pub left: &'a [u8],
    /// The digits of DONE, behind the `-` that follows LEFT; empty if there
    /// are none.
    pub done: &'a [u8],
    /// `.conf` or `.efi` as the name spells it.
    pub suffix: &'a [u8],
    /// The counter as numbers.
    pub tries: Tries,
}

impl<'a> Name<'a> {
    /// Takes a file's name apart. `suffix` is `.conf` or `.efi`.
    ///
    /// None for a file that is no entry: it ends otherwise, starts with a dot,
    /// or with `auto-`, which systemd-boot keeps for entries of its own making.
    pub fn parse(name: &'a [u8], suffix: &[u8]) -> Option<Name<'a>> {
        let (stem, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
        if !end.eq_ignore_ascii_case(suffix) || name.first() == Some(&b'.') {
            return None;
        }
        if name
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"auto-"))
        {
            return None;
        }
        let plain = Name {
            base: stem,
            left: &[],
            done: &[],
            suffix: end,
            tries: Tries::NONE,
        };
        Some(plain.counted().unwrap_or(plain))
    }

    /// The same name with the counter at the end of the base as such.
    fn counted(self) -> Option<Name<'a>> {
        let plus = self.base.iter().rposition(|&byte| byte == b'+')?;
        let (base, counter) = self.base.split_at_checked(plus)?;
        let counter = counter.get(1..)?;
        let mut tries = Tries::NONE;
        let (mut left, mut done) = (counter, &[][..]);
        if let Some(dash) = counter.iter().position(|&byte| byte == b'-') {
            left = counter.get(..dash)?;
            done = counter.get(dash.checked_add(1)?..)?;
            tries.done = count(done)?;
        }
        tries.left = count(left)?;
        Some(Name {
            base,
            left,
            done,
            tries,
            ..self
        })
    }

    /// The parts of the entry's id: the name without its counter. In an id all
    /// letters are small.
    pub fn id(&self) -> [&'a [u8]; 2] {
        [self.base, self.suffix]
    }

    /// Writes the name that the file gets when the entry is tried: LEFT is one
    /// less, down to 0, and DONE one more, up to all nines. Both keep their
    /// number of digits, so that the name keeps its length.
    ///
    /// A name without DONE gets `-1` if it may `grow` by these two bytes.
    /// Otherwise LEFT alone changes.
    ///
    /// None if the entry is not counted, or `into` is too short.
    pub fn next<'b>(&self, grow: bool, into: &'b mut [u8]) -> Option<&'b [u8]> {
        if !self.tries.is_counted() {
            return None;
        }
        let (dash, done): (&[u8], &[u8]) = match self.done {
            [] if grow => (b"-", b"0"),
            [] => (b"", b""),
            digits => (b"-", digits),
        };
        let name = concat(into, &[self.base, b"+", self.left, dash, done, self.suffix])?;
        let (_, counter) = name.split_at_mut_checked(self.base.len().checked_add(1)?)?;
        let (left, counter) = counter.split_at_mut_checked(self.left.len())?;
        let done = counter.get_mut(dash.len()..)?.get_mut(..done.len())?;
        step(left, b'0', b'9', u8::MAX);
        step(done, b'9', b'0', 1);
        Some(name)
    }
}

/// The value of a counter's digits; systemd's counters are 31 bits wide.
fn count(digits: &[u8]) -> Option<i32> {
    i32::try_from(line::number(digits)?).ok()
}

/// Adds `by` to a decimal number in place, 1 or, as 255, -1. Where a digit is
/// `last` it becomes `wrapped` and the one before it changes too; a number that
/// is all `last` stays.
fn step(digits: &mut [u8], last: u8, wrapped: u8, by: u8) {
    if digits.iter().all(|&digit| digit == last) {
        return;
    }
    for digit in digits.iter_mut().rev() {
        if *digit != last {
            *digit = digit.wrapping_add(by);
            return;
        }
        *digit = wrapped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    /// Name, LEFT, DONE, name after one attempt.
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

    fn parse(name: &str) -> Name<'_> {
        Name::parse(name.as_bytes(), b".conf").unwrap()
    }

    fn id(name: &str) -> String {
        let whole = parse(name).id().concat().to_ascii_lowercase();
        String::from_utf8(whole).unwrap()
    }

    fn next(name: &str, grow: bool) -> String {
        let mut room = [0; 300];
        let next = parse(name).next(grow, &mut room).unwrap().to_vec();
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
            assert_eq!(parsed.next(true, &mut [0; 300]), None);
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
        ] {
            assert_eq!(next(name, false), after);
        }
    }

    /// Down to bad and further, the state stays what the grammar calls it, and
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
                Name::parse(name.as_bytes(), b".conf").is_some(),
                expected,
                "{name}"
            );
        }
        let name = Name::parse(b"debian_12+3-0.EFI", b".efi").unwrap();
        assert_eq!(name.id().concat(), b"debian_12.EFI");
        assert_eq!((name.left, name.done), (&b"3"[..], &b"0"[..]));
        assert!(Name::parse(b"debian.conf", b".efi").is_none());
    }

    #[test]
    fn room() {
        let name = parse("foo+3.conf");
        assert_eq!(name.next(true, &mut [0; 11]), None);
        assert_eq!(name.next(true, &mut [0; 12]), Some(&b"foo+2-1.conf"[..]));
        assert_eq!("foo+2-1.conf".to_string().len(), 12);
    }
}
