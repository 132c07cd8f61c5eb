//! GRUB 2: its language, and the menu that a configuration gives.
//!
//! ```text
//! text -> tokens -> syntax tree -> commands -> items -> (each body on a copy) -> Menu
//! ```
//!
//! What GRUB does is read from its sources and tried on GRUB itself (version 2.06 of
//! Debian). Two things are not as on the machine: nothing is booted, and nothing is
//! written. A command that is not known becomes a note.
//!
//! | module | content |
//! |---|---|
//! | `source` | the text, and which line a byte is on |
//! | `lexer`, `words` | text to tokens, tokens to pieces of words |
//! | `syntax`, `parser` | the syntax tree, and how tokens become one |
//! | `state`, `variables` | what commands change |
//! | `budget` | what a script may still use |
//! | `machine` | runs commands |
//! | `expand`, `wildcard`, `escape` | words to arguments |
//! | `options`, `number` | arguments of commands |
//! | `commands` | the commands |
//! | `test`, `regexp` | the commands of these names |
//! | `environment` | the environment block |
//! | `devices` | names of devices and files |
//! | `loaded` | what is ready to be booted |
//! | `blscfg` | Fedora's entries of the Boot Loader Specification |
//! | `menu`, `node`, `default` | the menu, its tree, and which of its entries starts |

mod blscfg;
mod budget;
mod commands;
mod default;
mod devices;
mod environment;
mod escape;
mod expand;
mod lexer;
mod loaded;
mod machine;
mod menu;
mod node;
mod number;
mod options;
mod parser;
mod regexp;
mod source;
mod state;
mod syntax;
mod test;
#[cfg(test)]
mod tests;
mod variables;
mod wildcard;
mod words;

use alloc::string::String;
use alloc::vec::Vec;

use crate::menu::Menu;
use crate::storage::{Location, Storage};

/// Where GRUB's configuration is on a device, in the order in which it is looked for. A
/// `*` stands for any name of a directory.
pub const PLACES: &[&str] = &[
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/grub/grub.cfg",
    "/grub2/grub.cfg",
    "/EFI/*/grub.cfg",
    "/EFI/*/*/grub.cfg",
];

/// The menu of a configuration file.
#[must_use]
pub fn read(storage: &dyn Storage, config: &Location) -> Menu {
    menu::read(storage, config)
}

/// What a script prints that is run as a configuration file on a GRUB without disks:
/// what its commands print, and messages of errors that begin with `error:`. It ends at
/// `exit`, or at a limit, which is the second value.
#[must_use]
pub fn run(storage: &dyn Storage, config: &Location, text: &str) -> (String, Vec<String>) {
    let mut machine = machine::Machine::new(storage, state::State::default(), commands::find);
    menu::start(&mut machine, config);
    machine.run_file(text.as_bytes(), config);
    let reached = machine.budget.reached().to_vec();
    (machine.output, reached)
}

/// Where a script does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: u32,
    /// It follows the grammar, but blocks are nested more deeply than
    /// [`crate::limits::DEPTH`].
    pub deep: bool,
}

/// Whether a script follows GRUB's grammar.
///
/// # Errors
///
/// The first place where it does not.
pub fn check(text: &str) -> Result<(), SyntaxError> {
    let source = source::Source::text(text, 1, None);
    let mut at = 0;
    while at < source.len() {
        let unit = parser::unit(&source, at);
        if let Err(syntax::Error { line, deep }) = unit.list {
            return Err(SyntaxError { line, deep });
        }
        at = unit.end.max(at.saturating_add(1));
    }
    Ok(())
}
