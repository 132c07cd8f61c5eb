//! Lines and words as SYSLINUX sees them: everything up to the space is white, keywords
//! have no case, and there are no quotes.

use alloc::string::String;
use alloc::vec::Vec;

use crate::reading::Value;

/// Bytes of a line that SYSLINUX reads.
const LINE: usize = 4095;

/// The lines of a file with their numbers, which count from 1.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = (u32, Value)> {
    (1..).zip(content.split(|&byte| byte == b'\n').map(line))
}

/// A line without what SYSLINUX ignores: white space around it, and what follows a
/// carriage return or NUL.
fn line(bytes: &[u8]) -> Value {
    let mut parts = bytes.split(|&byte| matches!(byte, b'\r' | 0));
    let line = parts.next().unwrap_or_default();
    let value = Value::from_bytes(line, LINE);
    value.part(trimmed(&value.text))
}

/// Whether a character separates words.
fn is_white(c: char) -> bool {
    c <= ' '
}

/// Without white space around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_white)
}

/// The first word and what follows.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(is_white);
    let (word, rest) = text.split_once(is_white).unwrap_or((text, ""));
    (word, rest.trim_start_matches(is_white))
}

/// The text up to the first white space.
pub(super) fn split_here(text: &str) -> &str {
    text.split(is_white).next().unwrap_or_default()
}

/// The first word in lower case, and what follows.
pub(super) fn keyword(text: &str) -> (String, &str) {
    let (word, rest) = split(text);
    (word.to_ascii_lowercase(), rest)
}

/// All words.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_white).filter(|word| !word.is_empty())
}

/// The number at the beginning: C's `atoi`. 0 if there is no number.
pub(super) fn number(text: &str) -> i64 {
    let text = trimmed(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut number: i64 = 0;
    for digit in digits.chars().map_while(|c| c.to_digit(10)) {
        number = number.saturating_mul(10).saturating_add(digit.into());
    }
    number.saturating_mul(sign)
}

/// The number at the beginning, in base 10, 16 (`0x`) or 8 (`0`): C's `strtoul`.
pub(super) fn number_of_any_base(text: &str) -> i64 {
    let text = trimmed(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let (base, digits) = match hexadecimal {
        Some(digits) => (16, digits),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let mut number: i64 = 0;
    for digit in digits.chars().map_while(|c| c.to_digit(base)) {
        let base = i64::from(base);
        number = number.saturating_mul(base).saturating_add(digit.into());
    }
    number.saturating_mul(sign)
}

/// A command line without the words that begin with a prefix, and what follows the
/// prefix in each of them. The rest keeps its spaces.
pub(super) fn without(text: &str, prefix: &str) -> (String, Vec<String>) {
    let mut kept = String::new();
    let mut taken = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let white = rest
            .len()
            .saturating_sub(rest.trim_start_matches(is_white).len());
        let (space, after) = rest.split_at_checked(white).unwrap_or((rest, ""));
        let end = after.find(is_white).unwrap_or(after.len());
        let (word, after) = after.split_at_checked(end).unwrap_or((after, ""));
        match word.strip_prefix(prefix) {
            Some(value) => taken.push(value.into()),
            None => {
                kept.push_str(space);
                kept.push_str(word);
            }
        }
        rest = after;
    }
    (trimmed(&kept).into(), taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn lines_end_as_in_syslinux() {
        let lines: Vec<(u32, String)> = lines(b" a\tb \r\n\nc\0d\ne")
            .map(|(number, value)| (number, value.text))
            .collect();
        let expected = [(1, "a\tb"), (2, ""), (3, "c"), (4, "e")];
        assert_eq!(
            lines,
            expected.map(|(number, text)| (number, text.to_string()))
        );
    }

    #[test]
    fn words_and_numbers() {
        assert_eq!(split("  a \t b c "), ("a", "b c "));
        assert_eq!(keyword("MENU Label x"), ("menu".into(), "Label x"));
        assert_eq!(number("50 x"), 50);
        assert_eq!(number("-1"), -1);
        assert_eq!(number("x"), 0);
        assert_eq!(number("99999999999999999999"), i64::MAX);
        assert_eq!(number_of_any_base("0x80"), 128);
        assert_eq!(number_of_any_base("-1"), -1);
        assert_eq!(number_of_any_base("010"), 8);
    }

    #[test]
    fn words_are_taken_out_and_spaces_stay() {
        let (kept, taken) = without("a=\"b  c\" initrd=x,y quiet  initrd= --- ", "initrd=");
        assert_eq!(kept, "a=\"b  c\" quiet ---");
        assert_eq!(taken, ["x,y", ""]);
    }
}
