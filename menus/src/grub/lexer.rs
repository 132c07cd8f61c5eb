//! Text to tokens, as GRUB's `script/yylex.l` cuts it.

use alloc::rc::Rc;

use super::source::Source;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of a line.
    Newline,
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// A reserved word, which is a word too, except as the name of a command.
    Reserved(Reserved),
    /// A word that can be a variable's or function's name.
    Name,
    /// Any other word.
    Word,
    /// The end of the text.
    End,
    /// What GRUB's grammar never takes: `&`, `|`, `<`, `>`, `[[`, a lone `$`, a quote
    /// without its end.
    Bad,
}

/// Words of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// `do`
    Do,
    /// `done`
    Done,
    /// `elif`
    Elif,
    /// `else`
    Else,
    /// `fi`
    Fi,
    /// `for`
    For,
    /// `function`
    Function,
    /// `if`
    If,
    /// `in`
    In,
    /// `then`
    Then,
    /// `until`
    Until,
    /// `while`
    While,
    /// `case`, `esac` and `select`, of which the grammar makes nothing.
    Unused,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Its first byte.
    pub(super) start: usize,
    /// The byte after its last one.
    pub(super) end: usize,
}

/// Cuts a source into tokens.
pub(super) struct Lexer {
    source: Rc<Source>,
    at: usize,
}

impl Lexer {
    /// Begins at this byte.
    pub(super) fn new(source: &Rc<Source>, at: usize) -> Self {
        Self {
            source: Rc::clone(source),
            at,
        }
    }

    /// The next token.
    pub(super) fn token(&mut self) -> Token {
        self.skip_blanks();
        let start = self.at;
        let (kind, end) = self.cut(start);
        self.at = end;
        Token { kind, start, end }
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.source.byte(self.at) {
            match byte {
                b' ' | b'\t' => self.at = self.at.saturating_add(1),
                b'#' => {
                    let next = self.source.next_line(self.at);
                    self.at = next.saturating_sub(1).max(self.at);
                    if self.source.byte(self.at) != Some(b'\n') {
                        self.at = self.source.len();
                    }
                }
                _ => break,
            }
        }
    }

    fn cut(&self, start: usize) -> (Kind, usize) {
        let one = start.saturating_add(1);
        let kind = match self.source.byte(start) {
            None => return (Kind::End, start),
            Some(b'\n') => Kind::Newline,
            // `;;` is a token of its own, which nothing takes.
            Some(b';') if self.source.byte(one) == Some(b';') => Kind::Bad,
            Some(b';') => Kind::Semicolon,
            Some(b'{') => Kind::Open,
            Some(b'}') => Kind::Close,
            Some(b'|' | b'&' | b'<' | b'>') => Kind::Bad,
            Some(_) => return self.word(start),
        };
        (kind, one)
    }

    fn word(&self, start: usize) -> (Kind, usize) {
        let Some(end) = word_end(&self.source, start) else {
            // The end of a quote is looked for up to the end of the text.
            return (Kind::Bad, self.source.len());
        };
        let text = self.source.slice(start, end);
        let kind = match text {
            // A `$` that begins no variable.
            "" => return (Kind::Bad, start.saturating_add(1)),
            "[[" | "]]" => Kind::Bad,
            "case" | "esac" | "select" => Kind::Reserved(Reserved::Unused),
            "do" => Kind::Reserved(Reserved::Do),
            "done" => Kind::Reserved(Reserved::Done),
            "elif" => Kind::Reserved(Reserved::Elif),
            "else" => Kind::Reserved(Reserved::Else),
            "fi" => Kind::Reserved(Reserved::Fi),
            "for" => Kind::Reserved(Reserved::For),
            "function" => Kind::Reserved(Reserved::Function),
            "if" => Kind::Reserved(Reserved::If),
            "in" => Kind::Reserved(Reserved::In),
            "then" => Kind::Reserved(Reserved::Then),
            "until" => Kind::Reserved(Reserved::Until),
            "while" => Kind::Reserved(Reserved::While),
            text if name_end(text.as_bytes(), 0) == Some(text.len()) => Kind::Name,
            _ => Kind::Word,
        };
        (kind, end)
    }
}

/// Where a word ends that begins here. `None` if a quote or a backslash has no end.
fn word_end(source: &Source, start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(byte) = source.byte(at) {
        let next = at.saturating_add(1);
        at = match byte {
            b'{' | b'}' | b'|' | b'&' | b';' | b'<' | b'>' | b' ' | b'\t' | b'\n' => break,
            b'\'' => quote_end(source, next, b'\'')?,
            b'"' => quote_end(source, next, b'"')?,
            b'\\' => escape_end(source, at)?,
            b'$' => match source.byte(next) {
                Some(b'"') => quote_end(source, next.saturating_add(1), b'"')?,
                _ => match variable_end(source.slice(0, source.len()).as_bytes(), next) {
                    Some(end) => end,
                    None => break,
                },
            },
            _ => next,
        };
    }
    Some(at)
}

/// After the closing quote.
fn quote_end(source: &Source, mut at: usize, quote: u8) -> Option<usize> {
    loop {
        let byte = source.byte(at)?;
        match byte {
            b'\\' if quote == b'"' => at = escape_end(source, at)?,
            _ if byte == quote => return Some(at.saturating_add(1)),
            _ => at = at.saturating_add(1),
        }
    }
}

/// After a backslash and the character that follows.
fn escape_end(source: &Source, at: usize) -> Option<usize> {
    let escaped = at.saturating_add(1);
    let first = source.byte(escaped)?;
    // A newline at the end of the text: GRUB asks for a line that does not come.
    if first == b'\n' && escaped.saturating_add(1) >= source.len() {
        return None;
    }
    let mut end = escaped.saturating_add(1);
    // The other bytes of a character of UTF-8.
    while first >= 0x80 && source.byte(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end = end.saturating_add(1);
    }
    Some(end)
}

/// After `NAME`, digits, one of `?#*@`, or one of these in braces, if that is here.
pub(super) fn variable_end(text: &[u8], at: usize) -> Option<usize> {
    let byte = *text.get(at)?;
    if byte == b'{' {
        let end = bare_variable_end(text, at.saturating_add(1))?;
        return (text.get(end) == Some(&b'}')).then_some(end.saturating_add(1));
    }
    bare_variable_end(text, at)
}

fn bare_variable_end(text: &[u8], at: usize) -> Option<usize> {
    match *text.get(at)? {
        b'?' | b'#' | b'*' | b'@' => Some(at.saturating_add(1)),
        b'0'..=b'9' => {
            let rest = text.get(at..).unwrap_or_default();
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
            Some(at.saturating_add(digits.count()))
        }
        _ => name_end(text, at),
    }
}

/// After the letters, digits and `_` of a name.
pub(super) fn name_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let first = *rest.first()?;
    if !first.is_ascii_alphabetic() && first != b'_' {
        return None;
    }
    let name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    Some(at.saturating_add(rest.iter().take_while(name).count()))
}
