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
//! | [`offers`] | all that a disk or a mounted tree offers to boot, also by other loaders' menus |
//! | [`system`] | the running system: how it was started, its block devices and mounts |
//! | [`state`] | the state file: what `gapboot set` and the menu remember |
//! | [`bless`] | the running boot's verdict, written into the name of its entry's file |
//! | [`uki`] | Unified Kernel Images: made, converted, explained |
//! | [`bridge`] | the bridge: a small Linux that boots what the firmware cannot see, made |
//! | [`adapt`] | images that boot on BIOS only, made to start on UEFI as well |
//! | [`loader_files`] | the loader's files, if this program does not carry them |
//! | [`output_file`] | a file that a command makes |
//! | [`error`], `number`, `printable` | what a command may end with; conversions of numbers; text for a terminal |
//!
//! Folders use only folders below them in this order: `commands`; `adapt`; `offers`; `bless`, `bridge`, `state`; `menu`, `install`, `uki`; `table`, `system`; `disk`; `loader_files`, `output_file`; `error`, `number`, `printable`.

#![forbid(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

use std::ffi::OsString;
use std::io::Write;

pub mod adapt;
pub mod bless;
pub mod bridge;
pub mod commands;
pub mod disk;
pub mod error;
pub mod install;
pub mod loader_files;
pub mod menu;
mod number;
pub mod offers;
pub mod output_file;
mod printable;
pub mod state;
pub mod system;
pub mod table;
pub mod uki;

use commands::{Context, Request};
use error::Error;
use install::Stages;
use printable::printable;

/// Runs `gapboot` with `arguments` (without the program's name) and returns
/// its exit status: 0 done, 1 failed, 2 wrong usage (and 141, see [`Error::Unread`]).
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stages: Result<Stages, Error>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let mut context = Context { stages, out, err };
    let (request, command) = commands::parse(&arguments);
    let result = request
        .and_then(|request| answer(request, &mut context))
        .and_then(|()| Ok(context.out.flush()?));
    let Err(error) = result else {
        return 0;
    };
    // Nobody is left to tell when standard error is closed too.
    let _ = match &error {
        Error::Usage(problem) => {
            writeln!(context.err, "{}", usage(problem, &command))
        }
        Error::Failed(problem) => {
            let mut lines = problem.lines();
            lines.try_for_each(|line| writeln!(context.err, "gapboot: {}", printable(line)))
        }
        Error::Unread => Ok(()),
    };
    error.exit_status()
}

/// The description of the command line, of which man pages and completions can be
/// made.
pub fn command() -> clap::Command {
    commands::command()
}

fn answer(request: Request, context: &mut Context) -> Result<(), Error> {
    match request {
        Request::Run(command) => command.run(context),
        Request::Help(text) => Ok(context.out.write_all(text.as_bytes())?),
        Request::Version => version(context),
    }
}

/// A line about wrong usage of `command`, with the way to its help.
fn usage(problem: &str, command: &str) -> String {
    let place = command.replacen("gapboot ", "gapboot: ", 1);
    let end = if problem.ends_with('?') { "" } else { ";" };
    let what = match command {
        "gapboot" => "shows the commands",
        _ => "explains it",
    };
    format!("{place}: {problem}{end} `{command} --help` {what}")
}

fn version(context: &mut Context) -> Result<(), Error> {
    let loader = match &context.stages {
        Ok(Stages {
            directory: Some(directory),
            version,
            ..
        }) => format!(" (with the loader {version} in {})", directory.display()),
        Ok(_) => String::new(),
        Err(_) => " (without the loader)".to_owned(),
    };
    Ok(writeln!(
        context.out,
        "gapboot {}{loader}",
        env!("CARGO_PKG_VERSION")
    )?)
}
