//! `/loader/loader.conf`: the settings of the owner of the disk.
//!
//! The keys are systemd-boot's (loader.conf(5)). Unknown keys are ignored, a bad
//! value leaves the setting as it was, and of two lines the last one counts.
//! Without a file everything is as in [`Conf::without_file`].

use crate::entries::line;
use crate::menu::Timeout;
use crate::text::Text;

/// `console-mode`: the size of the screen's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleMode {
    /// `keep`: as the firmware left it.
    Keep,
    /// `auto`: a mode that suits. A BIOS has no modes to choose from, so this is the
    /// same as [`ConsoleMode::Keep`].
    Auto,
    /// `max`: as many lines as the screen can show.
    Max,
    /// A mode of the firmware, as UEFI numbers them: 0 is 80x25, 1 is 80x50. A
    /// BIOS has no others.
    Firmware(u32),
}

/// `reboot-on-error`: the action when an entry cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// `auto`: the machine restarts if the attempt was counted and the entry had
    /// attempts left.
    Auto,
    /// The machine restarts.
    Reboot,
    /// The menu comes back.
    Menu,
}

/// The settings.
pub struct Conf {
    default: Text,
    preferred: Text,
    /// `timeout`.
    pub timeout: Timeout,
    /// `console-mode`.
    console_mode: ConsoleMode,
    /// `log-level`: whether skipped files are reported.
    pub warns: bool,
    /// `reboot-on-error`.
    pub on_error: OnError,
    /// `editor`: the command line may be changed.
    pub editor: bool,
    /// `auto-reboot`: the menu offers to restart.
    pub auto_reboot: bool,
    /// `auto-poweroff`: the menu offers to power off.
    pub auto_poweroff: bool,
    /// `beep`: once for the first entry, twice for the second...
    pub beep: bool,
}

/// A line that changes no setting: its key is unknown, or its value is bad.
struct Ignored;

impl Conf {
    /// Room for settings, without a meaning yet: all zeros, as the whole
    /// [workspace](crate::Workspace) has to be.
    pub(crate) const UNREAD: Self = Self {
        default: Text::UNSET,
        preferred: Text::UNSET,
        timeout: Timeout::Hidden,
        console_mode: ConsoleMode::Keep,
        warns: false,
        on_error: OnError::Auto,
        editor: false,
        auto_reboot: false,
        auto_poweroff: false,
        beep: false,
    };

    /// The settings of a disk without a `loader.conf`.
    pub fn without_file() -> Self {
        let mut conf = Self::UNREAD;
        conf.reset();
        conf
    }

    /// Sets everything as in [`Conf::without_file`].
    pub(crate) fn reset(&mut self) {
        self.default.clear();
        self.preferred.clear();
        self.timeout = Timeout::Hidden;
        self.console_mode = ConsoleMode::Keep;
        self.warns = true;
        self.on_error = OnError::Auto;
        self.editor = true;
        self.auto_reboot = false;
        self.auto_poweroff = false;
        self.beep = false;
    }

    /// `default`: a pattern for [`crate::entries::glob::selects`], or `@saved`.
    pub fn default(&self) -> Option<&[u8]> {
        self.default.get()
    }

    /// `preferred`: the same, but never selects a bad entry.
    pub fn preferred(&self) -> Option<&[u8]> {
        self.preferred.get()
    }

    /// `console-mode`: the number of lines for the menu's screen, one of the two that a
    /// BIOS offers. None: the screen stays as it is.
    pub fn lines(&self) -> Option<u8> {
        match self.console_mode {
            ConsoleMode::Firmware(0) => Some(25),
            ConsoleMode::Firmware(1) | ConsoleMode::Max => Some(50),
            ConsoleMode::Keep | ConsoleMode::Auto | ConsoleMode::Firmware(_) => None,
        }
    }

    /// Takes in one line of the file.
    pub fn line(&mut self, line: &[u8]) {
        if let Some((key, value)) = line::split(line, line::BLANK) {
            // A mistake in one line does not invalidate the others.
            let _ = self.set(key, line::unquote(value));
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Ignored> {
        match key {
            b"timeout" => self.timeout = timeout(value)?,
            b"console-mode" => self.console_mode = console_mode(value)?,
            b"log-level" => self.warns = warns(value)?,
            b"reboot-on-error" => self.on_error = on_error(value)?,
            b"editor" => self.editor = boolean(value)?,
            b"auto-reboot" => self.auto_reboot = boolean(value)?,
            b"auto-poweroff" => self.auto_poweroff = boolean(value)?,
            b"beep" => self.beep = boolean(value)?,
            b"default" => set_pattern(&mut self.default, value)?,
            b"preferred" => set_pattern(&mut self.preferred, value)?,
            _ => return Err(Ignored),
        }
        Ok(())
    }
}

fn timeout(value: &[u8]) -> Result<Timeout, Ignored> {
    match value {
        b"menu-hidden" => Ok(Timeout::Hidden),
        b"menu-disabled" => Ok(Timeout::Disabled),
        b"menu-force" => Ok(Timeout::Forced),
        number => Ok(Timeout::from_number(line::number(number).ok_or(Ignored)?)),
    }
}

fn console_mode(value: &[u8]) -> Result<ConsoleMode, Ignored> {
    match value {
        b"keep" => Ok(ConsoleMode::Keep),
        b"auto" => Ok(ConsoleMode::Auto),
        b"max" => Ok(ConsoleMode::Max),
        number => Ok(ConsoleMode::Firmware(line::number(number).ok_or(Ignored)?)),
    }
}

/// True for the levels that include warnings.
fn warns(level: &[u8]) -> Result<bool, Ignored> {
    match level {
        b"emerg" | b"alert" | b"crit" | b"err" => Ok(false),
        b"warning" | b"notice" | b"info" | b"debug" => Ok(true),
        _ => Err(Ignored),
    }
}

fn on_error(value: &[u8]) -> Result<OnError, Ignored> {
    match value {
        b"auto" => Ok(OnError::Auto),
        value if boolean(value)? => Ok(OnError::Reboot),
        _ => Ok(OnError::Menu),
    }
}

fn boolean(value: &[u8]) -> Result<bool, Ignored> {
    match value {
        b"1" | b"yes" | b"y" | b"true" | b"t" | b"on" => Ok(true),
        b"0" | b"no" | b"n" | b"false" | b"f" | b"off" => Ok(false),
        _ => Err(Ignored),
    }
}

fn set_pattern(pattern: &mut Text, value: &[u8]) -> Result<(), Ignored> {
    // `@` begins words with a special meaning; `@saved` is the only one.
    let known = value.first() != Some(&b'@') || value.eq_ignore_ascii_case(b"@saved");
    if !known || value.len() > Text::MAX {
        return Err(Ignored);
    }
    pattern.set(&[value]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_conf(file: &str, then: impl FnOnce(Conf)) {
        let mut conf = Conf::without_file();
        file.split(['\n', '\r'])
            .for_each(|line| conf.line(line.as_bytes()));
        then(conf);
    }

    #[test]
    fn without_a_file() {
        with_conf("", |conf| {
            assert_eq!(conf.timeout, Timeout::Hidden);
            assert_eq!((conf.default(), conf.preferred()), (None, None));
            assert_eq!(conf.console_mode, ConsoleMode::Keep);
            assert_eq!(conf.on_error, OnError::Auto);
            assert!(conf.warns);
            assert!(conf.editor && !conf.auto_reboot && !conf.auto_poweroff && !conf.beep);
        });
    }

    #[test]
    fn a_usual_file() {
        let file = "#timeout 3\r\n\
            timeout 5\r\n\
            default \"debian-*\"\r\n\
            preferred\t@saved\r\n\
            console-mode max\r\n\
            editor no\r\n\
            auto-entries no\r\n\
            auto-reboot on\r\n\
            auto-poweroff 1\r\n\
            beep y\r\n\
            log-level debug\r\n\
            secure-boot-enroll off\r\n\
            reboot-on-error t";
        with_conf(file, |conf| {
            assert_eq!(conf.timeout, Timeout::Seconds(5));
            assert_eq!(conf.default(), Some(&b"debian-*"[..]));
            assert_eq!(conf.preferred(), Some(&b"@saved"[..]));
            assert_eq!(conf.console_mode, ConsoleMode::Max);
            assert!(!conf.editor && conf.auto_reboot && conf.auto_poweroff && conf.beep);
            assert!(conf.warns);
            assert_eq!(conf.on_error, OnError::Reboot);
        });
    }

    /// Values, each set after `timeout 8`; a bad one leaves the 8.
    #[test]
    fn timeouts() {
        for (value, expected) in [
            ("1", Timeout::Seconds(1)),
            ("007", Timeout::Seconds(7)),
            ("4294967293", Timeout::Seconds(4294967293)),
            ("0", Timeout::Hidden),
            ("4294967294", Timeout::Disabled),
            ("4294967295", Timeout::Forced),
            ("menu-force", Timeout::Forced),
            ("menu-hidden", Timeout::Hidden),
            ("'menu-disabled'", Timeout::Disabled),
            ("4294967296", Timeout::Seconds(8)),
            ("-1", Timeout::Seconds(8)),
            ("5s", Timeout::Seconds(8)),
            ("Menu-Force", Timeout::Seconds(8)),
            ("", Timeout::Seconds(8)),
        ] {
            with_conf(&std::format!("timeout 8\ntimeout {value}"), |conf| {
                assert_eq!(conf.timeout, expected, "{value}")
            });
        }
    }

    #[test]
    fn booleans() {
        let editor = |value: &str, before: &str| {
            let mut editor = false;
            with_conf(&std::format!("editor {before}\neditor {value}"), |conf| {
                editor = conf.editor
            });
            editor
        };
        for value in ["1", "yes", "y", "true", "t", "on"] {
            assert!(editor(value, "no"), "{value}");
        }
        for value in ["0", "no", "n", "false", "f", "off"] {
            assert!(!editor(value, "yes"), "{value}");
        }
        for value in ["Yes", "TRUE", "2", "ye", "yes no", "\"\"", "", "auto", "o"] {
            assert!(editor(value, "yes"), "{value}");
            assert!(!editor(value, "no"), "{value}");
        }
    }

    #[test]
    fn lines_of_the_screen() {
        for (value, expected) in [
            ("keep", None),
            ("auto", None),
            ("0", Some(25)),
            ("1", Some(50)),
            ("max", Some(50)),
            ("2", None),
        ] {
            with_conf(&std::format!("console-mode {value}"), |conf| {
                assert_eq!(conf.lines(), expected, "{value}");
            });
        }
    }

    #[test]
    fn words() {
        let levels = [
            "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
        ];
        for (level, name) in levels.iter().enumerate() {
            with_conf(&std::format!("log-level {name}"), |conf| {
                assert_eq!(conf.warns, level >= 4, "{name}")
            });
        }
        for (value, expected) in [
            ("0", ConsoleMode::Firmware(0)),
            ("1", ConsoleMode::Firmware(1)),
            ("keep", ConsoleMode::Keep),
            ("auto", ConsoleMode::Auto),
            ("min", ConsoleMode::Max),
        ] {
            with_conf(
                &std::format!("log-level err\nlog-level 6\nconsole-mode max\nconsole-mode {value}"),
                |conf| {
                    assert_eq!(conf.console_mode, expected);
                    assert!(!conf.warns, "a number is no level");
                },
            );
        }
        for (value, expected) in [
            ("auto", OnError::Auto),
            ("no", OnError::Menu),
            ("off", OnError::Menu),
            ("1", OnError::Reboot),
            ("maybe", OnError::Auto),
        ] {
            with_conf(&std::format!("reboot-on-error {value}"), |conf| {
                assert_eq!(conf.on_error, expected)
            });
        }
    }

    #[test]
    fn patterns() {
        let long = "x".repeat(Text::MAX + 1);
        for (file, expected) in [
            ("default a*", "a*"),
            ("default a\ndefault B.conf", "B.conf"),
            ("default a\ndefault @other", "a"),
            ("default a\ndefault @SAVED", "@SAVED"),
            ("default a\ndefault", "a"),
            ("default a\nDefault b", "a"),
            ("default a b", "a b"),
            (&std::format!("default a\ndefault {long}"), "a"),
        ] {
            with_conf(file, |conf| {
                assert_eq!(conf.default(), Some(expected.as_bytes()), "{file}");
                assert_eq!(conf.preferred(), None);
            });
        }
    }
}
