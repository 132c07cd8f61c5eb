//! The syntax tree of a script.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::source::Source;

/// What GRUB reads at once: a line, and the lines that its blocks go on to.
#[derive(Debug)]
pub(super) struct Unit {
    /// Functions that it defines, which exist as soon as they are read, also if an error
    /// follows.
    pub(super) functions: Vec<(String, Rc<List>)>,
    /// The commands, or where they are wrong.
    pub(super) list: Result<List, Error>,
    /// Where the next one begins.
    pub(super) end: usize,
}

/// Where a script does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Error {
    /// The line, counted from 1.
    pub(super) line: u32,
    /// It is right, but nested more deeply than [`crate::limits::DEPTH`].
    pub(super) deep: bool,
}

/// Commands, one after another.
#[derive(Debug, Default)]
pub(super) struct List(pub(super) Vec<Command>);

/// A command.
#[derive(Debug)]
pub(super) enum Command {
    /// Words, of which the first names what is run.
    Simple(Simple),
    /// `if`, with each `elif` as another arm.
    If {
        /// Condition and what is done.
        arms: Vec<(List, List)>,
        /// After `else`.
        otherwise: Option<List>,
    },
    /// `for NAME in WORDS; do BODY; done`.
    For {
        /// The variable.
        name: String,
        /// Before they are expanded.
        words: Vec<Word>,
        /// What is done for each word.
        body: List,
    },
    /// `while` and `until`.
    While {
        /// It is `until`.
        until: bool,
        /// What decides.
        condition: List,
        /// What is repeated.
        body: List,
    },
}

/// A simple command.
#[derive(Debug)]
pub(super) struct Simple {
    /// Its name and arguments.
    pub(super) words: Vec<Word>,
    /// The block after them.
    pub(super) block: Option<Rc<Block>>,
    /// Where it stands in the source.
    pub(super) source: Rc<Source>,
    /// The line on which it begins.
    pub(super) line: u32,
}

/// `{ commands }` as an argument.
#[derive(Debug)]
pub(super) struct Block {
    /// What is between the braces: the first byte and the one after the last.
    pub(super) range: (usize, usize),
    /// Its commands.
    pub(super) list: List,
}

/// One argument, before variables are expanded: pieces without space between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Word(pub(super) Vec<Piece>);

/// A piece of a word.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Outside of quotes, with its backslashes.
    Text(String),
    /// Inside of single or double quotes, without the quotes' own backslashes.
    Quoted(String),
    /// `$name`: its value is split into words.
    Variable(String),
    /// `"$name"`.
    QuotedVariable(String),
    /// `$"..."`, which GRUB translates.
    Translated(String),
}
