//! A file's settings and titles.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::lines::{command, lines, number, split};
use crate::menu::Timeout;
use crate::reading::{Budget, Notes, Value, shown};

/// A file.
pub(super) struct Config {
    pub(super) default: Default,
    /// The title that is next if that one fails.
    pub(super) fallback: Option<u32>,
    pub(super) timeout: Timeout,
    /// A password protects entries with `lock`.
    pub(super) password: bool,
    pub(super) titles: Vec<Title>,
}

/// Which title starts by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Default {
    /// Counted from 0.
    Number(u32),
    /// The one whose number stands in the file `default`.
    Saved,
}

/// A title and the lines after it.
pub(super) struct Title {
    pub(super) title: String,
    pub(super) line: u32,
    pub(super) commands: Vec<Command>,
}

/// A line of a title.
pub(super) struct Command {
    pub(super) name: String,
    pub(super) arguments: Value,
}

/// Commands in front of the titles that say nothing of what is booted.
const OF_THE_SCREEN: &[&str] = &[
    "hiddenmenu",
    "color",
    "foreground",
    "background",
    "splashimage",
    "gfxmenu",
    "serial",
    "terminal",
    "terminfo",
    "debug",
    "quiet",
    "viewport",
    "shade",
    "setkey",
    "boot",
    "pager",
    "graphicsmode",
    "gfxboot",
    "splash",
];

/// Reads a file's content.
pub(super) fn parse(content: &[u8], budget: &mut Budget, notes: &mut Notes) -> Config {
    let mut config = Config {
        default: Default::Number(0),
        fallback: None,
        timeout: Timeout::Never,
        password: false,
        titles: Vec::new(),
    };
    for (line, text) in lines(content) {
        if !budget.step() {
            notes.add("there are too many commands: those after them are left out");
            break;
        }
        let (name, arguments) = command(&text.text);
        if name == "title" {
            config.titles.push(Title {
                title: arguments.to_string(),
                line,
                commands: Vec::new(),
            });
            continue;
        }
        match config.titles.last_mut() {
            None => config.set(name, arguments, notes),
            Some(title) => title.commands.push(Command {
                name: name.to_string(),
                arguments: text.part(arguments),
            }),
        }
    }
    config
}

impl Config {
    /// A command in front of the titles.
    fn set(&mut self, name: &str, arguments: &str, notes: &mut Notes) {
        match name {
            "default" => match split(arguments).0 {
                "saved" => self.default = Default::Saved,
                _ => self.default = Default::Number(number(arguments).unwrap_or(0)),
            },
            "timeout" => {
                let tenths = number(arguments).map(|seconds| seconds.saturating_mul(10));
                self.timeout = tenths.map_or(Timeout::Never, Timeout::Tenths);
            }
            "fallback" => {
                self.fallback = number(arguments);
                let arguments = shown(arguments);
                notes.add(format!(
                    "if an entry fails, GRUB starts entry {arguments} next"
                ));
            }
            "password" => {
                self.password = true;
                notes.add("a password protects the editing of entries, which is not offered here");
            }
            name if OF_THE_SCREEN.contains(&name) => {}
            name => notes.add(format!(
                "`{}` in front of the titles is left out",
                shown(name)
            )),
        }
    }
}
