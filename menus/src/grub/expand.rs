//! Words to arguments: variables, quotes, escapes, file names by `*` and `?`.
//!
//! As in GRUB's `script/execute.c`: an argument under construction keeps a backslash in
//! front of what was quoted, up to the search for file names, which is the last step.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::escape::unescape;
use super::lexer::name_end;
use super::machine::Machine;
use super::syntax::{Piece, Word};
use super::wildcard;
use crate::limits;

/// Bytes that an argument costs besides its text.
const ARGUMENT: usize = 32;

/// Arguments under construction. `None` is one without a piece, which does not count.
#[derive(Default)]
struct Arguments(Vec<Option<String>>);

impl Arguments {
    fn begin(&mut self) {
        if !matches!(self.0.last(), Some(None)) {
            self.0.push(None);
        }
    }

    fn append(&mut self, text: &str) {
        if let Some(last) = self.0.last_mut() {
            last.get_or_insert_default().push_str(text);
        }
    }

    /// Splits at white space. White space at the beginning or end begins no argument.
    fn append_split(&mut self, value: &str) {
        let words = value.split(|c: char| c.is_ascii_whitespace() || c == '\x0b');
        for (index, word) in words.filter(|word| !word.is_empty()).enumerate() {
            if index > 0 {
                self.begin();
            }
            self.append(&escape_backslashes(word));
        }
    }
}

impl Machine<'_> {
    /// The arguments that words give.
    pub(super) fn expand(&mut self, words: &[Word]) -> Vec<String> {
        let mut arguments = Arguments::default();
        for word in words {
            arguments.begin();
            for piece in &word.0 {
                self.append(&mut arguments, piece);
            }
            let length = arguments
                .0
                .last()
                .and_then(Option::as_ref)
                .map_or(0, String::len);
            if length > limits::OUTPUT {
                self.budget.long();
            }
            if !self.budget.bytes(length.saturating_add(ARGUMENT)) {
                return Vec::new();
            }
        }
        let mut expanded = Vec::new();
        self.has_hex = arguments
            .0
            .iter()
            .flatten()
            .any(|argument| has_hex(argument));
        for argument in arguments.0.into_iter().flatten() {
            match wildcard::expand(self, &argument) {
                Some(names) => expanded.extend(names),
                None => expanded.push(unescape(&argument)),
            }
        }
        expanded
    }

    fn append(&mut self, arguments: &mut Arguments, piece: &Piece) {
        match piece {
            Piece::Text(text) => arguments.append(text),
            Piece::Quoted(text) => arguments.append(&escape(text)),
            Piece::Translated(text) => {
                let text = self.fill_in(text);
                arguments.append(&escape(&text));
            }
            Piece::Variable(name) => {
                for (index, value) in self.values(name, false).iter().enumerate() {
                    if index > 0 {
                        arguments.begin();
                    }
                    if !self.budget.bytes(value.len().saturating_add(ARGUMENT)) {
                        return;
                    }
                    let words = value.split_ascii_whitespace().count();
                    if !self.budget.bytes(words.saturating_mul(ARGUMENT)) {
                        return;
                    }
                    arguments.append_split(value);
                }
            }
            Piece::QuotedVariable(name) => {
                for (index, value) in self.values(name, true).iter().enumerate() {
                    if index > 0 {
                        arguments.begin();
                    }
                    if !self.budget.bytes(value.len().saturating_add(ARGUMENT)) {
                        return;
                    }
                    if value.len() > limits::OUTPUT {
                        self.budget.long();
                        return;
                    }
                    arguments.append(&escape(value));
                }
            }
        }
    }

    /// The values of a variable: more than one for `$@`, and for `$*` outside of quotes.
    fn values(&self, name: &str, quoted: bool) -> Vec<String> {
        let first = name.chars().next().unwrap_or_default();
        let special = first.is_ascii_digit() || matches!(name, "#" | "*" | "@");
        if !special {
            let value = self.state.variables.get(name).unwrap_or_default();
            return match value {
                "" => Vec::new(),
                value => Vec::from([value.to_string()]),
            };
        }
        let Some(arguments) = &self.state.arguments else {
            return Vec::new();
        };
        let left = arguments.left();
        match name {
            "#" => Vec::from([left.len().to_string()]),
            "*" if quoted => Vec::from([left.join(" ")]),
            "*" | "@" => left.to_vec(),
            // `$0` is nothing.
            _ => {
                let number: Option<usize> = name.parse().ok();
                let index = number.and_then(|number| number.checked_sub(1));
                index
                    .and_then(|index| left.get(index))
                    .cloned()
                    .into_iter()
                    .collect()
            }
        }
    }

    /// Fills in the variables of a text for translation.
    fn fill_in(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut escaped = false;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '\\' => {
                    escaped = !escaped;
                    if !escaped {
                        filled.push('\\');
                    }
                }
                '$' if !escaped => match reference(rest) {
                    Some((name, after)) => {
                        rest = after;
                        match (name, &self.state.arguments) {
                            ("#", Some(arguments)) => {
                                filled.push_str(&arguments.left().len().to_string());
                            }
                            _ => {
                                filled.push_str(self.state.variables.get(name).unwrap_or_default())
                            }
                        }
                    }
                    None => filled.push('$'),
                },
                c => {
                    if escaped && c != '$' {
                        filled.push('\\');
                    }
                    escaped = false;
                    filled.push(c);
                }
            }
        }
        filled
    }
}

/// The name of a variable at the beginning of a text after `$`, and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    if let Some(inner) = text.strip_prefix('{') {
        return inner.split_once('}');
    }
    let end = match *text.as_bytes().first()? {
        b'?' | b'#' => 1,
        b'0'..=b'9' => text.bytes().take_while(u8::is_ascii_digit).count(),
        _ => name_end(text.as_bytes(), 0)?,
    };
    text.split_at_checked(end)
}

/// Whether a text has `\x` and two digits: Fedora's GRUB keeps that, the others drop the
/// backslash or double it.
fn has_hex(text: &str) -> bool {
    let bytes = text.as_bytes().windows(4);
    let hex = |byte: &u8| byte.is_ascii_hexdigit();
    bytes
        .into_iter()
        .any(|four| four.starts_with(b"\\x") && four.iter().skip(2).all(hex))
}

/// So that neither escapes nor wildcards are seen in it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// So that its backslashes stay, and `\*` too, while a `*` is a wildcard.
fn escape_backslashes(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\\' {
            escaped.push('\\');
            if matches!(characters.peek(), Some('?' | '*')) {
                escaped.push('\\');
            }
        }
        escaped.push(c);
    }
    escaped
}
