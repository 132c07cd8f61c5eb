//! `gapboot`, the host tool: puts the loader on a disk, takes it off again and
//! says what is there.
//!
//! A command that writes first looks at the whole disk and makes a plan, a value
//! that `--dry-run` prints; only then does it touch anything.
//!
//! | module | what it is |
//! |---|---|
//! | [`commands`] | the commands, one a file: parse, call, print |
//! | [`disk`] | an image file or a block device, in sectors |
//! | [`table`] | the partition table, and who lies where |
//! | [`install`] | the loader on a disk: what is there, what is written, in which order |
//! | [`menu`] | the menu that a disk gives |
//! | [`system`] | the running system: how it was started, its block devices and mounts |
//! | [`state`] | the state file: what `gapboot set` and the menu remember |
//! | [`bless`] | the running boot's verdict, written into the name of its entry's file |
//! | [`uki`] | Unified Kernel Images: made, converted, explained |
//! | [`error`] | what a command may end with |
//!
//! Folders use only folders below them in this order: `commands`; `bless`, `state`; `menu`, `install`, `uki`; `table`, `system`; `disk`; `error`.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::Write;

pub mod bless;
pub mod commands;
pub mod disk;
pub mod error;
pub mod install;
pub mod menu;
pub mod state;
pub mod system;
pub mod table;
pub mod uki;

use commands::Context;
use error::Error;
use install::Stages;

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
    let Some(command) = commands::ALL.iter().find(|command| name == command.name) else {
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
    for command in commands::ALL {
        help += &format!("  {:<10} {}\n", command.name, command.summary);
    }
    help += "\n`gapboot COMMAND --help` explains a command; `gapboot --version` names this version.\n\
             Exit status: 0 done, 1 failed, 2 wrong usage.\n";
    help
}
