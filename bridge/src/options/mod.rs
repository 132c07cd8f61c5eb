//! The options of the bridge: from the kernel's command line, from a file on the medium
//! that it came from, and from a file that was built in.
//!
//! | module | content |
//! |---|---|
//! | [`words`] | lines, words and switches |
//! | [`block`] | entries that are written down in a configuration |

pub mod block;
pub mod words;

use std::time::Duration;

use boot::menu::Timeout;

use block::Block;
use words::{lines, switch};

/// Where the file lies on the medium, and in the bridge itself.
pub const ON_MEDIUM: &str = "/gapboot/bridge.conf";
/// The file that `gapboot bridge build --option` makes.
pub const BUILT_IN: &str = "/etc/gapboot/bridge.conf";
/// What an error of the kernel's command line calls it.
const CMDLINE: &str = "the kernel's command line";

/// The options that there are.
pub const KEYS: [&str; 14] = [
    "timeout",
    "default",
    "device",
    "medium",
    "config",
    "grub-path",
    "module",
    "console",
    "debug",
    "unbind-xhci",
    "wait",
    "save",
    "text-mode",
    "grub-map",
];

/// The options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long the menu waits before it starts the default.
    pub timeout: Timeout,
    /// The id of the entry that starts when nobody chooses.
    pub default: Option<String>,
    /// The device whose menu has the default, or starts its own.
    pub device: Option<String>,
    /// The device with the file on it.
    pub medium: Option<String>,
    /// Configurations of other loaders, as `(sda1)/path`.
    pub configs: Vec<String>,
    /// Modules that are loaded at the start, with their parameters.
    pub modules: Vec<(String, String)>,
    /// Terminals besides those of the kernel's command line.
    pub consoles: Vec<String>,
    /// Messages about the bridge's own work go to tty3.
    pub debug: bool,
    /// USB 3's controllers are taken from their drivers before another kernel starts.
    pub unbind_xhci: bool,
    /// How long the bridge waits for devices, at most.
    pub wait: Duration,
    /// Attempts to start counted entries are counted: the one thing that is written.
    pub save: bool,
    /// Drivers that would change the mode of the screen are not loaded for devices.
    pub text_mode: bool,
    /// GRUB's numbers of disks, and devices on them.
    pub grub_maps: Vec<(u32, String)>,
    /// Entries that are written down here.
    pub entries: Vec<Block>,
    /// What is wrong, each with its file and line: sentences.
    pub errors: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Timeout::Seconds(5),
            default: None,
            device: None,
            medium: None,
            configs: Vec::new(),
            modules: Vec::new(),
            consoles: Vec::new(),
            debug: false,
            unbind_xhci: true,
            wait: Duration::from_secs(10),
            save: false,
            text_mode: true,
            grub_maps: Vec::new(),
            entries: Vec::new(),
            errors: Vec::new(),
        }
    }
}

/// Which text has the last word: the built-in file, then that of the medium, then the
/// kernel's command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a> {
    /// The built-in file.
    pub built_in: &'a str,
    /// The file on the medium, with what it is called.
    pub medium: Option<(&'a str, &'a str)>,
    /// The kernel's command line.
    pub cmdline: &'a str,
}

impl Options {
    /// The options of these texts.
    #[must_use]
    pub fn of(texts: &Texts) -> Self {
        let mut options = Self::default();
        options.read(BUILT_IN, texts.built_in);
        if let Some((name, text)) = texts.medium {
            options.read(name, text);
        }
        for (key, value) in words::of_cmdline(texts.cmdline) {
            if let Err(problem) = options.set(&key, &value) {
                options.errors.push(format!("{CMDLINE}: gapboot.{problem}"));
            }
        }
        options
    }

    /// Takes in a file.
    fn read(&mut self, file: &str, text: &str) {
        let mut block: Option<Block> = None;
        for line in lines(text) {
            let result = match (line.key.as_str(), &mut block) {
                ("entry", _) => {
                    self.entries.extend(block.take());
                    block = Some(Block::new(line.value));
                    Ok(())
                }
                // Without a word in front, as in older files.
                ("title", None) => {
                    block = Some(Block::new(line.value));
                    Ok(())
                }
                ("title", Some(before)) if before.is_begun() => {
                    self.entries.extend(block.take());
                    block = Some(Block::new(line.value));
                    Ok(())
                }
                (key, Some(block)) if Block::has(key, line.value) => block.set(key, line.value),
                (key, _) => self.set(key, line.value),
            };
            if let Err(problem) = result {
                self.errors
                    .push(format!("{file}, line {}: {problem}", line.number));
            }
        }
        self.entries.extend(block);
    }

    /// Takes in an option.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let needed = || match value {
            "" => Err(format!("{key} needs a value")),
            value => Ok(value.to_owned()),
        };
        let about = |problem: String| format!("{key}: {problem}");
        match key {
            "timeout" => self.timeout = timeout(value).map_err(about)?,
            "default" => self.default = Some(needed()?),
            "device" => self.device = Some(needed()?),
            "medium" => self.medium = Some(needed()?),
            "config" | "grub-path" => self.configs.push(needed()?),
            "module" | "kmod" => {
                let value = needed()?;
                let (name, parameters) = value
                    .split_once(char::is_whitespace)
                    .unwrap_or((value.as_str(), ""));
                self.modules
                    .push((name.to_owned(), parameters.trim().to_owned()));
            }
            "console" => self.consoles.push(needed()?),
            "debug" => self.debug = switch(value).map_err(about)?,
            "unbind-xhci" => self.unbind_xhci = switch(value).map_err(about)?,
            "save" => self.save = switch(value).map_err(about)?,
            "text-mode" => self.text_mode = switch(value).map_err(about)?,
            "grub-map" => self.grub_maps.push(grub_map(&needed()?).ok_or_else(|| {
                format!("grub-map needs GRUB's disk and a device, as hd1 sdb, not {value}")
            })?),
            "wait" => self.wait = Duration::from_secs(seconds(value).map_err(about)?.into()),
            key if Block::has(key, value) => {
                return Err(format!(
                    "{key} belongs into an entry: put a line entry above it"
                ));
            }
            key => return Err(format!("{key} is no option: see docs/bridge.md")),
        }
        Ok(())
    }
}

/// GRUB's disk, as `hd1` or `(hd1)`, and a device.
fn grub_map(value: &str) -> Option<(u32, String)> {
    let (disk, device) = value.split_once(char::is_whitespace)?;
    let number = disk.trim_matches(['(', ')']).strip_prefix("hd")?;
    Some((number.parse().ok()?, device.trim().to_owned()))
}

fn timeout(value: &str) -> Result<Timeout, String> {
    Ok(match value.to_ascii_lowercase().as_str() {
        "off" | "no" | "never" | "menu-force" => Timeout::Forced,
        value => Timeout::from_number(seconds(value)?.min(Timeout::LONGEST)),
    })
}

fn seconds(value: &str) -> Result<u32, String> {
    let number = value.parse();
    number.map_err(|_| format!("{value} is no number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_the_last_word() {
        let options = Options::of(&Texts {
            built_in: "timeout 9\ndefault a\nmodule e1000 debug=1\n",
            medium: Some(("sda1", "timeout=off\r\ndevice LABEL=x\r\n")),
            cmdline: "quiet gapboot.default=c \"gapboot.module=loop max_loop=3\" gapboot.debug",
        });
        assert_eq!(options.errors, Vec::<String>::new());
        assert_eq!(options.timeout, Timeout::Forced);
        assert_eq!(options.default.as_deref(), Some("c"));
        assert_eq!(options.device.as_deref(), Some("LABEL=x"));
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            options.modules,
            [pair("e1000", "debug=1"), pair("loop", "max_loop=3")]
        );
        assert!(options.debug);
        assert!(options.unbind_xhci);
    }

    #[test]
    fn all_options_are_known() {
        for key in KEYS {
            let mut options = Options::default();
            let value = match key {
                "debug" | "unbind-xhci" | "save" | "text-mode" => "off",
                "grub-map" => "(hd1) sdb",
                _ => "1",
            };
            assert_eq!(options.set(key, value), Ok(()), "{key}");
        }
    }

    #[test]
    fn errors_name_file_and_line() {
        let options = Options::of(&Texts {
            built_in: "\n# x\ntimeout soon\nfoo\ninitrd /x\ndefault\nwait x\n",
            medium: Some(("(sda1)/gapboot/bridge.conf", "entry\nkernel\nkernal /x\n")),
            cmdline: "gapboot.debug=maybe gapboot.x",
        });
        let expected = [
            "/etc/gapboot/bridge.conf, line 3: timeout: soon is no number of seconds",
            "/etc/gapboot/bridge.conf, line 4: foo is no option: see docs/bridge.md",
            "/etc/gapboot/bridge.conf, line 5: initrd belongs into an entry: put a line entry above it",
            "/etc/gapboot/bridge.conf, line 6: default needs a value",
            "/etc/gapboot/bridge.conf, line 7: wait: x is no number of seconds",
            "(sda1)/gapboot/bridge.conf, line 2: kernel needs a value",
            "(sda1)/gapboot/bridge.conf, line 3: kernal is no option: see docs/bridge.md",
            "the kernel's command line: gapboot.debug: maybe is neither on nor off",
            "the kernel's command line: gapboot.x is no option: see docs/bridge.md",
        ];
        assert_eq!(options.errors, expected);
    }

    #[test]
    fn entries() {
        let options = Options::of(&Texts {
            built_in: "timeout 3\nentry\ntitle One\nroot LABEL=r\nkernel /vmlinuz\n\
                initrd /a\ninitrd (sdb1)/b\ncmdline root=/dev/sda1\nappend quiet\n\
                entry Two\nkernel /xen.gz\nmodule /vmlinuz console=hvc0\ndefault\n\
                title Three\nkernel /k\ntimeout 4\n",
            ..Texts::default()
        });
        assert_eq!(options.errors, Vec::<String>::new());
        assert_eq!(options.timeout, Timeout::Seconds(4));
        let titles: Vec<_> = options
            .entries
            .iter()
            .map(|entry| entry.title.as_str())
            .collect();
        assert_eq!(titles, ["One", "Two", "Three"]);
        let one = &options.entries[0];
        assert_eq!(one.root.as_deref(), Some("LABEL=r"));
        assert_eq!(one.initrds, ["/a", "(sdb1)/b"]);
        assert_eq!(one.cmdline, "root=/dev/sda1 quiet");
        let two = &options.entries[1];
        assert!(two.is_default);
        assert_eq!(two.modules, ["/vmlinuz console=hvc0"]);
    }
}
