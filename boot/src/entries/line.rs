//! Lines of text files: the key and the value in one.
//!
//! Type 1 entries, `loader.conf` and os-release share this syntax (UAPI.1,
//! "Type #1 Boot Loader Specification Entries", read as systemd-boot reads it):
//! blanks at both ends do not count, `#` as the first character makes a comment,
//! the key ends at the first separator, and everything after the run of separators is
//! the value, `#` and quotes included.

/// Bytes that are kept of a line of a text file: more than any value may have. A command
/// line has at most 2,047.
pub const LINE: usize = 4096;

/// The separators of Type 1 entries and `loader.conf`. The specification says
/// spaces; tabs are common in practice. Vertical tabs, form feeds and no-break spaces
/// are not blanks.
pub const BLANK: [u8; 2] = *b" \t";
/// The separator of os-release and of UKI profiles.
pub const EQUALS: [u8; 2] = *b"==";

/// The key and the value of `line`, which has no line end.
///
/// None for an empty line, a comment, and a key without a separator. Only with
/// [`EQUALS`] can a value be empty.
pub fn split(line: &[u8], separators: [u8; 2]) -> Option<(&[u8], &[u8])> {
    let line = trim(line);
    let end = line.iter().position(|&byte| is_one_of(byte, separators))?;
    let key = line.get(..end)?;
    if let [b'#', ..] = line {
        return None;
    }
    Some((key, skip(line.get(end..)?, separators)))
}

/// Takes blanks off both ends.
pub fn trim(text: &[u8]) -> &[u8] {
    let mut text = skip(text, BLANK);
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn skip(mut text: &[u8], separators: [u8; 2]) -> &[u8] {
    while let [first, rest @ ..] = text {
        if !is_one_of(*first, separators) {
            break;
        }
        text = rest;
    }
    text
}

fn is_one_of(byte: u8, separators: [u8; 2]) -> bool {
    let [one, other] = separators;
    byte == one || byte == other
}

/// `value` without a pair of equal quotes around it. For `loader.conf` and
/// os-release; Type 1 values are literal.
pub fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        _ => value,
    }
}

/// A decimal number: digits and nothing else, at most [`u32::MAX`].
pub fn number(digits: &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    (!digits.is_empty()).then_some(value)
}

/// Which of `words` the text is, from 0 on. A NUL follows each word; lines contain no
/// NUL.
pub fn word(words: &[u8], text: &[u8]) -> Option<usize> {
    let mut index = 0usize;
    let mut rest = Some(text);
    for &byte in words {
        rest = match (byte, rest) {
            (0, Some([])) => return Some(index),
            (0, _) => {
                index = index.wrapping_add(1);
                Some(text)
            }
            (_, Some([first, rest @ ..])) if *first == byte => Some(rest),
            _ => None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: &str) -> Option<(&str, &str)> {
        let (key, value) = split(line.as_bytes(), BLANK)?;
        Some((
            core::str::from_utf8(key).unwrap(),
            core::str::from_utf8(value).unwrap(),
        ))
    }

    #[test]
    fn lines() {
        for (line, expected) in [
            ("title Debian", Some(("title", "Debian"))),
            ("title   Debian  12  ", Some(("title", "Debian  12"))),
            ("title\tDebian", Some(("title", "Debian"))),
            ("\t title \t Debian\t ", Some(("title", "Debian"))),
            ("# title x", None),
            (" \t# title x", None),
            ("#", None),
            ("", None),
            (" \t ", None),
            ("title", None),
            ("title ", None),
            (
                "options root=/dev/sda # not a comment",
                Some(("options", "root=/dev/sda # not a comment")),
            ),
            (
                "options \"a b\" c=\"d\"",
                Some(("options", "\"a b\" c=\"d\"")),
            ),
            ("options a\\nb", Some(("options", "a\\nb"))),
            ("Title x", Some(("Title", "x"))),
            // A no-break space, a vertical tab and a form feed separate nothing.
            ("title\u{a0}x", None),
            ("title\u{b}x", None),
            ("title\u{c}x", None),
            ("title a\u{a0}", Some(("title", "a\u{a0}"))),
            // A byte order mark stays, and makes an unknown key.
            ("\u{feff}title x", Some(("\u{feff}title", "x"))),
            ("title Grüße 日本", Some(("title", "Grüße 日本"))),
        ] {
            assert_eq!(pair(line), expected, "{line:?}");
        }
        assert_eq!(
            split(b"title \xff\xfe", BLANK),
            Some((&b"title"[..], &b"\xff\xfe"[..]))
        );
    }

    #[test]
    fn os_release() {
        for (line, expected) in [
            ("ID=debian", Some(("ID", "debian"))),
            (
                "PRETTY_NAME=\"Debian GNU/Linux\"",
                Some(("PRETTY_NAME", "Debian GNU/Linux")),
            ),
            ("NAME='x y'", Some(("NAME", "x y"))),
            ("ID=", Some(("ID", ""))),
            ("ID==x", Some(("ID", "x"))),
            ("#ID=x", None),
            ("ID", None),
            ("HOME_URL=a=b", Some(("HOME_URL", "a=b"))),
        ] {
            let found = split(line.as_bytes(), EQUALS).map(|(key, value)| (key, unquote(value)));
            assert_eq!(
                found,
                expected.map(|(key, value)| (key.as_bytes(), value.as_bytes())),
                "{line}"
            );
        }
    }

    #[test]
    fn quotes() {
        for (value, expected) in [
            ("\"a\"", "a"),
            ("'a'", "a"),
            ("\"a'", "\"a'"),
            ("\"", "\""),
            ("\"\"", ""),
            ("a\"", "a\""),
            ("\"a\" \"b\"", "a\" \"b"),
            ("", ""),
        ] {
            assert_eq!(unquote(value.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn words() {
        let words = b"ab\0a\0abc\0x y\0";
        for (text, expected) in [
            ("ab", Some(0)),
            ("a", Some(1)),
            ("abc", Some(2)),
            ("x y", Some(3)),
            ("", None),
            ("abcd", None),
            ("b", None),
            ("AB", None),
            ("x", None),
            ("ab\0a", None),
        ] {
            assert_eq!(word(words, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn numbers() {
        for (digits, expected) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("4294967295", Some(u32::MAX)),
            ("00000000000000000000001", Some(1)),
            ("4294967296", None),
            ("99999999999999999999", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1 ", None),
            ("1s", None),
            ("0x1", None),
        ] {
            assert_eq!(number(digits.as_bytes()), expected, "{digits}");
        }
    }
}
