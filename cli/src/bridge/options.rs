//! The options that are built into a bridge, one a line in [`PATH`].

use std::str::FromStr;

use bridge::options::KEYS;

use crate::error::Error;

/// Where they are in the bridge.
pub const PATH: &str = "etc/gapboot/bridge.conf";

/// An option with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    key: &'static str,
    value: String,
}

impl FromStr for Setting {
    type Err = Error;

    /// Reads `KEY=VALUE`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::usage("--option takes KEY=VALUE"));
        };
        let Some(key) = KEYS.into_iter().find(|key| *key == name) else {
            return Err(Error::usage(format!(
                "{name:?} is not an option of the bridge: use {}",
                KEYS.join(", ")
            )));
        };
        if value.contains(char::is_control) {
            return Err(Error::usage(format!(
                "the value of {key} holds control characters: leave them out"
            )));
        }
        Ok(Self {
            key,
            value: value.trim().to_owned(),
        })
    }
}

impl Setting {
    /// The module that it asks for, if it does.
    pub fn module(&self) -> Option<&str> {
        match self.key {
            "module" => self.value.split_whitespace().next(),
            _ => None,
        }
    }
}

/// The text of the file.
pub fn text(settings: &[Setting]) -> String {
    let lines = settings.iter().map(|Setting { key, value }| {
        let line = format!("{key} {value}");
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let settings = [
            "timeout=5",
            "config=(sda1)/boot/a = b",
            "module=loop max_loop=9",
            "debug=",
        ];
        let settings = settings.map(|text| text.parse::<Setting>().unwrap());
        let expected = "timeout 5\nconfig (sda1)/boot/a = b\nmodule loop max_loop=9\ndebug\n";
        assert_eq!(text(&settings), expected);
        assert_eq!(settings[2].module(), Some("loop"));
        assert_eq!(settings[0].module(), None);
    }

    #[test]
    fn wrong_ones_are_usage_errors() {
        for (text, words) in [
            ("timeout", "KEY=VALUE"),
            (
                "timout=5",
                "\"timout\" is not an option of the bridge: use timeout, default, ",
            ),
            ("default=a\nsave yes", "control characters"),
        ] {
            let error = text.parse::<Setting>().unwrap_err();
            assert!(matches!(error, Error::Usage(_)));
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
