//! `menuentry` and `submenu`, and entries of the Boot Loader Specification.

use alloc::rc::Rc;
use alloc::string::ToString;

use crate::grub::blscfg;
use crate::grub::machine::{Call, FALSE, Machine, Status, TRUE};
use crate::grub::options::{Spec, Style, Value, flag, parse, with};
use crate::grub::state::{Body, Item};

const OPTIONS: &[Spec] = &[
    with("class", None, Value::Yes),
    with("users", None, Value::Maybe),
    with("hotkey", None, Value::Yes),
    with("source", None, Value::Yes),
    with("id", None, Value::Yes),
    flag("unrestricted", None),
];

/// `menuentry title [options] { commands }`
pub(super) fn menuentry(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    add(machine, call, false)
}

/// `submenu title [options] { commands }`
pub(super) fn submenu(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    add(machine, call, true)
}

fn add(machine: &mut Machine<'_>, call: &Call<'_>, submenu: bool) -> Status {
    let words = match (call.block, call.arguments) {
        (Some(_), [words @ .., _]) => words,
        (_, words) => words,
    };
    let parsed = match parse(OPTIONS, Style::Lenient, words) {
        Ok(parsed) => parsed,
        Err(message) => {
            machine.note(&alloc::format!("an entry is left out: {message}"));
            return machine.refuse(&message);
        }
    };
    let body = match (call.block, parsed.value("source")) {
        (Some(block), None) => Body::Block(Rc::clone(block)),
        (None, Some(text)) => Body::Text(text.into()),
        (Some(_), Some(_)) => return machine.refuse("multiple menuentry definitions"),
        (None, None) => return machine.refuse("no menuentry definition"),
    };
    let Some(title) = parsed.rest.first() else {
        return machine.refuse("menuentry is missing title");
    };
    let users = match parsed.value("users") {
        Some(users) => Some(users.to_string()),
        None if parsed.has("unrestricted") => None,
        None => Some("".to_string()),
    };
    if !machine.budget.entry() {
        return FALSE;
    }
    let at = machine.state.at.clone();
    machine.state.items.push(Item {
        title: title.clone(),
        id: parsed.value("id").map(ToString::to_string),
        arguments: parsed.rest.clone().into(),
        users,
        submenu,
        body,
        config: at
            .source
            .as_ref()
            .and_then(|source| source.location().cloned()),
        line: at.line,
    });
    TRUE
}

/// Fedora's `blscfg`.
pub(super) fn blscfg(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    blscfg::add_entries(machine, call.arguments);
    TRUE
}
