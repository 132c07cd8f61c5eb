//! `gapboot set`: what boots, and how long the menu waits, without an editor.
//!
//! It changes one value of the state file ([`crate::state`]), which the loader
//! reads before `loader.conf`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args};

use super::arguments::SystemArgument;
use super::context::Context;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::menu::Menu;
use crate::printable::printable;
use crate::state::unselected::missing;
use crate::state::{Content, State, StateKey, Store, logind};
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
        Some(Box::new(
            StateKey::NAMES.into_iter().map(PossibleValue::new),
        ))
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
                    "gapboot: {}: the state file was damaged; it is made anew",
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
        let mut notes = Vec::new();
        for (key, value) in &changes {
            key.set(&mut state, value)?;
            if let StateKey::Text(_) = key {
                let id = look_up(&store, value, &mut notes);
                key.set(&mut state, &id)?;
            }
        }
        let bytes = state.encode()?;
        let is_new = before.is_none_or(|before| before != bytes);
        if is_new {
            store.write(&bytes)?;
        }
        let (disk, how) = (store.disk.display(), if is_new { "now" } else { "already" });
        for (key, _) in &changes {
            let value = key.value(&state);
            let value = printable(value.as_deref().unwrap_or("unset"));
            writeln!(context.out, "{disk}: {} is {how} {value}", key.name())?;
        }
        for note in notes {
            writeln!(context.err, "gapboot: {disk}: note: {}", printable(&note))?;
        }
        Ok(())
    }

    /// Keys with their values.
    fn changes(&self, system: &System) -> Result<Vec<(StateKey, String)>, Error> {
        if self.from_systemd {
            return match self.value {
                None => logind::requests(system),
                Some(_) => Err(Error::usage(
                    "--from-systemd takes no KEY and VALUE, only DISK",
                )),
            };
        }
        let text = |name: &str, value: &Option<OsString>| {
            let text = value.clone().unwrap_or_default().into_string();
            text.map_err(|_| Error::usage(format!("{name} is not UTF-8: write it as UTF-8")))
        };
        let key = StateKey::parse(&text("KEY", &self.key)?)?;
        let value = text("VALUE", &self.value)?;
        if self.disk.is_none() && is_disk(key, &value) {
            return Err(Error::usage(format!(
                "VALUE is missing: {value} would be it, but is a file"
            )));
        }
        // A wrong value is wrong for every disk.
        key.set(&mut State::default(), &value)?;
        Ok(vec![(key, value)])
    }
}

/// True for a value that is meant for DISK, which comes after it. A file may have the
/// name of an entry.
fn is_disk(key: StateKey, value: &str) -> bool {
    let suffixes = [".conf", ".efi"];
    let lower = value.to_ascii_lowercase();
    let has_suffix = suffixes.iter().any(|suffix| lower.ends_with(suffix));
    let may_be_id = matches!(key, StateKey::Text(_)) && has_suffix;
    Path::new(value).exists() && !may_be_id
}

/// The value, without the counter of the entry's file if that is in the way of selecting
/// the entry. A value that selects no entry is noted: one may be installed later.
fn look_up(store: &Store, value: &str, notes: &mut Vec<String>) -> String {
    // The disk is read past the caches of its mounted file systems.
    rustix::fs::sync();
    let menu = match Disk::open(&store.disk, Access::Read).and_then(Menu::of) {
        Ok(menu) => menu,
        Err(error) => {
            notes.push(format!("{value} is not looked up: {error}"));
            return value.to_owned();
        }
    };
    let id = menu.without_counter(value);
    if id != value {
        notes.push(format!(
            "{value} is the name of a file with its counter, and names no entry; {id} is set"
        ));
    }
    notes.extend(missing(&menu, &id));
    id
}
