//! Runs commands of a script, as GRUB's `script/execute.c` does.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::budget::Budget;
use super::parser;
use super::source::Source;
use super::state::{Arguments, Flow, Place, State};
use super::syntax::{Block, Command, List, Simple, Word};
use crate::limits;
use crate::storage::{Location, Storage};

/// A GRUB that reads, and boots nothing.
pub(super) struct Machine<'a> {
    /// The disks.
    pub(super) storage: &'a dyn Storage,
    /// What is left of the limits.
    pub(super) budget: Budget,
    /// What scripts change.
    pub(super) state: State,
    /// What they print.
    pub(super) output: String,
    /// Blocks, functions and files around the command.
    pub(super) depth: u32,
    /// Environment blocks that were read.
    pub(super) blocks: BTreeMap<Location, Vec<u8>>,
    /// A word of the command has `\x` and two digits.
    pub(super) has_hex: bool,
    /// What is done for a name: [`super::commands::find`].
    commands: fn(&str) -> Option<Known>,
}

/// A command as it is called.
pub(super) struct Call<'c> {
    /// Its name.
    pub(super) name: &'c str,
    /// What follows the name. The text of a block is the last of them.
    pub(super) arguments: &'c [String],
    /// The block.
    pub(super) block: Option<&'c Rc<Block>>,
}

/// What is done for a name.
pub(super) enum Known {
    /// It paints, plays, waits, or brings what is here already: it does nothing, and works.
    Ignored,
    /// This.
    Run(fn(&mut Machine<'_>, &Call<'_>) -> Status),
}

/// How a command ended: 0 is true.
pub(super) type Status = u32;

/// The command worked, or the test is true.
pub(super) const TRUE: Status = 0;
/// GRUB's `GRUB_ERR_TEST_FAILURE`.
pub(super) const FALSE: Status = 1;
/// GRUB's `GRUB_ERR_FILE_NOT_FOUND`.
pub(super) const NO_FILE: Status = 5;
/// GRUB's `GRUB_ERR_UNKNOWN_DEVICE`.
pub(super) const NO_DEVICE: Status = 12;
/// GRUB's `GRUB_ERR_INVALID_COMMAND`.
pub(super) const INVALID_COMMAND: Status = 17;
/// GRUB's `GRUB_ERR_BAD_ARGUMENT`.
pub(super) const BAD_ARGUMENT: Status = 18;

impl<'a> Machine<'a> {
    /// With nothing run yet.
    pub(super) fn new(
        storage: &'a dyn Storage,
        state: State,
        commands: fn(&str) -> Option<Known>,
    ) -> Self {
        Self {
            storage,
            budget: Budget::new(),
            state,
            output: String::new(),
            depth: 0,
            blocks: BTreeMap::new(),
            has_hex: false,
            commands,
        }
    }

    /// Whether what is around ends too.
    pub(super) fn ended(&self) -> bool {
        self.budget.stopped() || self.state.outcome.is_some()
    }

    /// Prints a message of an error, as GRUB does.
    pub(super) fn complain(&mut self, message: &str) {
        self.print(&alloc::format!("error: {message}.\n"));
    }

    /// Prints.
    pub(super) fn print(&mut self, text: &str) {
        if self.budget.print(text.len()) {
            self.output.push_str(text);
        }
    }

    /// Reads a configuration file to its end, also after an error.
    pub(super) fn run_file(&mut self, content: &[u8], file: &Location) -> Status {
        let source = Source::file(content, file.clone());
        self.run_source(&source, true)
    }

    /// Runs text, up to its end or its first error.
    pub(super) fn run_text(&mut self, text: &str) -> Status {
        let place = &self.state.at;
        let file = place.source.as_ref().and_then(|source| source.location());
        let source = Source::text(text, place.line, file.cloned());
        self.run_source(&source, false)
    }

    fn run_source(&mut self, source: &Rc<Source>, whole: bool) -> Status {
        let mut status = TRUE;
        let mut at = 0;
        let deeper = self.deeper();
        while deeper && at < source.len() && !self.ended() && self.budget.step() {
            let unit = parser::unit(source, at);
            at = unit.end.max(at.saturating_add(1));
            for (name, body) in unit.functions {
                self.charge(self.state.functions.len());
                Rc::make_mut(&mut self.state.functions).insert(name, body);
            }
            match unit.list {
                Ok(list) if list.0.is_empty() => {}
                Ok(list) => status = self.list(&list),
                Err(error) => {
                    self.complain("syntax error");
                    self.complain("Incorrect command");
                    self.complain("syntax error");
                    let what = match error.deep {
                        true => "blocks are nested too deeply",
                        false => "it is no valid script",
                    };
                    self.note_at(source, error.line, what);
                    if !whole {
                        // GRUB forgets the error.
                        status = TRUE;
                        break;
                    }
                }
            }
        }
        self.shallower(deeper);
        status
    }

    fn note_at(&mut self, source: &Source, line: u32, what: &str) {
        let note = match source.location() {
            Some(file) => alloc::format!("{} line {line}: {what}", file.path),
            None => alloc::format!("line {line}: {what}"),
        };
        self.state.note(&note);
    }

    /// A note of the command that runs.
    pub(super) fn note(&mut self, what: &str) {
        let Place { source, line } = self.state.at.clone();
        match source {
            Some(source) => self.note_at(&source, line, what),
            None => self.state.note(what),
        }
    }

    /// Takes what it costs to change a table with this many lines, of which an entry's
    /// copy of the state may first need a copy.
    pub(super) fn charge(&mut self, lines: usize) {
        self.budget.bytes(lines);
    }

    /// Goes one level deeper, unless that is too deep.
    pub(super) fn deeper(&mut self) -> bool {
        if self.depth >= limits::DEPTH {
            self.budget.deep();
            return false;
        }
        self.depth = self.depth.saturating_add(1);
        true
    }

    /// Comes back, if it went deeper.
    pub(super) fn shallower(&mut self, deeper: bool) {
        if deeper {
            self.depth = self.depth.saturating_sub(1);
        }
    }

    /// Runs commands, one after another.
    pub(super) fn list(&mut self, list: &List) -> Status {
        let mut status = TRUE;
        for command in &list.0 {
            if self.state.flow.breaks > 0 || self.ended() {
                break;
            }
            status = self.command(command);
            if self.state.flow.returns {
                break;
            }
        }
        self.set_status(status);
        status
    }

    fn set_status(&mut self, status: Status) {
        let text = status.to_string();
        if self.state.variables.get("?") != Some(&*text) {
            self.state.variables.set("?", &text);
        }
    }

    fn command(&mut self, command: &Command) -> Status {
        if !self.budget.step() {
            return FALSE;
        }
        let status = match command {
            Command::Simple(simple) => self.simple(simple),
            compound => {
                let deeper = self.deeper();
                let status = match deeper {
                    true => self.compound(compound),
                    false => FALSE,
                };
                self.shallower(deeper);
                status
            }
        };
        self.set_status(status);
        status
    }

    fn compound(&mut self, command: &Command) -> Status {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::If { arms, otherwise } => self.conditional(arms, otherwise.as_ref()),
            Command::For { name, words, body } => self.for_loop(name, words, body),
            Command::While {
                until,
                condition,
                body,
            } => self.while_loop(*until, condition, body),
        }
    }

    fn conditional(&mut self, arms: &[(List, List)], otherwise: Option<&List>) -> Status {
        for (condition, body) in arms {
            let status = self.list(condition);
            if self.state.flow.returns || self.ended() {
                return status;
            }
            // GRUB looks at the variable.
            if self.state.variables.get("?") == Some("0") {
                return self.list(body);
            }
        }
        otherwise.map_or(TRUE, |body| self.list(body))
    }

    fn for_loop(&mut self, name: &str, words: &[Word], body: &List) -> Status {
        if words.is_empty() {
            return TRUE;
        }
        let values = self.expand(words);
        let mut status = TRUE;
        self.state.flow.loops = self.state.flow.loops.saturating_add(1);
        for value in values {
            if self.state.flow.goes_on && self.state.flow.breaks == 1 {
                self.state.flow.breaks = 0;
            }
            if self.state.flow.breaks > 0 || !self.budget.step() || self.ended() {
                break;
            }
            self.state.variables.set(name, &value);
            status = self.list(body);
            if self.state.flow.returns {
                break;
            }
        }
        self.leave_loop();
        status
    }

    fn while_loop(&mut self, until: bool, condition: &List, body: &List) -> Status {
        let mut status = TRUE;
        self.state.flow.loops = self.state.flow.loops.saturating_add(1);
        while self.budget.step() && !self.ended() {
            status = self.list(condition);
            let holds = status == TRUE;
            if self.state.flow.returns || holds == until {
                break;
            }
            status = self.list(body);
            if self.state.flow.returns {
                break;
            }
            if self.state.flow.breaks == 1 && self.state.flow.goes_on {
                self.state.flow.breaks = 0;
            }
            if self.state.flow.breaks > 0 {
                break;
            }
        }
        self.leave_loop();
        status
    }

    fn leave_loop(&mut self) {
        let flow = &mut self.state.flow;
        flow.breaks = flow.breaks.saturating_sub(1);
        flow.loops = flow.loops.saturating_sub(1);
    }

    fn simple(&mut self, simple: &Simple) -> Status {
        self.state.at = Place {
            source: Some(Rc::clone(&simple.source)),
            line: simple.line,
        };
        let mut arguments = self.expand(&simple.words);
        if let Some(block) = &simple.block {
            let text = simple.source.slice(block.range.0, block.range.1);
            if self.budget.bytes(text.len()) {
                arguments.push(alloc::format!("{{{text}}}"));
            }
        }
        self.call(arguments, simple.block.as_ref())
    }

    /// Runs a command with its arguments, of which the first is its name.
    pub(super) fn call(&mut self, mut arguments: Vec<String>, block: Option<&Rc<Block>>) -> Status {
        let mut inverted = false;
        if arguments.first().is_some_and(|name| name == "!") {
            arguments.remove(0);
            if arguments.is_empty() {
                self.complain("no command is specified");
                return BAD_ARGUMENT;
            }
            inverted = true;
        }
        if arguments.is_empty() || self.budget.stopped() {
            return TRUE;
        }
        let name = arguments.remove(0);
        let status = match (self.commands)(&name) {
            Some(Known::Ignored) => TRUE,
            Some(Known::Run(command)) => {
                let call = Call {
                    name: &name,
                    arguments: &arguments,
                    block,
                };
                command(self, &call)
            }
            None => match self.state.functions.get(&name) {
                Some(body) => {
                    let body = Rc::clone(body);
                    self.function(&body, arguments)
                }
                None => {
                    self.assign_or_complain(&name);
                    return TRUE;
                }
            },
        };
        match (inverted, status) {
            (false, status) => status,
            (true, TRUE) => FALSE,
            (true, _) => TRUE,
        }
    }

    /// `name=value`, or a command that is not known.
    fn assign_or_complain(&mut self, name: &str) {
        match name.split_once('=') {
            Some((variable, value)) => {
                let first = variable.chars().next().unwrap_or_default();
                match first.is_ascii_digit() || matches!(variable, "#" | "*" | "@") {
                    true => self.complain(&alloc::format!("invalid variable name `{variable}'")),
                    false => self.state.variables.set(variable, value),
                }
            }
            None => {
                let shown: String = name.chars().take(20).collect();
                self.complain(&alloc::format!("can't find command `{shown}'"));
                self.note(&alloc::format!(
                    "the command `{shown}` is not known, and is left out"
                ));
            }
        }
    }

    fn function(&mut self, body: &List, arguments: Vec<String>) -> Status {
        let deeper = self.deeper();
        if !deeper {
            return FALSE;
        }
        let around = self.state.arguments.replace(Arguments {
            all: arguments.into(),
            shifted: 0,
        });
        let loops = core::mem::take(&mut self.state.flow.loops);
        let status = self.list(body);
        self.state.flow.returns = false;
        self.state.flow.loops = loops;
        self.state.arguments = around;
        self.shallower(deeper);
        status
    }

    /// Runs the block or text of an entry with these arguments.
    pub(super) fn body(&mut self, body: &super::state::Body, arguments: &Rc<[String]>) -> Status {
        self.state.flow = Flow::default();
        self.state.arguments = Some(Arguments {
            all: Rc::clone(arguments),
            shifted: 0,
        });
        match body {
            super::state::Body::Block(block) => {
                let deeper = self.deeper();
                let status = match deeper {
                    true => self.list(&block.list),
                    false => FALSE,
                };
                self.shallower(deeper);
                status
            }
            super::state::Body::Text(text) => self.run_text(text),
        }
    }
}
