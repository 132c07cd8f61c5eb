//! The pieces of a word: quotes, escapes and variables.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::lexer::variable_end;
use super::syntax::{Piece, Word};

/// Splits the text of a word token.
pub(super) fn split(text: &str) -> Word {
    let mut splitter = Splitter {
        text,
        at: 0,
        plain: String::new(),
        pieces: Vec::new(),
    };
    while let Some(byte) = splitter.byte() {
        splitter.piece(byte);
    }
    splitter.end_plain();
    Word(splitter.pieces)
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    /// Text outside of quotes that is not yet a piece.
    plain: String,
    pieces: Vec<Piece>,
}

impl Splitter<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes one character.
    fn character(&mut self) -> Option<char> {
        let c = self.text.get(self.at..)?.chars().next()?;
        self.at = self.at.saturating_add(c.len_utf8());
        Some(c)
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn end_plain(&mut self) {
        if !self.plain.is_empty() {
            self.pieces
                .push(Piece::Text(core::mem::take(&mut self.plain)));
        }
    }

    fn piece(&mut self, first: u8) {
        match first {
            b'\'' => {
                self.end_plain();
                self.skip();
                self.single();
            }
            b'"' => {
                self.end_plain();
                self.skip();
                self.double();
            }
            b'$' => {
                self.skip();
                match self.byte() {
                    Some(b'"') => {
                        self.skip();
                        // GRUB's lexer takes what is before it for a part of it.
                        let before = core::mem::take(&mut self.plain);
                        self.pieces.push(Piece::Translated(before));
                        self.translated();
                    }
                    _ => {
                        self.end_plain();
                        let name = self.variable();
                        self.pieces.push(Piece::Variable(name));
                    }
                }
            }
            b'\\' => {
                self.skip();
                match self.character() {
                    Some('\n') => {}
                    Some(c) => self.plain.extend(['\\', c]),
                    None => self.plain.push('\\'),
                }
            }
            _ => {
                let c = self.character();
                self.plain.extend(c);
            }
        }
    }

    fn single(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let inside = rest.split('\'').next().unwrap_or_default();
        self.at = self.at.saturating_add(inside.len()).saturating_add(1);
        self.pieces.push(Piece::Quoted(inside.to_string()));
    }

    fn double(&mut self) {
        let mut inside = String::new();
        while let Some(c) = self.character() {
            match c {
                '"' => break,
                '$' => {
                    self.pieces
                        .push(Piece::Quoted(core::mem::take(&mut inside)));
                    let name = self.variable();
                    if name.is_empty() {
                        inside.push('$');
                    } else {
                        self.pieces.push(Piece::QuotedVariable(name));
                    }
                }
                '\\' => match self.byte() {
                    Some(b'$' | b'\\' | b'"') => inside.extend(self.character()),
                    Some(b'\n') => self.skip(),
                    _ => inside.push('\\'),
                },
                c => inside.push(c),
            }
        }
        self.pieces.push(Piece::Quoted(inside));
    }

    /// A text for translation keeps its backslashes, because its variables are found later.
    fn translated(&mut self) {
        let mut inside = String::new();
        while let Some(c) = self.character() {
            match c {
                '"' => break,
                '\\' => match self.byte() {
                    Some(b'\\') => {
                        self.skip();
                        inside.push_str("\\\\");
                    }
                    Some(b'"') => {
                        self.skip();
                        inside.push('"');
                    }
                    Some(b'\n') => self.skip(),
                    _ => inside.push('\\'),
                },
                c => inside.push(c),
            }
        }
        self.pieces.push(Piece::Translated(inside));
    }

    /// The name after a `$`, without braces. Nothing if there is no name.
    fn variable(&mut self) -> String {
        let Some(end) = variable_end(self.text.as_bytes(), self.at) else {
            return String::new();
        };
        let name = self.text.get(self.at..end).unwrap_or_default();
        self.at = end;
        name.trim_start_matches('{')
            .trim_end_matches('}')
            .to_string()
    }
}

/// Whether every `$` inside of double quotes begins a variable: another one is an error
/// of syntax in GRUB.
pub(super) fn is_sound(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0_usize;
    let mut double = false;
    while let Some(&byte) = bytes.get(at) {
        let next = at.saturating_add(1);
        at = match byte {
            b'\\' => next.saturating_add(1),
            b'\'' if !double => {
                let rest = bytes.get(next..).unwrap_or_default();
                let inside = rest.iter().take_while(|&&byte| byte != b'\'');
                next.saturating_add(inside.count()).saturating_add(1)
            }
            b'"' => {
                double = !double;
                next
            }
            b'$' if double => match variable_end(bytes, next) {
                Some(end) => end,
                None => return false,
            },
            b'$' if bytes.get(next) == Some(&b'"') => {
                // Texts for translation may have any `$`.
                let mut end = next.saturating_add(1);
                while let Some(&byte) = bytes.get(end) {
                    end = end.saturating_add(if byte == b'\\' { 2 } else { 1 });
                    if byte == b'"' {
                        break;
                    }
                }
                end
            }
            _ => next,
        };
    }
    true
}
