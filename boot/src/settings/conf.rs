//! `/loader/loader.conf`: what the owner of the disk set.
//!
//! The keys are systemd-boot's (loader.conf(5)). Unknown keys are ignored, a bad
//! value leaves the setting as it was, and of two lines the last one counts.
//! Without a file everything is as in [`Conf::without_file`].

use crate::entries::line;
use crate::text::Text;

/// `timeout`: how many seconds the menu waits for a person, if it is none of
/// these. The values are those of systemd-boot.
pub mod timeout {
    /// There is no menu, unless a key is pressed in the first moment.
    pub const HIDDEN: u32 = 0;
    /// There is no menu.
    pub const DISABLED: u32 = u32::MAX - 1;
    /// The menu waits for ever.
    pub const FORCED: u32 = u32::MAX;
}

/// `console-mode`: the size of the screen's text. Numbers but these are the
/// firmware's: 0 is 80x25, 1 is 80x50.
pub mod console_mode {
    /// As the firmware left it.
    pub const KEEP: u32 = u32::MAX - 2;
    /// Whatever suits.
    pub const AUTO: u32 = u32::MAX - 1;
    /// As much as goes.
    pub const MAX: u32 = u32::MAX;
}

/// `reboot-on-error`: what happens when an entry cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// `auto`: the machine restarts if the attempt was counted and was not one of
    /// an entry without any left.
    Auto,
    /// The machine restarts.
    Reboot,
    /// The menu comes back.
    Menu,
}

/// The settings.
pub struct Conf {
    /// `default` and `preferred`; what selects an entry.
    patterns: [Text; 2],
    /// `timeout`: a constant of [`timeout`], or seconds.
    pub timeout: u32,
    /// `console-mode`: a constant of [`console_mode`], or a number.
    console_mode: u32,
    /// `log-level`: whether a person wants to be told of files that are left out.
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

impl Conf {
    /// Room for settings, of no meaning yet: nothing but zeros, as all of the
    /// [workspace](crate::Workspace) has to be.
    pub(crate) const UNREAD: Self = Self {
        patterns: [const { Text::UNSET }; 2],
        timeout: 0,
        console_mode: 0,
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

    /// Becomes what [`Conf::without_file`] gives.
    pub(crate) fn reset(&mut self) {
        self.patterns.iter_mut().for_each(Text::clear);
        self.timeout = timeout::HIDDEN;
        self.console_mode = console_mode::KEEP;
        self.warns = true;
        self.on_error = OnError::Auto;
        self.editor = true;
        self.auto_reboot = false;
        self.auto_poweroff = false;
        self.beep = false;
    }

    /// `default`: a pattern for [`crate::entries::glob::selects`], or `@saved`.
    pub fn default(&self) -> Option<&[u8]> {
        let [default, _] = &self.patterns;
        default.get()
    }

    /// `preferred`: the same, but never selects a bad entry.
    pub fn preferred(&self) -> Option<&[u8]> {
        let [_, preferred] = &self.patterns;
        preferred.get()
    }

    /// `console-mode`: how many lines the menu's screen is to have, of the two
    /// numbers that a BIOS offers. None: as many as it has.
    pub fn lines(&self) -> Option<u8> {
        match self.console_mode {
            0 => Some(25),
            1 | console_mode::MAX => Some(50),
            _ => None,
        }
    }

    /// Takes in one line of the file.
    pub fn line(&mut self, line: &[u8]) {
        if let Some((key, value)) = line::split(line, line::BLANK) {
            self.set(key, line::unquote(value));
        }
    }

    /// None for an unknown key or a bad value.
    fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let boolean = line::word(BOOLEANS, value).map(|index| index < TRUE_WORDS);
        // The numbers are indexes of KEYS.
        let flag = match line::word(KEYS, key)? {
            0 => {
                self.timeout = word_or_number(TIMEOUTS, timeout::DISABLED, value)?;
                return None;
            }
            1 => {
                self.console_mode = word_or_number(CONSOLE_MODES, console_mode::KEEP, value)?;
                return None;
            }
            2 => {
                self.warns = line::word(LOG_LEVELS, value)? >= WARNING;
                return None;
            }
            3 => {
                self.on_error = match boolean {
                    _ if value == b"auto" => OnError::Auto,
                    Some(true) => OnError::Reboot,
                    Some(false) => OnError::Menu,
                    None => return None,
                };
                return None;
            }
            4 => &mut self.editor,
            5 => &mut self.auto_reboot,
            6 => &mut self.auto_poweroff,
            7 => &mut self.beep,
            other => {
                // `@` is for words with a meaning of their own; there is one.
                let known = value.first() != Some(&b'@') || value.eq_ignore_ascii_case(b"@saved");
                if known && value.len() <= Text::MAX {
                    self.patterns.get_mut(other.checked_sub(8)?)?.set(&[value]);
                }
                return None;
            }
        };
        *flag = boolean?;
        Some(())
    }
}

const KEYS: &[u8] = b"timeout\0console-mode\0log-level\0reboot-on-error\0\
    editor\0auto-reboot\0auto-poweroff\0beep\0default\0preferred\0";
/// From [`timeout::DISABLED`] on.
const TIMEOUTS: &[u8] = b"menu-disabled\0menu-force\0menu-hidden\0";
/// From [`console_mode::KEEP`] on.
const CONSOLE_MODES: &[u8] = b"keep\0auto\0max\0";
const LOG_LEVELS: &[u8] = b"emerg\0alert\0crit\0err\0warning\0notice\0info\0debug\0";
/// The index of `warning` among them.
const WARNING: usize = 4;
const BOOLEANS: &[u8] = b"1\0yes\0y\0true\0t\0on\x000\0no\0n\0false\0f\0off\0";
/// How many of `BOOLEANS` mean yes; they come first.
const TRUE_WORDS: usize = 6;

/// The value of a setting that is a number, or one of `words`, which stand for
/// the numbers from `first` on, beyond the largest with 0.
fn word_or_number(words: &[u8], first: u32, value: &[u8]) -> Option<u32> {
    match line::word(words, value) {
        Some(index) => Some(first.wrapping_add(u32::try_from(index).ok()?)),
        None => line::number(value),
    }
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
            assert_eq!(conf.timeout, timeout::HIDDEN);
            assert_eq!((conf.default(), conf.preferred()), (None, None));
            assert_eq!(conf.console_mode, console_mode::KEEP);
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
            assert_eq!(conf.timeout, 5);
            assert_eq!(conf.default(), Some(&b"debian-*"[..]));
            assert_eq!(conf.preferred(), Some(&b"@saved"[..]));
            assert_eq!(conf.console_mode, console_mode::MAX);
            assert!(!conf.editor && conf.auto_reboot && conf.auto_poweroff && conf.beep);
            assert!(conf.warns);
            assert_eq!(conf.on_error, OnError::Reboot);
        });
    }

    /// Values, each set after `timeout 7`; a bad one leaves the 7.
    #[test]
    fn timeouts() {
        for (value, expected) in [
            ("1", 1),
            ("007", 7),
            ("4294967293", 4294967293),
            ("0", timeout::HIDDEN),
            ("4294967295", timeout::FORCED),
            ("menu-force", timeout::FORCED),
            ("menu-hidden", timeout::HIDDEN),
            ("'menu-disabled'", timeout::DISABLED),
            ("4294967296", 7),
            ("-1", 7),
            ("5s", 7),
            ("Menu-Force", 7),
            ("", 7),
        ] {
            with_conf(&std::format!("timeout 7\ntimeout {value}"), |conf| {
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
            ("0", 0),
            ("1", 1),
            ("keep", console_mode::KEEP),
            ("auto", console_mode::AUTO),
            ("min", console_mode::MAX),
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
