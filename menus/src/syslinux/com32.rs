//! Programs of SYSLINUX (`.c32`) and what they boot.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::chain;
use super::context::{Context, FILES, Link, Outcome, nothing};
use super::words::{split, without, words};
use crate::menu::{Boots, Module};
use crate::reading::{Notes, shown};

/// Whether a command shows a menu: the programs for that, by their usual names.
pub(super) fn is_menu(command: &str) -> bool {
    let (name, _) = split(command);
    matches!(stem(name).as_str(), "menu" | "vesamenu" | "gfxboot")
}

/// The name of a program without directories and extension, in lower case.
fn stem(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    name.strip_suffix(".c32").map(String::from).unwrap_or(name)
}

/// What becomes of a program.
pub(super) enum Program {
    Ends(Outcome),
    /// It runs this command, as if it were typed at the boot prompt.
    Runs(String),
}

/// What a program boots, opens or runs.
pub(super) fn run(context: &Context, name: &str, arguments: &str, notes: &mut Notes) -> Program {
    Program::Ends(match stem(name).as_str() {
        "menu" | "vesamenu" => menu(context, arguments),
        "config" => {
            let (file, folder) = split(arguments);
            context.link(file, folder)
        }
        "chain" => Outcome::Boots(chain::boots(context, arguments, notes)),
        "mboot" => Outcome::Boots(multiboot(context, arguments, notes)),
        "linux" => Outcome::Boots(linux(context, arguments, notes)),
        "poweroff" => Outcome::Boots(Boots::PowerOff),
        "reboot" => Outcome::Boots(Boots::Restart),
        "cmd" => return Program::Runs(arguments.into()),
        "ifcpu64" => return Program::Runs(on_64_bits(arguments, notes)),
        _ => nothing(format!("{} is a program of SYSLINUX", shown(name))),
    })
}

/// A menu of files, which are read as one configuration.
fn menu(context: &Context, arguments: &str) -> Outcome {
    let names: Vec<&str> = words(arguments).collect();
    if let [] | ["~"] = names.as_slice() {
        return nothing("it shows this menu again");
    }
    let file = |name: &str| match name {
        "~" => Ok(context.config.main.clone()),
        name => context.file(name),
    };
    let files: Result<Vec<_>, _> = names.into_iter().map(file).collect();
    match files {
        Ok(files) => Outcome::Link(Link {
            files,
            main: context.config.main.clone(),
            folder: context.config.folder.clone(),
        }),
        Err(reason) => nothing(reason),
    }
}

/// `mboot.c32 KERNEL arguments --- MODULE arguments --- ...`
fn multiboot(context: &Context, arguments: &str, notes: &mut Notes) -> Boots {
    let mut words: &[&str] = &words(arguments).collect::<Vec<_>>();
    while let [option, rest @ ..] = words
        && option.starts_with('-')
        && *option != "---"
    {
        if *option == "-c" {
            return Boots::Nothing("its modules stand in a configuration of VMware's".into());
        }
        notes.add(format!("`{}` of mboot.c32 is left out", shown(option)));
        words = rest;
    }
    let mut files = Vec::new();
    for part in words.split(|word| *word == "---") {
        if files.len() > FILES {
            return Boots::Nothing(format!("it has more than {FILES} modules"));
        }
        let (name, arguments) = part.split_first().unwrap_or((&"", &[]));
        match context.file(name) {
            Ok(file) => files.push(Module {
                file,
                cmdline: arguments.join(" "),
            }),
            Err(reason) => return Boots::Nothing(reason),
        }
    }
    let mut files = files.into_iter();
    match files.next() {
        Some(kernel) => Boots::Multiboot {
            version: 1,
            kernel: kernel.file,
            cmdline: kernel.cmdline,
            modules: files.collect(),
        },
        None => Boots::Nothing("it names no kernel".into()),
    }
}

/// `linux.c32 [-dhcpinfo] KERNEL arguments`, where `initrd+=` adds to the last `initrd=`.
fn linux(context: &Context, arguments: &str, notes: &mut Notes) -> Boots {
    let (mut name, mut rest) = split(arguments);
    while name.starts_with('-') {
        notes.add(format!("`{}` of linux.c32 is left out", shown(name)));
        (name, rest) = split(rest);
    }
    if words(rest).any(|word| word.starts_with("initrdfile=")) {
        return Boots::Nothing("it packs files into an initrd (`initrdfile=`)".into());
    }
    let (rest, initrds) = without(rest, "initrd=");
    let (cmdline, more) = without(&rest, "initrd+=");
    let all = initrds.last().into_iter().chain(&more);
    context.linux_with(name, cmdline, all.flat_map(|list| list.split(',')), notes)
}

/// `ifcpu64.c32 COMMAND for 64 bits -- [... --] COMMAND for 32 bits`
fn on_64_bits(arguments: &str, notes: &mut Notes) -> String {
    let words: Vec<&str> = words(arguments).collect();
    let mut commands = words.split(|word| *word == "--");
    let first = commands.next().unwrap_or_default().join(" ");
    if let Some(last) = commands.next_back() {
        notes.add(format!(
            "a processor without 64 bits would start `{}`",
            shown(&last.join(" "))
        ));
    }
    first
}
