//! Patterns. An input is a pattern and a text, with a NUL between them. A second
//! matcher, which works in another way, must give the same answer.

use crate::input::Input;
use boot::entries::glob::{matches, selects};

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let pattern = input.text().to_ascii_lowercase();
    let text = input.take(usize::MAX).to_ascii_lowercase();
    let expected = matches_plainly(&pattern, &text);
    assert_eq!(matches(&pattern, &text), expected, "{pattern:?} {text:?}");
    assert!(!expected || selects(&pattern, &text));
    assert_eq!(
        matches(&pattern.to_ascii_uppercase(), &text.to_ascii_uppercase()),
        matches(&pattern, &text)
    );
    assert!(selects(&text, &text));
}

/// An element of a pattern.
enum Element {
    /// Any number of any characters.
    Star,
    /// One character of a table.
    One(Box<[bool; 256]>),
}

/// Matches by a table of the beginnings of the text, for each beginning of the
/// pattern.
fn matches_plainly(pattern: &[u8], text: &[u8]) -> bool {
    let elements = elements(pattern);
    // For each length: do the elements so far match this beginning of the text?
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for element in &elements {
        match element {
            Element::Star => {
                let first = reached.iter().position(|&reached| reached);
                reached[first.unwrap_or(text.len() + 1)..].fill(true);
            }
            Element::One(table) => {
                for end in (0..=text.len()).rev() {
                    reached[end] = end > 0 && reached[end - 1] && table[usize::from(text[end - 1])];
                }
            }
        }
        if !reached.contains(&true) {
            return false;
        }
    }
    reached[text.len()]
}

fn elements(mut pattern: &[u8]) -> Vec<Element> {
    let mut elements = Vec::new();
    while let Some((&byte, rest)) = pattern.split_first() {
        pattern = rest;
        let mut table = Box::new([false; 256]);
        match byte {
            b'*' => {
                elements.push(Element::Star);
                continue;
            }
            b'?' => table.fill(true),
            b'[' => match set(rest, &mut table) {
                Some(rest) => pattern = rest,
                // A set without an end matches nothing; the rest is ignored.
                None => {
                    table.fill(false);
                    pattern = &[];
                }
            },
            // At the end of the pattern, a backslash matches nothing.
            b'\\' => {
                if let Some((&literal, rest)) = rest.split_first() {
                    table[usize::from(literal)] = true;
                    pattern = rest;
                }
            }
            _ => table[usize::from(byte)] = true,
        }
        elements.push(Element::One(table));
    }
    elements
}

/// Fills in the table of a set, and returns the rest of the pattern.
fn set<'a>(mut rest: &'a [u8], table: &mut [bool; 256]) -> Option<&'a [u8]> {
    let literal = |rest: &mut &'a [u8]| -> Option<u8> {
        let mut byte = *rest.split_off_first()?;
        if byte == b'\\' {
            byte = *rest.split_off_first()?;
        }
        Some(byte)
    };
    for index in 0.. {
        if index > 0 && rest.first() == Some(&b']') {
            return Some(&rest[1..]);
        }
        let low = literal(&mut rest)?;
        table[usize::from(low)] = true;
        if let [b'-', next, ..] = rest
            && *next != b']'
        {
            rest = &rest[1..];
            let high = literal(&mut rest)?;
            // The end of a range never begins another one: the next character is a
            // member of the set, even if it is a dash.
            (low..=high).for_each(|byte| table[usize::from(byte)] = true);
        }
    }
    None
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 8] = [
        b"debian-*.conf\0debian-6.1.0-56-amd64.conf",
        b"[a-c]?\\*\0bz*",
        b"*a*b*c*d\0abcabcabcd",
        b"[]a-]*\0]a-",
        b"[a-c-f]\0-",
        b"[a-\0a",
        b"\\\0\\",
        b"***[!x-z]?**\0anything at all",
    ];
    texts.map(<[u8]>::to_vec).to_vec()
}
