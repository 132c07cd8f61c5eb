//! `gapboot set`: what boots, and how long the menu waits, without an editor.
//!
//! It changes one value of the state file ([`crate::state`]), which the loader
//! reads before `loader.conf`.

use std::fs;
use std::io;

use boot::menu::Timeout;
use layout::state::Setting;
use lexopt::Arg::{Long, Value};

use crate::args::{self, DiskArgument};
use crate::error::Error;
use crate::state::{self, Content, State};
use crate::store::Store;
use crate::system::{System, cannot};
use crate::{Command, Context};

/// `gapboot set`.
pub const COMMAND: Command = Command {
    name: "set",
    summary: "set what boots next, or always, and how long the menu waits",
    help: "\
Usage: gapboot set KEY VALUE [DISK]
       gapboot set --from-systemd [DISK]

Sets a value in /loader/gapboot.state on the EFI system partition of DISK, an
image file or a block device; without DISK, on the disk that this system was
started from. The loader prefers it to the same key of loader.conf. An empty
VALUE ('') unsets it.

  default           what boots when nobody chooses: an id as `gapboot list`
                    shows it, a pattern (debian-*), or @saved for what was
                    booted last
  preferred         the same, before default, but never an entry that is bad
  one-shot          what boots the next time alone
  timeout           seconds that the menu waits, or menu-force, menu-hidden,
                    menu-disabled
  one-shot-timeout  shows the menu at the next boot alone, for so many seconds
                    or, with menu-force, until somebody chooses

      --from-systemd  take one-shot and one-shot-timeout from what `systemctl
                      reboot --boot-loader-entry= --boot-loader-menu=` left;
                      does nothing where it left nothing
  -h, --help          this text

`gapboot status` shows what is set.
",
    run,
};

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Text(Setting),
    Timeout,
    OneShotTimeout,
}

impl Key {
    fn parse(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "default" => Self::Text(Setting::Default),
            "preferred" => Self::Text(Setting::Preferred),
            "one-shot" | "oneshot" => Self::Text(Setting::OneShot),
            "timeout" => Self::Timeout,
            "one-shot-timeout" | "oneshot-timeout" => Self::OneShotTimeout,
            _ => {
                return Err(Error::usage(format!(
                    "{name:?} is no key: default, preferred, one-shot, timeout, one-shot-timeout"
                )));
            }
        })
    }
}

struct Options {
    /// Keys with their values.
    changes: Vec<(Key, String)>,
    disk: DiskArgument,
    system: System,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut values = Vec::new();
        let mut from_systemd = false;
        let mut system = System::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("from-systemd") => from_systemd = true,
                Long("root") => system = args::system(&mut parser)?,
                Value(value) => values.push(value),
                unknown => return Err(args::other(unknown)),
            }
        }
        let mut values = values.into_iter();
        let mut text = |what: &str| {
            let value = values.next();
            let value = value.ok_or_else(|| Error::usage(format!("{what} is missing")))?;
            let text = value.into_string();
            text.map_err(|_| Error::usage(format!("{what} is not UTF-8")))
        };
        let changes = match from_systemd {
            true => from_logind(&system)?,
            false => vec![(Key::parse(&text("KEY")?)?, text("VALUE")?)],
        };
        let mut disk = DiskArgument::default();
        values.try_for_each(|value| disk.set(value))?;
        Ok(Self {
            changes,
            disk,
            system,
        })
    }
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let Options {
        changes,
        disk,
        system,
    } = Options::parse(parser)?;
    if changes.is_empty() {
        return Ok(());
    }
    let store = Store::find(&system, disk.optional().as_deref())?;
    let before = store.read()?;
    let mut state = match before.as_deref().map(State::parse) {
        None => State::default(),
        Some(Content::State(state)) => state,
        Some(Content::Damaged) => {
            writeln!(
                context.err,
                "gapboot: {}: the state file was damaged, and is made anew",
                store.disk.display()
            )?;
            State::default()
        }
        Some(Content::Newer(format)) => {
            return Err(Error::failed(format!(
                "the state file has format {format}, which a newer gapboot wrote: use that one"
            ))
            .on(&store.disk));
        }
    };
    for (key, value) in &changes {
        change(&mut state, *key, value)?;
    }
    let bytes = state.encode()?;
    match before {
        Some(before) if before == bytes => Ok(()),
        _ => store.write(&bytes),
    }
}

fn change(state: &mut State, key: Key, value: &str) -> Result<(), Error> {
    match key {
        Key::Text(text) => {
            check_pattern(text, value)?;
            state.set(text, value.as_bytes());
        }
        Key::Timeout => state.timeout = timeout(value)?,
        Key::OneShotTimeout => {
            state.one_shot_timeout = match timeout(value)? {
                Some(Timeout::Hidden | Timeout::Disabled) => {
                    return Err(Error::usage(
                        "a one-shot timeout shows the menu: seconds from 1 on, or menu-force",
                    ));
                }
                timeout => timeout,
            }
        }
    }
    Ok(())
}

/// Refuses what the loader would not take from `loader.conf` either.
fn check_pattern(text: Setting, value: &str) -> Result<(), Error> {
    let saved = value.eq_ignore_ascii_case("@saved");
    if value.contains(|character: char| character.is_control()) {
        return Err(Error::usage("an id has no control characters"));
    }
    if value.starts_with('@') && !(saved && text != Setting::OneShot) {
        return Err(Error::usage(format!(
            "{value:?} has no meaning here: an id or a pattern does{}",
            match text {
                Setting::OneShot => "",
                _ => ", and @saved",
            }
        )));
    }
    Ok(())
}

/// A timeout; nothing for an empty value.
fn timeout(value: &str) -> Result<Option<Timeout>, Error> {
    if value.is_empty() {
        return Ok(None);
    }
    let timeout = state::timeout(value);
    timeout.map(Some).ok_or_else(|| {
        Error::usage(format!(
            "{value:?} is no timeout: seconds, menu-force, menu-hidden or menu-disabled"
        ))
    })
}

/// Where systemd-logind leaves the id of an entry: the name that it writes (every
/// version since 242), and the one that it documents and reads.
const ENTRY_REQUESTS: [&str; 2] = ["reboot-boot-to-loader-entry", "reboot-to-boot-loader-entry"];

/// What systemd-logind was asked for the next boot. It leaves files where
/// there are no EFI variables, see its variables `SYSTEMD_REBOOT_TO_BOOT_LOADER_*`.
fn from_logind(system: &System) -> Result<Vec<(Key, String)>, Error> {
    let read = |name: &str| {
        let path = system.path("/run/systemd").join(name);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read
                .map(|text| Some(text.trim_end().to_owned()))
                .map_err(|error| cannot("read", &path, &error)),
        }
    };
    let mut changes = Vec::new();
    for name in ENTRY_REQUESTS {
        if let Some(id) = read(name)? {
            changes = vec![(Key::Text(Setting::OneShot), id)];
        }
    }
    if let Some(time) = read("reboot-to-boot-loader-menu")? {
        let microseconds: u64 = time.parse().map_err(|_| {
            Error::failed(format!(
                "/run/systemd/reboot-to-boot-loader-menu holds {time:?}, which is no time"
            ))
        })?;
        // Zero means that the menu waits for somebody.
        let timeout = match microseconds.div_ceil(1_000_000) {
            0 => Timeout::Forced,
            seconds => u32::try_from(seconds).map_or(Timeout::Forced, Timeout::from_number),
        };
        changes.push((Key::OneShotTimeout, state::describe(timeout)));
    }
    Ok(changes)
}
