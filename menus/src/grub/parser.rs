//! Tokens to a syntax tree, by the grammar of GRUB's `script/parser.y`.
//!
//! GRUB reads a configuration file in units: a line, and as many more lines as the
//! blocks that it opens need. After an error it goes on with the next line, even if that
//! is inside of a block whose beginning it gave up.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::lexer::{Kind, Lexer, Reserved, Token};
use super::source::Source;
use super::syntax::{Block, Command, Error, List, Simple, Unit, Word};
use super::words;
use crate::limits;

/// Reads one unit that begins at this byte.
pub(super) fn unit(source: &Rc<Source>, at: usize) -> Unit {
    let mut lexer = Lexer::new(source, at);
    let token = lexer.token();
    let mut parser = Parser {
        source,
        lexer,
        token,
        depth: 0,
        functions: Vec::new(),
    };
    let list = parser.statements();
    let Parser {
        token, functions, ..
    } = parser;
    // After the line with the token that ended it.
    let last = token.end.saturating_sub(1).max(token.start);
    let end = source.next_line(last).max(source.next_line(at));
    Unit {
        functions,
        list,
        end,
    }
}

struct Parser<'a> {
    source: &'a Rc<Source>,
    lexer: Lexer,
    token: Token,
    depth: u32,
    functions: Vec<(String, Rc<List>)>,
}

type Result<T> = core::result::Result<T, Error>;

impl Parser<'_> {
    fn next(&mut self) -> Token {
        let token = self.token;
        self.token = self.lexer.token();
        token
    }

    fn error<T>(&self) -> Result<T> {
        let deep = self.depth > limits::DEPTH;
        let line = self.source.line(self.token.start);
        Err(Error { line, deep })
    }

    fn expect(&mut self, kind: Kind) -> Result<Token> {
        match self.token.kind == kind {
            true => Ok(self.next()),
            false => self.error(),
        }
    }

    fn reserved(&mut self, reserved: Reserved) -> Result<Token> {
        self.expect(Kind::Reserved(reserved))
    }

    fn is(&self, reserved: Reserved) -> bool {
        self.token.kind == Kind::Reserved(reserved)
    }

    fn newlines(&mut self) {
        while self.token.kind == Kind::Newline {
            self.next();
        }
    }

    /// `;` or a newline, then newlines. It says whether there was one.
    fn delimiters(&mut self) -> bool {
        if !matches!(self.token.kind, Kind::Newline | Kind::Semicolon) {
            return false;
        }
        self.next();
        self.newlines();
        true
    }

    fn need_delimiters(&mut self) -> Result<()> {
        match self.delimiters() {
            true => Ok(()),
            false => self.error(),
        }
    }

    /// The statements of a unit, up to the newline that ends it.
    fn statements(&mut self) -> Result<List> {
        let mut list = Vec::new();
        loop {
            match self.token.kind {
                Kind::Newline | Kind::End => return Ok(List(list)),
                Kind::Reserved(Reserved::Function) => self.function()?,
                _ => list.push(self.command()?),
            }
            match self.token.kind {
                Kind::Semicolon => drop(self.next()),
                Kind::Newline => {}
                _ => return self.error(),
            }
        }
    }

    /// Goes one block deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > limits::DEPTH {
            return self.error();
        }
        let result = parse(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(result)
    }

    fn function(&mut self) -> Result<()> {
        self.reserved(Reserved::Function)?;
        let name = self.expect(Kind::Name)?;
        let name = self.source.slice(name.start, name.end).to_string();
        self.newlines();
        self.expect(Kind::Open)?;
        let body = self.nested(Self::commands)?;
        self.need_delimiters()?;
        self.expect(Kind::Close)?;
        self.functions.push((name, Rc::new(body)));
        Ok(())
    }

    /// One command or more, up to a word that begins none. The delimiters after the last
    /// one are left.
    fn commands(&mut self) -> Result<List> {
        self.newlines();
        let mut list = Vec::new();
        loop {
            list.push(self.command()?);
            // Look over the delimiters without taking them.
            if !matches!(self.token.kind, Kind::Newline | Kind::Semicolon) {
                return Ok(List(list));
            }
            let mut ahead = Lexer::new(self.source, self.token.end);
            let mut token = ahead.token();
            while token.kind == Kind::Newline {
                token = ahead.token();
            }
            let begins = match token.kind {
                Kind::Name | Kind::Word => true,
                Kind::Reserved(word) => matches!(
                    word,
                    Reserved::If | Reserved::For | Reserved::While | Reserved::Until
                ),
                _ => false,
            };
            if !begins {
                return Ok(List(list));
            }
            self.delimiters();
        }
    }

    fn command(&mut self) -> Result<Command> {
        match self.token.kind {
            Kind::Name | Kind::Word => self.simple(),
            Kind::Reserved(Reserved::If) => self.nested(Self::conditional),
            Kind::Reserved(Reserved::For) => self.nested(Self::for_loop),
            Kind::Reserved(Reserved::While) => self.nested(|parser| parser.while_loop(false)),
            Kind::Reserved(Reserved::Until) => self.nested(|parser| parser.while_loop(true)),
            _ => self.error(),
        }
    }

    fn word(&mut self) -> Result<Word> {
        let text = self.source.slice(self.token.start, self.token.end);
        if !words::is_sound(text) {
            return self.error();
        }
        self.next();
        Ok(words::split(text))
    }

    fn arguments(&mut self, words: &mut Vec<Word>) -> Result<()> {
        while let Kind::Name | Kind::Word | Kind::Reserved(_) = self.token.kind {
            words.push(self.word()?);
        }
        Ok(())
    }

    fn simple(&mut self) -> Result<Command> {
        let line = self.source.line(self.token.start);
        let mut words = Vec::from([self.word()?]);
        self.arguments(&mut words)?;
        let block = match self.token.kind {
            Kind::Open => Some(Rc::new(self.nested(Self::block)?)),
            _ => None,
        };
        let source = Rc::clone(self.source);
        Ok(Command::Simple(Simple {
            words,
            block,
            source,
            line,
        }))
    }

    fn block(&mut self) -> Result<Block> {
        let open = self.expect(Kind::Open)?;
        let list = self.commands()?;
        self.delimiters();
        let close = self.expect(Kind::Close)?;
        let range = (open.end, close.start);
        Ok(Block { range, list })
    }

    fn conditional(&mut self) -> Result<Command> {
        self.reserved(Reserved::If)?;
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.delimited()?;
            self.reserved(Reserved::Then)?;
            arms.push((condition, self.delimited()?));
            if self.is(Reserved::Elif) {
                self.next();
                continue;
            }
            if self.is(Reserved::Else) {
                self.next();
                otherwise = Some(self.delimited()?);
            }
            self.reserved(Reserved::Fi)?;
            return Ok(Command::If { arms, otherwise });
        }
    }

    /// Commands and the delimiters after them.
    fn delimited(&mut self) -> Result<List> {
        let list = self.commands()?;
        self.need_delimiters()?;
        Ok(list)
    }

    fn for_loop(&mut self) -> Result<Command> {
        self.reserved(Reserved::For)?;
        let name = self.expect(Kind::Name)?;
        let name = self.source.slice(name.start, name.end).to_string();
        self.reserved(Reserved::In)?;
        let mut words = Vec::new();
        self.arguments(&mut words)?;
        self.need_delimiters()?;
        let body = self.body()?;
        Ok(Command::For { name, words, body })
    }

    fn while_loop(&mut self, until: bool) -> Result<Command> {
        self.next();
        let condition = self.delimited()?;
        let body = self.body()?;
        Ok(Command::While {
            until,
            condition,
            body,
        })
    }

    /// `do commands; done`.
    fn body(&mut self) -> Result<List> {
        self.reserved(Reserved::Do)?;
        let list = self.delimited()?;
        self.reserved(Reserved::Done)?;
        Ok(list)
    }
}
