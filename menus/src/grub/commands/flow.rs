//! Commands that decide what runs next.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::grub::devices::reason;
use crate::grub::machine::{BAD_ARGUMENT, Call, FALSE, INVALID_COMMAND, Machine, Status, TRUE};
use crate::grub::number;
use crate::grub::state::{Arguments, Outcome};
use crate::limits;
use crate::storage::Location;

/// `true`
pub(super) fn is_true(_: &mut Machine<'_>, _: &Call<'_>) -> Status {
    TRUE
}

/// `false`
pub(super) fn is_false(_: &mut Machine<'_>, _: &Call<'_>) -> Status {
    FALSE
}

/// `break [n]` and `continue [n]`
pub(super) fn leave_loop(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let count = match call.arguments {
        [] => Some(1),
        [count] => decimal(count),
        _ => return machine.refuse("one argument expected"),
    };
    match count {
        None => machine.refuse("unrecognized number"),
        Some(0) => machine.refuse("can't break 0 loops"),
        Some(count) => {
            let flow = &mut machine.state.flow;
            flow.goes_on = call.name == "continue";
            flow.breaks = count.min(flow.loops);
            TRUE
        }
    }
}

/// `return [status]`
pub(super) fn give_back(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    if machine.state.arguments.is_none() || call.arguments.len() > 1 {
        return machine.refuse("not in function body");
    }
    let status = match call.arguments.first() {
        None => decimal(machine.state.variables.get("?").unwrap_or("0")).unwrap_or(TRUE),
        Some(number) => match decimal(number) {
            Some(status) => status,
            None => return machine.refuse("unrecognized number"),
        },
    };
    machine.state.flow.returns = true;
    if status > FALSE && !call.arguments.is_empty() {
        machine.complain("false");
    }
    status
}

/// `shift [n]`
pub(super) fn shift(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let Some(arguments) = &mut machine.state.arguments else {
        return TRUE;
    };
    let count = match call.arguments {
        [] => Some(1),
        [count] => decimal(count),
        _ => None,
    };
    let count = count.and_then(|count| usize::try_from(count).ok());
    match count {
        Some(count) if count <= arguments.left().len() => {
            arguments.shifted = arguments.shifted.saturating_add(count);
            TRUE
        }
        _ => BAD_ARGUMENT,
    }
}

/// `setparams arguments...`
pub(super) fn set_arguments(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    if machine.state.arguments.is_none() {
        return INVALID_COMMAND;
    }
    machine.state.arguments = Some(Arguments {
        all: call.arguments.into(),
        shifted: 0,
    });
    TRUE
}

/// `eval words...`
pub(super) fn eval(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let text = call.arguments.join(" ");
    if !machine.budget.bytes(text.len()) {
        return FALSE;
    }
    machine.run_text(&text)
}

/// `source FILE`: as if its lines stood here.
pub(super) fn source(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let [name] = call.arguments else {
        return machine.refuse("filename expected");
    };
    if let Some((config, content)) = open(machine, name) {
        run(machine, name, &config, &content);
    }
    TRUE
}

/// `configfile FILE` and `normal [FILE]`: the menu of another configuration.
pub(super) fn open_menu(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let name = match (call.arguments, machine.state.variables.get("prefix")) {
        ([name], _) => name.clone(),
        ([], Some(prefix)) if call.name == "normal" => alloc::format!("{prefix}/grub.cfg"),
        _ => return machine.refuse("filename expected"),
    };
    let Some((config, content)) = open(machine, &name) else {
        return TRUE;
    };
    let around = machine.state.variables.clone();
    if call.name == "configfile" {
        machine.state.variables = around.exported();
    }
    let items = core::mem::take(&mut machine.state.items);
    run(machine, &name, &config, &content);
    if machine.state.items.is_empty() || machine.state.outcome.is_some() {
        // No menu: it goes on here.
        if call.name == "configfile" {
            machine.state.variables = around;
        }
        let opened = core::mem::replace(&mut machine.state.items, items);
        if machine.state.items.is_empty() {
            machine.state.items = opened;
        }
        return TRUE;
    }
    if !items.is_empty() {
        machine
            .note("the menu of another file is shown before that of this file, which is left out");
    }
    let state = machine.state.clone();
    machine.state.outcome = Some(Outcome::Menu(Rc::new(state)));
    TRUE
}

/// Reads a configuration file.
fn open(machine: &mut Machine<'_>, name: &str) -> Option<(Location, Vec<u8>)> {
    let config = match machine.file(name) {
        Ok(config) => config,
        Err(why) => {
            machine.note(&alloc::format!("{name} is left out: {why}"));
            return None;
        }
    };
    if !machine.budget.file() {
        return None;
    }
    match machine.storage.read(&config, limits::FILE) {
        Ok(content) => {
            machine.budget.bytes(content.len());
            Some((config, content))
        }
        Err(failure) => {
            machine.note(&alloc::format!(
                "it is left out: {}",
                reason(&config, &failure)
            ));
            None
        }
    }
}

/// Runs a configuration file, with the variables that say which one it is.
fn run(machine: &mut Machine<'_>, name: &str, config: &Location, content: &[u8]) {
    let full = match (name.starts_with('('), machine.state.variables.get("root")) {
        (false, Some(root)) => alloc::format!("({root}){name}"),
        _ => name.to_string(),
    };
    let names = ["config_file", "config_directory"];
    let old = names.map(|name| machine.state.variables.get(name).map(ToString::to_string));
    machine.set_config(&full);
    machine.run_file(content, config);
    for (name, old) in names.iter().zip(old) {
        match old {
            Some(value) => machine.state.variables.set_exported(name, &value),
            None => machine.state.variables.unset(name),
        }
    }
}

impl Machine<'_> {
    /// Sets `config_file` and `config_directory`.
    pub(in crate::grub) fn set_config(&mut self, full: &str) {
        let directory = full
            .rsplit_once('/')
            .map_or(full, |(directory, _)| directory);
        self.state.variables.set_exported("config_file", full);
        self.state
            .variables
            .set_exported("config_directory", directory);
    }
}

/// Commands after which GRUB is gone.
pub(super) fn end(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let outcome = match call.name {
        "halt" => Outcome::PowerOff,
        "reboot" => Outcome::Restart,
        // It only asks whether the firmware has a setup.
        "fwsetup"
            if call
                .arguments
                .iter()
                .any(|option| option == "--is-supported") =>
        {
            return match machine.state.variables.get("grub_platform") {
                Some("efi") => TRUE,
                _ => FALSE,
            };
        }
        "fwsetup" => Outcome::Firmware,
        "exit" | "normal_exit" => Outcome::Exit,
        _ => match machine.state.loaded {
            crate::grub::loaded::Loaded::Nothing => {
                return machine.refuse("you need to load the kernel first");
            }
            _ => Outcome::Boot,
        },
    };
    machine.state.outcome = Some(outcome);
    TRUE
}

/// A number in base 10 alone.
fn decimal(text: &str) -> Option<u32> {
    let digits: String = text.chars().skip_while(char::is_ascii_whitespace).collect();
    match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse().ok(),
        // GRUB takes a number in base 16 too; nobody writes that.
        false => number::leading(&digits)
            .filter(|(_, rest)| rest.is_empty())
            .map(|(n, _)| n)
            .and_then(|n| u32::try_from(n).ok()),
    }
}
