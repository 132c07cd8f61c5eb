//! What can be set, and the values that it takes.

use boot::menu::Timeout;
use layout::state::Setting;

use super::content::{self, State};
use crate::error::Error;

/// What can be set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StateKey {
    /// A text.
    Text(Setting),
    /// The menu's timeout.
    Timeout,
    /// The menu's timeout at the next boot alone.
    OneShotTimeout,
}

impl StateKey {
    /// Their names.
    pub const NAMES: [&str; 5] = [
        "default",
        "preferred",
        "one-shot",
        "timeout",
        "one-shot-timeout",
    ];

    /// The key of a name.
    ///
    /// # Errors
    /// There is no such key.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "default" => Self::Text(Setting::Default),
            "preferred" => Self::Text(Setting::Preferred),
            "one-shot" | "oneshot" => Self::Text(Setting::OneShot),
            "timeout" => Self::Timeout,
            "one-shot-timeout" | "oneshot-timeout" => Self::OneShotTimeout,
            _ => {
                return Err(Error::usage(format!(
                    "{name:?} is not a key: use {}",
                    Self::NAMES.join(", ")
                )));
            }
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text(Setting::Preferred) => "preferred",
            Self::Text(Setting::OneShot) => "one-shot",
            Self::Text(Setting::LastBooted) => "last booted",
            Self::Text(Setting::Default) => "default",
            Self::Timeout => "timeout",
            Self::OneShotTimeout => "one-shot-timeout",
        }
    }

    /// Its value, for a person; nothing if it is not set.
    pub fn value(self, state: &State) -> Option<String> {
        match self {
            Self::Text(text) => {
                let text = String::from_utf8_lossy(state.text(text)).into_owned();
                (!text.is_empty()).then_some(text)
            }
            Self::Timeout => state.timeout.map(content::describe),
            Self::OneShotTimeout => state.one_shot_timeout.map(content::describe),
        }
    }

    /// Sets it; an empty value unsets it.
    ///
    /// # Errors
    /// The loader would not take the value.
    pub fn set(self, state: &mut State, value: &str) -> Result<(), Error> {
        match self {
            Self::Text(text) => {
                check_pattern(text, value)?;
                state.set(text, value.as_bytes());
            }
            Self::Timeout => state.timeout = timeout(value)?,
            Self::OneShotTimeout => {
                state.one_shot_timeout = match timeout(value)? {
                    Some(Timeout::Hidden | Timeout::Disabled) => {
                        return Err(Error::usage(
                            "a one-shot timeout shows the menu: use seconds from 1 on, or menu-force",
                        ));
                    }
                    timeout => timeout,
                }
            }
        }
        Ok(())
    }
}

/// Refuses what the loader would not take from `loader.conf` either.
fn check_pattern(text: Setting, value: &str) -> Result<(), Error> {
    let saved = value.eq_ignore_ascii_case("@saved");
    if value.contains(|character: char| character.is_control()) {
        return Err(Error::usage(format!(
            "{value:?} holds control characters, which no id has: leave them out"
        )));
    }
    if value.starts_with('@') && !(saved && text != Setting::OneShot) {
        return Err(Error::usage(format!(
            "{value:?} has no meaning here: use an id or a pattern{}",
            match text {
                Setting::OneShot => "",
                _ => ", or @saved",
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
            "{value:?} is not a timeout: use seconds, menu-force, menu-hidden or menu-disabled"
        ))
    })
}
