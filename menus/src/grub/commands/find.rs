//! `search`, `probe`, `loopback`: devices.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::grub::devices::reason;
use crate::grub::machine::{Call, FALSE, Machine, NO_DEVICE, NO_FILE, Status, TRUE};
use crate::grub::options::{Spec, Style, Value, flag, parse, with};
use crate::search;
use crate::storage::{Device, Table};

const SEARCH: &[Spec] = &[
    flag("file", Some('f')),
    flag("label", Some('l')),
    flag("fs-uuid", Some('u')),
    with("set", Some('s'), Value::Maybe),
    flag("no-floppy", Some('n')),
    flag("efidisk-only", None),
    flag("cryptodisk-only", None),
    flag("root-dev-only", Some('r')),
    with("hint", Some('h'), Value::Yes),
    with("hint-ieee1275", None, Value::Yes),
    with("hint-bios", None, Value::Yes),
    with("hint-baremetal", None, Value::Yes),
    with("hint-efi", None, Value::Yes),
    with("hint-arc", None, Value::Yes),
];

/// What is searched for.
enum Key<'k> {
    Uuid(&'k str),
    Label(&'k str),
    File(&'k str),
}

/// `search` and its forms with positional arguments, as `search.fs_uuid UUID NAME HINT...`.
pub(super) fn search(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    if let Some(kind) = call.name.strip_prefix("search.") {
        let [key, rest @ ..] = call.arguments else {
            return machine.refuse("one argument expected");
        };
        let (variable, hints) = match rest {
            [variable, hints @ ..] => (Some(variable.as_str()), hints),
            [] => (None, rest),
        };
        let key = match kind {
            "fs_uuid" => Key::Uuid(key),
            "fs_label" => Key::Label(key),
            _ => Key::File(key),
        };
        return run(machine, &key, variable, hints);
    }
    let parsed = match parse(SEARCH, Style::Lenient, call.arguments) {
        Ok(parsed) => parsed,
        Err(message) => return machine.refuse(&message),
    };
    let mut rest = parsed.rest.iter();
    let key = rest.find(|word| !word.starts_with("--hint-"));
    let mut variable = parsed
        .has("set")
        .then(|| parsed.value("set").unwrap_or("root"));
    let key = match (key, parsed.value("set")) {
        (Some(key), _) => key.as_str(),
        // `search --set UUID`: it was no variable.
        (None, Some(key)) => {
            variable = Some("root");
            key
        }
        (None, None) => return machine.refuse("one argument expected"),
    };
    let platform = match machine.state.variables.get("grub_platform") {
        Some("efi") => "hint-efi",
        _ => "hint-bios",
    };
    let mut hints = Vec::new();
    for option in ["hint", platform, "hint-baremetal"] {
        hints.extend(parsed.values(option).map(ToString::to_string));
    }
    let key = match () {
        () if parsed.has("label") => Key::Label(key),
        () if parsed.has("fs-uuid") => Key::Uuid(key),
        () if parsed.has("file") => Key::File(key),
        () => return machine.refuse("unspecified search type"),
    };
    run(machine, &key, variable, &hints)
}

fn run(
    machine: &mut Machine<'_>,
    key: &Key<'_>,
    variable: Option<&str>,
    hints: &[String],
) -> Status {
    if !machine.budget.bytes(machine.storage.devices().len()) {
        return FALSE;
    }
    let found = match key {
        Key::Uuid(uuid) => search::by_uuid(machine.storage, uuid),
        Key::Label(label) => search::by_label(machine.storage, label),
        Key::File(path) => by_file(machine, path, hints),
    };
    match (found, variable) {
        (Some(device), Some(variable)) => {
            let name = machine.device_name(device);
            machine.state.variables.set(variable, &name);
            TRUE
        }
        (Some(device), None) => {
            let name = machine.device_name(device);
            machine.print(&alloc::format!(" {name}\n"));
            TRUE
        }
        (None, variable) => {
            let (what, key) = match key {
                Key::Uuid(uuid) => ("the file system UUID", uuid),
                Key::Label(label) => ("the file system label", label),
                Key::File(path) => ("the file", path),
            };
            machine.complain(&alloc::format!("no such device: {key}"));
            let why = alloc::format!("no device here has {what} {key}");
            if let Some(variable) = variable {
                machine.state.variables.doubt(variable, &why);
            }
            NO_FILE
        }
    }
}

/// The first device with this file, of those that the hints name before the others.
fn by_file(machine: &Machine<'_>, path: &str, hints: &[String]) -> Option<Device> {
    let hinted = hints.iter().flat_map(|hint| {
        let disk = hint.strip_suffix(',');
        let whole = machine.device(disk.unwrap_or(hint));
        let partitions = machine
            .storage
            .devices()
            .into_iter()
            .filter(move |&device| {
                let same = machine.storage.properties(device).disk;
                let wanted = whole.and_then(|device| machine.storage.properties(device).disk);
                disk.is_some() && same.is_some() && same == wanted
            });
        whole.into_iter().chain(partitions)
    });
    let mut devices = hinted.chain(machine.storage.devices());
    devices.find(|&device| {
        let at = machine.locate_on(device, path);
        at.is_ok_and(|at| at.is_file(machine.storage))
    })
}

const PROBE: &[Spec] = &[
    with("set", Some('s'), Value::Yes),
    flag("driver", Some('d')),
    flag("partmap", Some('p')),
    flag("fs", Some('f')),
    flag("fs-uuid", Some('u')),
    flag("label", Some('l')),
    flag("part-uuid", None),
];

/// `probe [--set name] --fs-uuid DEVICE`, and other properties.
pub(super) fn probe(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let parsed = match parse(PROBE, Style::Strict, call.arguments) {
        Ok(parsed) => parsed,
        Err(message) => return machine.refuse(&message),
    };
    let Some(name) = parsed.rest.first() else {
        return machine.refuse("device name required");
    };
    let inner = name
        .strip_prefix('(')
        .and_then(|name| name.strip_suffix(')'));
    let Some(device) = machine.device(inner.unwrap_or(name)) else {
        machine.complain(&alloc::format!("disk `{name}' not found"));
        return NO_DEVICE;
    };
    let properties = machine.storage.properties(device);
    let partition = properties.partition;
    let none = || Some("none".to_string());
    let value = match () {
        () if parsed.has("driver") => none(),
        () if parsed.has("partmap") => match partition.map(|partition| partition.table) {
            Some(Table::Gpt) => Some("gpt".to_string()),
            Some(Table::Mbr) => Some("msdos".to_string()),
            None => none(),
        },
        () if parsed.has("part-uuid") => partition.map(|partition| partition.uuid).or_else(none),
        () if parsed.has("fs") => properties.file_system,
        () if parsed.has("fs-uuid") => properties.uuid,
        () if parsed.has("label") => properties.label,
        () => return machine.refuse("unrecognised target"),
    };
    let Some(value) = value else {
        machine.note(&alloc::format!(
            "what `probe` asks of ({name}) is not known here"
        ));
        return FALSE;
    };
    match parsed.value("set") {
        Some(variable) => machine.state.variables.set(variable, &value),
        None => machine.print(&value),
    }
    TRUE
}

const LOOPBACK: &[Spec] = &[flag("delete", Some('d')), flag("decompress", Some('D'))];

/// `loopback name FILE`: a device of what is in the file.
pub(super) fn loopback(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let parsed = match parse(LOOPBACK, Style::Strict, call.arguments) {
        Ok(parsed) => parsed,
        Err(message) => return machine.refuse(&message),
    };
    if let (true, [name, ..]) = (parsed.has("delete"), parsed.rest.as_slice()) {
        machine.charge(machine.state.loopbacks.len());
        return match Rc::make_mut(&mut machine.state.loopbacks).remove(name) {
            Some(_) => TRUE,
            None => NO_DEVICE,
        };
    }
    let [name, file, ..] = parsed.rest.as_slice() else {
        return machine.refuse("device name and filename expected");
    };
    let made = machine.file(file).and_then(|at| {
        let device = machine.storage.loopback(&at);
        device.map_err(|failure| reason(&at, &failure))
    });
    match made {
        Ok(device) => {
            machine.charge(machine.state.loopbacks.len());
            Rc::make_mut(&mut machine.state.loopbacks).insert(name.clone(), device);
            TRUE
        }
        Err(why) => {
            machine.note(&alloc::format!("the device ({name}) cannot be made: {why}"));
            machine.state.failure.get_or_insert(why);
            NO_FILE
        }
    }
}
