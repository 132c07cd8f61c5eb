//! `/loader/loader.conf`: what the owner of the disk set.
//!
//! The keys are systemd-boot's (loader.conf(5)). Unknown keys are ignored, a bad
//! value leaves the setting as it was, and of two lines the last one counts.
//! Without a file everything is as in [`Conf::new`].

use crate::entries::line;
use crate::entries::text::Text;

/// How the menu appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Not at all, unless a key is pressed in the first moment.
    Hidden,
    /// Not at all.
    Disabled,
    /// Until a person chooses.
    Forced,
    /// For this many seconds, not 0.
    Seconds(u32),
}

/// The size of the screen's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleMode {
    /// As the firmware left it.
    Keep,
    /// Whatever suits.
    Auto,
    /// As much as goes.
    Max,
    /// By number: 0 is 80x25, 1 is 80x50.
    Number(u32),
}

/// Whether to restart the machine when an entry cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebootOnError {
    /// Never.
    No,
    /// Always.
    Yes,
    /// Where the entry is counted and has attempts left.
    Auto,
}

/// The settings.
pub struct Conf<'a> {
    /// `default` and `preferred`; what selects an entry.
    patterns: &'a mut [Text; 2],
    /// `timeout`.
    pub timeout: Timeout,
    /// `console-mode`.
    pub console_mode: ConsoleMode,
    /// `reboot-on-error`.
    pub reboot_on_error: RebootOnError,
    /// `log-level`: 0 (emerg) to 7 (debug).
    pub log_level: u8,
    /// `editor`: the command line may be changed.
    pub editor: bool,
    /// `auto-reboot`: the menu offers to restart.
    pub auto_reboot: bool,
    /// `auto-poweroff`: the menu offers to power off.
    pub auto_poweroff: bool,
    /// `beep`: once for the first entry, twice for the second...
    pub beep: bool,
}

impl<'a> Conf<'a> {
    /// The settings of a disk without a `loader.conf`. `patterns` is the
    /// caller's memory.
    pub fn new(patterns: &'a mut [Text; 2]) -> Self {
        patterns.iter_mut().for_each(Text::clear);
        Conf {
            patterns,
            timeout: Timeout::Hidden,
            console_mode: ConsoleMode::Keep,
            reboot_on_error: RebootOnError::Auto,
            log_level: 6,
            editor: true,
            auto_reboot: false,
            auto_poweroff: false,
            beep: false,
        }
    }

    /// `default`: a pattern for [`crate::glob::selects`], or `@saved`.
    pub fn default(&self) -> Option<&[u8]> {
        let [default, _] = &*self.patterns;
        default.get()
    }

    /// `preferred`: the same, but never selects a bad entry.
    pub fn preferred(&self) -> Option<&[u8]> {
        let [_, preferred] = &*self.patterns;
        preferred.get()
    }

    /// Takes in one line of the file.
    pub fn line(&mut self, line: &[u8]) {
        if let Some((key, value)) = line::split(line, line::BLANK) {
            self.set(key, line::unquote(value));
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let [default, preferred] = &mut *self.patterns;
        match key {
            b"timeout" => self.timeout = timeout(value)?,
            b"default" => pattern(default, value),
            b"preferred" => pattern(preferred, value),
            b"console-mode" => self.console_mode = console_mode(value)?,
            b"log-level" => {
                self.log_level = word(b"emerg alert crit err warning notice info debug", value)?;
            }
            b"reboot-on-error" => {
                self.reboot_on_error = match (value, boolean(value)) {
                    (b"auto", _) => RebootOnError::Auto,
                    (_, Some(true)) => RebootOnError::Yes,
                    (_, Some(false)) => RebootOnError::No,
                    _ => return None,
                };
            }
            b"editor" => self.editor = boolean(value)?,
            b"auto-reboot" => self.auto_reboot = boolean(value)?,
            b"auto-poweroff" => self.auto_poweroff = boolean(value)?,
            b"beep" => self.beep = boolean(value)?,
            _ => {}
        }
        Some(())
    }
}

fn timeout(value: &[u8]) -> Option<Timeout> {
    Some(match value {
        b"menu-force" => Timeout::Forced,
        b"menu-hidden" => Timeout::Hidden,
        b"menu-disabled" => Timeout::Disabled,
        _ => match line::number(value)? {
            // In systemd-boot the last numbers mean the words.
            u32::MAX => Timeout::Forced,
            0 | 0xffff_fffe => Timeout::Hidden,
            seconds => Timeout::Seconds(seconds),
        },
    })
}

fn console_mode(value: &[u8]) -> Option<ConsoleMode> {
    Some(match value {
        b"keep" => ConsoleMode::Keep,
        b"auto" => ConsoleMode::Auto,
        b"max" => ConsoleMode::Max,
        _ => ConsoleMode::Number(line::number(value)?),
    })
}

/// Keeps a pattern. `@` is for words with a meaning of their own, of which
/// there is one.
fn pattern(text: &mut Text, value: &[u8]) {
    let unknown = value.first() == Some(&b'@') && !value.eq_ignore_ascii_case(b"@saved");
    if !unknown && value.len() <= Text::MAX {
        text.set(&[value]);
    }
}

fn boolean(value: &[u8]) -> Option<bool> {
    Some(word(b"1 yes y true t on 0 no n false f off", value)? < 6)
}

/// Which of `words`, with single spaces between them, `value` is; from 0 on.
fn word(words: &[u8], value: &[u8]) -> Option<u8> {
    let index = words
        .split(|&byte| byte == b' ')
        .position(|word| word == value)?;
    u8::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_conf(file: &str, then: impl FnOnce(Conf)) {
        let mut patterns = [const { Text::UNSET }; 2];
        let mut conf = Conf::new(&mut patterns);
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
            assert_eq!(conf.reboot_on_error, RebootOnError::Auto);
            assert_eq!(conf.log_level, 6);
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
            assert_eq!(conf.log_level, 7);
            assert_eq!(conf.reboot_on_error, RebootOnError::Yes);
        });
    }

    /// Values, each set after `timeout 7`; a bad one leaves the 7.
    #[test]
    fn timeouts() {
        for (value, expected) in [
            ("1", Timeout::Seconds(1)),
            ("007", Timeout::Seconds(7)),
            ("4294967293", Timeout::Seconds(4294967293)),
            ("0", Timeout::Hidden),
            ("4294967295", Timeout::Forced),
            ("menu-force", Timeout::Forced),
            ("menu-hidden", Timeout::Hidden),
            ("'menu-disabled'", Timeout::Disabled),
            ("4294967296", Timeout::Seconds(7)),
            ("-1", Timeout::Seconds(7)),
            ("5s", Timeout::Seconds(7)),
            ("Menu-Force", Timeout::Seconds(7)),
            ("", Timeout::Seconds(7)),
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
    fn words() {
        let levels = [
            "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
        ];
        for (level, name) in levels.iter().enumerate() {
            with_conf(&std::format!("log-level {name}"), |conf| {
                assert_eq!(usize::from(conf.log_level), level)
            });
        }
        for (value, expected) in [
            ("0", ConsoleMode::Number(0)),
            ("1", ConsoleMode::Number(1)),
            ("keep", ConsoleMode::Keep),
            ("auto", ConsoleMode::Auto),
            ("min", ConsoleMode::Max),
        ] {
            with_conf(
                &std::format!("log-level 3\nlog-level\"\"\nconsole-mode max\nconsole-mode {value}"),
                |conf| {
                    assert_eq!(conf.console_mode, expected);
                    assert_eq!(conf.log_level, 6);
                },
            );
        }
        for (value, expected) in [
            ("auto", RebootOnError::Auto),
            ("no", RebootOnError::No),
            ("off", RebootOnError::No),
            ("1", RebootOnError::Yes),
            ("maybe", RebootOnError::Auto),
        ] {
            with_conf(&std::format!("reboot-on-error {value}"), |conf| {
                assert_eq!(conf.reboot_on_error, expected)
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
