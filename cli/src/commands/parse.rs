//! Arguments become a command to be run, or the text that they ask for.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use super::command_line::{Command, CommandLine};
use super::usage;
use crate::error::Error;

/// What the arguments ask for.
pub(crate) enum Request {
    /// To run a command.
    Run(Box<Command>),
    /// To print a help text.
    Help(String),
    /// To name the version.
    Version,
}

/// The whole command line, for whatever explains or completes it.
pub(crate) fn command() -> clap::Command {
    let mut command = CommandLine::command();
    // The names of commands, as their usage shows them.
    command.build();
    command
}

/// Reads the arguments, without the program's name. The second value names the
/// command that they are for, `gapboot uki build`.
pub(crate) fn parse(arguments: &[OsString]) -> (Result<Request, Error>, String) {
    let mut root = command();
    let path = path(&root, arguments);
    let program = OsString::from("gapboot");
    let all = std::iter::once(&program).chain(arguments);
    let parsed = root
        .try_get_matches_from_mut(all)
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    let request = match parsed {
        Ok(CommandLine {
            command: Command::Help { names },
            ..
        }) => return parse_help(&root, names),
        Ok(line) => Ok(Request::Run(Box::new(line.command))),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => Ok(Request::Version),
        // Who asks for help gets it, whatever else is wrong.
        Err(error) if error.kind() == ErrorKind::DisplayHelp || asks_for_help(arguments) => {
            Ok(Request::Help(help(at(&root, &path))))
        }
        Err(error) => Err(Error::usage(usage::explain(&error, at(&root, &path)))),
    };
    (request, full_name(&path))
}

/// The help of the command that `gapboot help` names. An unknown name is what it is
/// without `help` in front of it: wrong usage.
fn parse_help(root: &clap::Command, names: Vec<String>) -> (Result<Request, Error>, String) {
    let names: Vec<_> = names.into_iter().map(OsString::from).collect();
    let path = path(root, &names);
    match path.len() == names.len() {
        true => {
            let help = help(at(root, &path));
            (Ok(Request::Help(help)), full_name(&path))
        }
        false => parse(&names),
    }
}

fn full_name(path: &[String]) -> String {
    let names = std::iter::once("gapboot").chain(path.iter().map(String::as_str));
    names.collect::<Vec<_>>().join(" ")
}

/// The names of the command, and of the command in it, that come first.
fn path(root: &clap::Command, arguments: &[OsString]) -> Vec<String> {
    let mut path = Vec::new();
    let mut command = root;
    for argument in arguments {
        match command.find_subcommand(argument) {
            Some(found) => command = found,
            None => break,
        }
        path.push(command.get_name().to_owned());
    }
    path
}

fn at<'c>(root: &'c clap::Command, path: &[String]) -> &'c clap::Command {
    path.iter().fold(root, |command, name| {
        command.find_subcommand(name).unwrap_or(command)
    })
}

fn asks_for_help(arguments: &[OsString]) -> bool {
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    options.any(|argument| {
        ["-h", "--help"]
            .map(OsStr::new)
            .contains(&argument.as_os_str())
    })
}

/// One text for `-h` and `--help`: all that there is to say of the command, and a
/// line or two for each option.
fn help(command: &clap::Command) -> String {
    let about = command.get_long_about().or(command.get_about()).cloned();
    let mut command = command.clone().about(about.unwrap_or_default());
    command.render_help().to_string()
}
