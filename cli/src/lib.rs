//! `gapboot`, the host tool: puts the loader on a disk, takes it off again and
//! says what is there.
//!
//! Each command is a module that ends in a [`Command`]; [`COMMANDS`] lists
//! them. A command that writes first looks at the whole disk and makes a plan,
//! a value that `--dry-run` prints; only then does it touch anything.
//!
//! | module | what it is |
//! |---|---|
//! | [`disk`] | an image file or a block device, in sectors |
//! | [`table`], [`gpt`], [`mbr`] | the partition table, and who lies where |
//! | [`image`] | the stages that this program carries |
//! | [`overlay`], [`console`] | the overlay's header; a setting in that of stage2 |
//! | [`survey`] | what is in the boot code and in the gap |
//! | [`foreign`] | other programs, by their marks |
//! | [`notes`] | what a person should know of a disk |
//! | [`undo`] | what an installation wrote over, in a file |
//! | [`plan`] | the writes, in an order that bears an interruption |
//! | [`reader`] | a disk as the loader sees it |
//! | [`menu`] | the menu, read by the loader's code |
//! | [`system`] | the running system: how it was started, its block devices |
//! | [`mounts`] | where its boot partitions are mounted |
//! | [`node`] | what the loader told it |
//! | [`state`], [`store`] | the state file: its bytes, and where it lies |
//! | [`told`] | what was set and what the loader said, for `status` |
//! | [`install`], [`remove`], [`status`], [`list`], [`set`], [`bless`], [`uki`], [`kexec`], [`find_root`] | the commands |

// System calls need it, in `kexec`.
#![deny(unsafe_code)]

use std::ffi::OsString;
use std::io::Write;

pub mod args;
pub mod bless;
pub mod console;
pub mod disk;
mod draft;
pub mod error;
pub mod find_root;
pub mod foreign;
pub mod gpt;
pub mod image;
pub mod install;
pub mod kexec;
pub mod list;
pub mod mbr;
pub mod menu;
pub mod mounts;
pub mod node;
pub mod notes;
pub mod overlay;
pub mod plan;
pub mod reader;
pub mod remove;
pub mod set;
pub mod state;
pub mod status;
pub mod store;
pub mod survey;
pub mod system;
pub mod table;
pub mod told;
pub mod uki;
pub mod undo;

use error::Error;
use image::Stages;

/// The commands, in the order in which the help names them.
pub const COMMANDS: &[&Command] = &[
    &install::COMMAND,
    &status::COMMAND,
    &list::COMMAND,
    &set::COMMAND,
    &bless::COMMAND,
    &remove::COMMAND,
    &uki::COMMAND,
    &kexec::COMMAND,
    &find_root::COMMAND,
];

/// A command of `gapboot`.
pub struct Command {
    /// The word that starts it.
    pub name: &'static str,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// What `--help` prints.
    pub help: &'static str,
    /// Does it.
    pub run: fn(lexopt::Parser, &mut Context) -> Result<(), Error>,
}

/// What a command works with besides its arguments.
pub struct Context<'a> {
    /// The loader, if this program carries it.
    pub stages: Result<Stages, Error>,
    /// Standard output: results.
    pub out: &'a mut dyn Write,
    /// Standard error: warnings and notes, one line each.
    pub err: &'a mut dyn Write,
}

impl Context<'_> {
    /// The loader, or an error that says why this program has none.
    pub fn stages(&self) -> Result<&Stages, Error> {
        self.stages.as_ref().map_err(Error::clone)
    }
}

/// Runs `gapboot` with `arguments` (without the program's name) and returns
/// its exit status: 0 done, 1 failed, 2 wrong usage.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stages: Result<Stages, Error>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let mut context = Context { stages, out, err };
    let result = dispatch(lexopt::Parser::from_args(arguments), &mut context)
        .and_then(|()| Ok(context.out.flush()?));
    match result {
        Ok(()) => 0,
        Err(error) => {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(context.err, "gapboot: {error}");
            error.exit_status()
        }
    }
}

fn dispatch(mut parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    use lexopt::Arg::{Long, Short, Value};
    let name = match parser.next()? {
        Some(Value(name)) => name,
        Some(Short('h') | Long("help")) => return Ok(context.out.write_all(help().as_bytes())?),
        Some(Short('V') | Long("version")) => return version(context),
        Some(other) => return Err(Error::usage(other.unexpected())),
        None => return Err(Error::usage("a command is missing")),
    };
    let Some(command) = COMMANDS.iter().find(|command| name == command.name) else {
        return Err(Error::usage(format!("{name:?} is not a command")));
    };
    match (command.run)(parser, context) {
        Err(Error::Help) => Ok(context.out.write_all(command.help.as_bytes())?),
        Err(Error::Usage(problem)) => Err(Error::Usage(format!("{}: {problem}", command.name))),
        result => result,
    }
}

fn version(context: &mut Context) -> Result<(), Error> {
    let without = if context.stages.is_ok() {
        ""
    } else {
        " (without the loader)"
    };
    Ok(writeln!(
        context.out,
        "gapboot {}{without}",
        env!("CARGO_PKG_VERSION")
    )?)
}

fn help() -> String {
    let mut help = String::from(
        "gapboot - the Boot Loader Specification for machines with a BIOS\n\n\
         Usage: gapboot COMMAND [ARGUMENTS]\n\nCommands:\n",
    );
    for command in COMMANDS {
        help += &format!("  {:<10} {}\n", command.name, command.summary);
    }
    help += "\n`gapboot COMMAND --help` explains a command; `gapboot --version` names this version.\n\
             Exit status: 0 done, 1 failed, 2 wrong usage.\n";
    help
}
