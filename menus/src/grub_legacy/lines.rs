//! Lines and words as GRUB Legacy sees them: a backslash at the end of a line joins it
//! with the next, `#` at the beginning makes a comment, a tab is a space, and `=` may
//! follow a command.

use alloc::vec::Vec;

use crate::reading::Value;

/// Bytes of a line that GRUB Legacy reads.
const LINE: usize = 1500;

/// The lines with their numbers, which count from 1. Empty lines and comments are left
/// out.
pub(super) fn lines(content: &[u8]) -> Vec<(u32, Value)> {
    let mut lines = Vec::new();
    let mut line: Vec<u8> = Vec::new();
    let mut begin: u32 = 1;
    for (number, part) in (1..).zip(content.split(|&byte| byte == b'\n')) {
        let part: Vec<u8> = part.iter().copied().filter(|&byte| byte != b'\r').collect();
        if line.is_empty() {
            begin = number;
        }
        if let Some(part) = part.strip_suffix(b"\\") {
            line.extend(part);
            line.push(b' ');
            continue;
        }
        line.extend(part);
        push(&mut lines, begin, &line);
        line.clear();
    }
    push(&mut lines, begin, &line);
    lines
}

fn push(lines: &mut Vec<(u32, Value)>, number: u32, line: &[u8]) {
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let line = line.trim_ascii();
    if !line.is_empty() && !line.starts_with(b"#") {
        lines.push((number, Value::from_bytes(line, LINE)));
    }
}

/// A command and its arguments.
pub(super) fn command(line: &str) -> (&str, &str) {
    let (name, rest) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
    (name, rest.trim_start_matches([' ', '\t', '=']))
}

/// The first word and what follows.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.trim_matches([' ', '\t']);
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (word, rest.trim_start_matches([' ', '\t']))
}

/// The number at the beginning.
pub(super) fn number(text: &str) -> Option<u32> {
    split(text).0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_commands() {
        let lines = lines(b"a \\\r\n b\n\n# c\\\nd\n  #e\nf=1\n");
        let lines: Vec<(u32, &str)> = lines
            .iter()
            .map(|(number, value)| (*number, value.text.as_str()))
            .collect();
        assert_eq!(lines, [(1, "a   b"), (7, "f=1")]);
        assert_eq!(command("default=saved"), ("default", "saved"));
        assert_eq!(command("title = a b"), ("title", "a b"));
        assert_eq!(command("kernel /k a=b"), ("kernel", "/k a=b"));
        assert_eq!(split(" a  b c"), ("a", "b c"));
        assert_eq!(number("12 x"), Some(12));
        assert_eq!(number("-1"), None);
    }
}
