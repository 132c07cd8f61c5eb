//! Commands on variables and on the environment block.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::grub::environment;
use crate::grub::machine::{BAD_ARGUMENT, Call, FALSE, Machine, NO_FILE, Status, TRUE};
use crate::grub::number;
use crate::grub::options::{Parsed, Spec, Style, Value, flag, parse, with};
use crate::storage::Location;

/// `set name=value`; without arguments all variables are printed.
pub(super) fn set(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let Some(assignment) = call.arguments.first() else {
        let lines = machine.state.variables.iter();
        let text: String = lines
            .map(|(name, value)| alloc::format!("{name}={value}\n"))
            .collect();
        machine.print(&text);
        return TRUE;
    };
    match assignment.split_once('=') {
        Some((name, value)) => {
            machine.state.variables.set(name, value);
            TRUE
        }
        None => machine.refuse("not an assignment"),
    }
}

/// `unset name`
pub(super) fn unset(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    match call.arguments.first() {
        Some(name) => {
            machine.state.variables.unset(name);
            TRUE
        }
        None => machine.refuse("one argument expected"),
    }
}

/// `export name...`
pub(super) fn export(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    if call.arguments.is_empty() {
        return machine.refuse("one argument expected");
    }
    for name in call.arguments {
        machine.state.variables.export(name);
    }
    TRUE
}

/// Fedora's `increment name` and `decrement name`, by which failed boots are counted.
pub(super) fn count(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let [name] = call.arguments else {
        return machine.refuse("one argument expected");
    };
    let old = number::unsigned(machine.state.variables.get(name).unwrap_or_default());
    let new = match call.name {
        "increment" => old.saturating_add(1),
        _ => old.saturating_sub(1),
    };
    machine.state.variables.set(name, &new.to_string());
    TRUE
}

/// A command that sets a variable to what only the machine or a person knows.
pub(super) fn unknown(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    machine.note(&alloc::format!(
        "what `{}` gives is not known here: its variable stays empty",
        call.name
    ));
    FALSE
}

/// Debian's `hwmatch`, which decides how the screen is set up: it matches nothing.
pub(super) fn hwmatch(machine: &mut Machine<'_>, _: &Call<'_>) -> Status {
    machine.state.variables.set("match", "0");
    TRUE
}

/// The most bytes of an environment block. GRUB's own has 1,024.
const BLOCK: usize = 16 << 10;

const FILE: &[Spec] = &[
    with("file", Some('f'), Value::Yes),
    flag("skip-sig", Some('s')),
];

/// `load_env [--file FILE] [name...]`
pub(super) fn load_env(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let (parsed, _, block) = match read(machine, call) {
        Ok(read) => read,
        Err(status) => return status,
    };
    for (name, value) in environment::variables(&block).unwrap_or_default() {
        if parsed.rest.is_empty() || parsed.rest.contains(&name) {
            machine.state.variables.set(&name, &value);
        }
    }
    TRUE
}

/// `list_env [--file FILE]`
pub(super) fn list_env(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let (_, _, block) = match read(machine, call) {
        Ok(read) => read,
        Err(status) => return status,
    };
    for (name, value) in environment::variables(&block).unwrap_or_default() {
        machine.print(&alloc::format!("{name}={value}\n"));
    }
    TRUE
}

/// `save_env [--file FILE] name...`: the block is changed in the state alone.
pub(super) fn save_env(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let (parsed, file, mut block) = match read(machine, call) {
        Ok(read) => read,
        Err(status) => return status,
    };
    if parsed.rest.is_empty() {
        return machine.refuse("no variable is specified");
    }
    for name in &parsed.rest {
        let saved = match machine.state.variables.get(name) {
            Some(value) => environment::set(&mut block, name, value),
            None => environment::remove(&mut block, name),
        };
        if !saved {
            return machine.refuse("environment block too small");
        }
    }
    let all = machine.state.blocks.len().saturating_mul(BLOCK);
    if machine.budget.bytes(all) {
        Rc::make_mut(&mut machine.state.blocks).insert(file, block);
    }
    TRUE
}

/// The options, and the block as it is now.
fn read(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<(Parsed, Location, Vec<u8>), Status> {
    let parsed = match parse(FILE, Style::Strict, call.arguments) {
        Ok(parsed) => parsed,
        Err(message) => return Err(machine.refuse(&message)),
    };
    let name = match (parsed.value("file"), machine.state.variables.get("prefix")) {
        (Some(name), _) => name.to_string(),
        (None, Some(prefix)) => alloc::format!("{prefix}/grubenv"),
        (None, None) => return Err(machine.refuse("variable `prefix' isn't set")),
    };
    let Ok(file) = machine.file(&name) else {
        machine.complain(&alloc::format!("file `{name}' not found"));
        return Err(NO_FILE);
    };
    let known = machine.state.blocks.get(&file);
    let block = match known.or(machine.blocks.get(&file)) {
        Some(block) => block.clone(),
        None if !machine.budget.file() => return Err(NO_FILE),
        None => match machine.storage.read(&file, BLOCK) {
            Ok(block) => {
                machine.blocks.insert(file.clone(), block.clone());
                block
            }
            Err(failure) => {
                machine.note(&crate::grub::devices::reason(&file, &failure));
                return Err(NO_FILE);
            }
        },
    };
    machine.budget.bytes(block.len());
    if environment::variables(&block).is_none() {
        machine.complain("invalid environment block");
        return Err(BAD_ARGUMENT);
    }
    Ok((parsed, file, block))
}
