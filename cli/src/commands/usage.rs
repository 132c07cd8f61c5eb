//! What is wrong with the arguments, in one line.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

/// What is wrong, for the `command` that the arguments are for.
pub(super) fn explain(error: &Error, command: &Command) -> String {
    let argument = texts(error, ContextKind::InvalidArg);
    let name = argument.first().map(|text| name(text)).unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let wrong = texts(error, ContextKind::InvalidSubcommand).concat();
            let meant = texts(error, ContextKind::SuggestedSubcommand);
            format!("there is no command {wrong}{}", suggestion(&meant))
        }
        ErrorKind::UnknownArgument if name.starts_with('-') => {
            let meant = texts(error, ContextKind::SuggestedArg);
            format!("there is no option {name}{}", suggestion(&meant))
        }
        ErrorKind::UnknownArgument => format!("{} is one argument too many", argument.concat()),
        ErrorKind::InvalidValue => invalid_value(error, &name),
        ErrorKind::ValueValidation => match error.source() {
            Some(problem) => problem.to_string(),
            None => format!("the value of {name} is wrong"),
        },
        ErrorKind::MissingRequiredArgument => missing(&argument, command),
        ErrorKind::ArgumentConflict => {
            let other = texts(error, ContextKind::PriorArg);
            match other.first().map(|other| self::name(other)) {
                Some(other) if other != name => format!("{name} and {other} exclude each other"),
                _ => format!("{name} is given twice"),
            }
        }
        ErrorKind::TooManyValues => format!("{name} takes no value"),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8: write it as UTF-8".to_owned(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let all = command.get_subcommands().map(Command::get_name);
            let all: Vec<_> = all
                .filter(|name| *name != "help")
                .map(str::to_owned)
                .collect();
            format!("a command is missing: use {}", one_of(&all))
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.trim_start_matches("error: ").to_owned()
        }
    }
}

fn invalid_value(error: &Error, name: &str) -> String {
    let value = texts(error, ContextKind::InvalidValue).concat();
    let allowed = texts(error, ContextKind::ValidValue);
    match value.as_str() {
        "" => format!("{name} needs a value"),
        _ => format!("{value:?} is not a {name}: use {}", one_of(&allowed)),
    }
}

/// Which arguments are missing, and what one is or may be.
fn missing(arguments: &[String], command: &Command) -> String {
    let names: Vec<_> = arguments.iter().map(|text| name(text)).collect();
    let [first] = names.as_slice() else {
        return format!("{} are missing", names.join(" and "));
    };
    let mut all = command.get_arguments();
    let argument = all.find(|argument| name(&argument.to_string()) == *first);
    let allowed = argument.map_or(Vec::new(), Arg::get_possible_values);
    let allowed: Vec<_> = allowed
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    match argument.and_then(Arg::get_help) {
        _ if !allowed.is_empty() => format!("{first} is missing: use {}", one_of(&allowed)),
        Some(help) => format!("{first} is missing: {help}"),
        None => format!("{first} is missing"),
    }
}

/// An argument's name of what clap writes: `--undo` of `--undo <FILE>`, `DISK` of
/// `<DISK>`.
fn name(text: &str) -> String {
    let word = text.split([' ', '=']).next().unwrap_or_default();
    word.trim_matches(['<', '>', '[', ']', '.']).to_owned()
}

/// clap puts what is nearest last.
fn suggestion(meant: &[String]) -> String {
    let nearest = meant.last();
    nearest.map_or(String::new(), |meant| format!(": did you mean {meant}?"))
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}
