//! `gapboot set`: what boots, and how long the menu waits, without an editor.
//!
//! It changes one value of the state file ([`crate::state`]), which the loader
//! reads before `loader.conf`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;

use boot::menu::Timeout;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args};
use layout::state::Setting;

use super::arguments::SystemArgument;
use super::context::Context;
use crate::error::Error;
use crate::state::content;
use crate::state::{Content, State, Store};
use crate::system::System;

/// Set what boots next, or always, and how long the menu waits.
///
/// Sets a value in /loader/gapboot.state on the EFI system partition of DISK, an
/// image file or a block device; without DISK, on the disk that this system was
/// started from. The loader prefers it to the same key of loader.conf. An empty
/// VALUE ('') unsets it.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    override_usage = "\
gapboot set KEY VALUE [DISK]
       gapboot set --from-systemd [DISK]",
    after_help = "\
Keys:
  default           what boots when nobody chooses: an id as `gapboot list`
                    shows it, a pattern (debian-*), or @saved for what was
                    booted last
  preferred         the same, before default, but never an entry that is bad
  one-shot          what boots the next time alone
  timeout           seconds that the menu waits, or menu-force, menu-hidden,
                    menu-disabled
  one-shot-timeout  shows the menu at the next boot alone, for this many
                    seconds or, with menu-force, until somebody chooses

`gapboot status` shows what is set.

Examples:
  gapboot set timeout 5
  gapboot set one-shot debian-6.1.conf /dev/sda"
)]
pub struct Arguments {
    /// what to set; with --from-systemd, DISK stands here
    #[arg(
        value_name = "KEY",
        required_unless_present = "from_systemd",
        value_parser = KeyOrDisk,
        hide_possible_values = true
    )]
    key: Option<OsString>,
    /// what to set it to
    #[arg(value_name = "VALUE", required_unless_present = "from_systemd")]
    value: Option<OsString>,
    /// an image file or a block device; default: the disk of this system
    #[arg(value_name = "DISK")]
    disk: Option<PathBuf>,
    /// take one-shot and one-shot-timeout from what `systemctl reboot
    /// --boot-loader-entry= --boot-loader-menu=` left; does nothing where it left
    /// nothing
    #[arg(long)]
    from_systemd: bool,
    #[command(flatten)]
    system: SystemArgument,
}

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Text(Setting),
    Timeout,
    OneShotTimeout,
}

impl Key {
    const NAMES: [&str; 5] = [
        "default",
        "preferred",
        "one-shot",
        "timeout",
        "one-shot-timeout",
    ];

    fn parse(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "default" => Self::Text(Setting::Default),
            "preferred" => Self::Text(Setting::Preferred),
            "one-shot" | "oneshot" => Self::Text(Setting::OneShot),
            "timeout" => Self::Timeout,
            "one-shot-timeout" | "oneshot-timeout" => Self::OneShotTimeout,
            _ => {
                return Err(Error::usage(format!(
                    "{name:?} is no key: use {}",
                    Self::NAMES.join(", ")
                )));
            }
        })
    }
}

/// Takes anything, but tells completions which keys there are.
#[derive(Clone)]
struct KeyOrDisk;

impl TypedValueParser for KeyOrDisk {
    type Value = OsString;

    fn parse_ref(
        &self,
        _: &clap::Command,
        _: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<OsString, clap::Error> {
        Ok(value.to_owned())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Key::NAMES.into_iter().map(PossibleValue::new)))
    }
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let system = self.system.system();
        let changes = self.changes(&system)?;
        if changes.is_empty() {
            return Ok(());
        }
        let disk = match self.from_systemd {
            true => self.key.map(PathBuf::from),
            false => self.disk,
        };
        let store = Store::find(&system, disk.as_deref())?;
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

    /// Keys with their values.
    fn changes(&self, system: &System) -> Result<Vec<(Key, String)>, Error> {
        if self.from_systemd {
            return match self.value {
                None => from_logind(system),
                Some(_) => Err(Error::usage(
                    "--from-systemd takes no KEY and VALUE, only DISK",
                )),
            };
        }
        let text = |name: &str, value: &Option<OsString>| {
            let text = value.clone().unwrap_or_default().into_string();
            text.map_err(|_| Error::usage(format!("{name} is not UTF-8: write it as UTF-8")))
        };
        let key = Key::parse(&text("KEY", &self.key)?)?;
        Ok(vec![(key, text("VALUE", &self.value)?)])
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
    let timeout = content::timeout(value);
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
                .map_err(|error| Error::file("read", &path, &error)),
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
        changes.push((Key::OneShotTimeout, content::describe(timeout)));
    }
    Ok(changes)
}
