//! What was set for the loader and what the loader said: the part of `gapboot
//! status` that is not about installing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use layout::state::Setting;
use serde::Serialize;

use super::content::{self, Content, State};
use super::store::Store;
use crate::error::Error;
use crate::printable::printable;
use crate::system::System;

/// What both sides told each other.
#[derive(Serialize)]
pub struct SessionReport {
    /// What is set in the state file.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<StateValues>,
    /// The lines of the loader's node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    loader: BTreeMap<String, String>,
    /// Why the state file says nothing, though it should.
    #[serde(rename = "stateProblem", skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// The values of a state file.
#[derive(Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct StateValues {
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_shot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_booted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_shot_timeout: Option<String>,
}

impl SessionReport {
    /// Looks at the state file of `disk`; without one, at that of the running
    /// system, and at what the loader said to it.
    ///
    /// # Errors
    /// The loader's node cannot be read.
    pub fn new(system: &System, disk: Option<&Path>) -> Result<Self, Error> {
        let mut report = Self {
            state: None,
            loader: BTreeMap::new(),
            trouble: None,
        };
        if disk.is_none()
            && let Some(node) = system.node()?
        {
            let lines = node.lines();
            report.loader = lines
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
        }
        // Disks without an EFI system partition have a status too.
        let read = Store::look(system, disk).and_then(|store| match store {
            Ok(store) => store.read(),
            Err(_) => Ok(None),
        });
        let content = read.map(|bytes| bytes.as_deref().map(State::parse));
        report.trouble = match content {
            Ok(None) => None,
            Ok(Some(Content::State(state))) => {
                report.state = StateValues::new(&state);
                None
            }
            Ok(Some(Content::Damaged)) => Some("damaged, nothing is set".to_owned()),
            Ok(Some(Content::Newer(_))) => Some("of a newer gapboot's format".to_owned()),
            Err(error) => Some(format!("not known: {error}")),
        };
        Ok(report)
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut row = |name: &str, value: &str| writeln!(out, "  {name:<22}{}", printable(value));
        if let Some(set) = &self.state {
            let rows = [
                ("default", &set.default),
                ("preferred", &set.preferred),
                ("one-shot", &set.one_shot),
                ("last booted", &set.last_booted),
                ("timeout", &set.timeout),
                ("one-shot timeout", &set.one_shot_timeout),
            ];
            for (name, value) in rows {
                if let Some(value) = value {
                    row(name, value)?;
                }
            }
        }
        if let Some(trouble) = &self.trouble {
            row("state file", trouble)?;
        }
        for (name, value) in &self.loader {
            row(name, value)?;
        }
        Ok(())
    }
}

impl StateValues {
    /// Nothing if nothing is set.
    fn new(state: &State) -> Option<Self> {
        let text = |text| {
            let text = state.text(text);
            (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
        };
        let set = Self {
            default: text(Setting::Default),
            preferred: text(Setting::Preferred),
            one_shot: text(Setting::OneShot),
            last_booted: text(Setting::LastBooted),
            timeout: state.timeout.map(content::describe),
            one_shot_timeout: state.one_shot_timeout.map(content::describe),
        };
        (set != Self::default()).then_some(set)
    }
}
