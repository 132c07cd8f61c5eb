//! The text of a line, and whether it is exactly what the file says.

use alloc::string::{String, ToString};

/// Text from a configuration.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// As well as it can be shown.
    pub(crate) text: String,
    /// Why the text is not what the file says.
    pub(crate) fault: Option<Fault>,
}

/// Why a text is not what the file says. An entry with such a text starts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has bytes that are not UTF-8.
    NotText,
    /// Its line is longer than the loader reads.
    TooLong,
}

impl Fault {
    /// A sentence without a full stop.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotText => "its kernel, initrd or command line has bytes that are not UTF-8",
            Self::TooLong => "a line of it is longer than its boot loader reads",
        }
    }
}

impl Value {
    /// A text that is exact.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_string(),
            fault: None,
        }
    }

    /// A line of a file, without the bytes from `longest` on.
    pub(crate) fn from_bytes(bytes: &[u8], longest: usize) -> Self {
        let (bytes, fault) = match bytes.get(..longest) {
            Some(beginning) if bytes.len() > longest => (beginning, Some(Fault::TooLong)),
            _ => (bytes, None),
        };
        let text = String::from_utf8_lossy(bytes);
        let fault = match text {
            alloc::borrow::Cow::Borrowed(_) => fault,
            alloc::borrow::Cow::Owned(_) => Some(Fault::NotText),
        };
        Self {
            text: text.into_owned(),
            fault,
        }
    }

    /// A part of this text.
    pub(crate) fn part(&self, text: &str) -> Self {
        Self {
            text: text.to_string(),
            fault: self.fault,
        }
    }

    /// Adds a text after a space.
    pub(crate) fn push(&mut self, other: &Self) {
        if !self.text.is_empty() && !other.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&other.text);
        self.fault = self.fault.or(other.fault);
    }
}

/// A text for the eyes: control characters, which a terminal would obey, are replaced.
pub(crate) fn shown(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_kept() {
        let bad = Value::from_bytes(b"a\xffb", 9);
        assert_eq!(bad.text, "a\u{fffd}b");
        assert_eq!(bad.fault, Some(Fault::NotText));
        assert_eq!(bad.part("a").fault, Some(Fault::NotText));
        let long = Value::from_bytes(b"abcd", 3);
        assert_eq!(
            (long.text.as_str(), long.fault),
            ("abc", Some(Fault::TooLong))
        );
        assert_eq!(Value::from_bytes(b"abc", 3), Value::new("abc"));
        let mut sum = Value::new("x");
        sum.push(&bad);
        assert_eq!(
            (sum.text.as_str(), sum.fault),
            ("x a\u{fffd}b", Some(Fault::NotText))
        );
    }
}
