//! The commands of a title to what they boot.
//!
//! They run one after another, and the last of `kernel`, `chainloader` and the like
//! decides.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::config::{Command, Title};
use super::devices::{Devices, Root};
use super::lines::split;
use crate::menu::{Boots, Chain, Module};
use crate::reading::{Notes, Value, shown};
use crate::search;
use crate::storage::{Device, Location, Storage};

/// What becomes of a title.
pub(super) enum Outcome {
    Boots(Boots),
    /// It opens another file, with this device as its root.
    Link(Location, Device),
}

/// Commands that say nothing of what is booted.
const IGNORED: &[&str] = &[
    "pause",
    "quiet",
    "color",
    "foreground",
    "background",
    "splashimage",
    "gfxmenu",
    "serial",
    "terminal",
    "terminfo",
    "debug",
    "clear",
    "cat",
    "cmp",
    "displaymem",
    "displayapm",
    "fallback",
    "default",
    "timeout",
    "hiddenmenu",
    "help",
    "blocklist",
    "testload",
    "vbeprobe",
    "read",
    "setkey",
    "viewport",
    "shade",
    "pager",
    "echo",
    "graphicsmode",
    "geometry",
];
/// Commands that change a disk, or what the BIOS says of the disks. They are left out,
/// and what follows them may count on them.
const CHANGES: &[&str] = &[
    "makeactive",
    "map",
    "hide",
    "unhide",
    "parttype",
    "partnew",
    "uppermem",
    "ioprobe",
];
/// Commands that write a boot loader.
const INSTALLS: &[&str] = &["setup", "install", "embed", "impsprobe", "dd"];

/// Runs the commands of a title.
pub(super) struct Body<'a, 'b> {
    devices: Devices<'a>,
    notes: &'b mut Notes,
    root: Root,
    target: Target,
    modules: Vec<Result<Module, String>>,
    initrd: Option<Result<Location, String>>,
    /// A reason that counts whatever the commands say.
    refusal: Option<String>,
}

/// What the last command boots.
enum Target {
    None,
    Kernel {
        file: Result<Location, String>,
        cmdline: String,
        is_multiboot: bool,
    },
    Boots(Boots),
    Link(Result<(Location, Device), String>),
}

/// What a title boots. `password`: whether `lock` protects it.
pub(super) fn outcome(
    devices: Devices,
    root: Device,
    password: bool,
    title: &Title,
    notes: &mut Notes,
) -> Outcome {
    let mut body = Body {
        devices,
        notes,
        root: Root::Device(root),
        target: Target::None,
        modules: Vec::new(),
        initrd: None,
        refusal: None,
    };
    for command in &title.commands {
        if command.name == "boot" {
            break;
        }
        body.run(command, password);
    }
    body.end()
}

impl Body<'_, '_> {
    fn run(&mut self, command: &Command, password: bool) {
        let arguments = &command.arguments.text;
        match command.name.as_str() {
            "root" | "rootnoverify" => self.root = self.devices.root(split(arguments).0),
            "uuid" => self.root_by("UUID", arguments, search::by_uuid),
            "find" => {
                if let Some(path) = arguments.strip_prefix("--set-root") {
                    self.root_by("file", path, search::by_file);
                }
            }
            "kernel" => self.kernel(&command.arguments),
            "initrd" => self.initrd(&command.arguments),
            "module" | "modulenounzip" => self.module(&command.arguments),
            "chainloader" => self.chainloader(&command.arguments),
            "configfile" => self.configfile(&command.arguments),
            "lock" if !password => {}
            "lock" | "password" => self.refusal = Some("a password protects it".into()),
            "halt" => self.target = Target::Boots(Boots::PowerOff),
            "reboot" => self.target = Target::Boots(Boots::Restart),
            "quit" => self.target = nothing("it goes back to DOS"),
            "savedefault" => self
                .notes
                .add("GRUB would make it the default of the next start: nothing is written here"),
            name if IGNORED.contains(&name) => {}
            name if INSTALLS.contains(&name) => {
                self.refusal = Some(format!("it writes a boot loader to a disk (`{name}`)"));
            }
            name if CHANGES.contains(&name) => {
                let arguments = shown(arguments);
                self.notes
                    .add(format!("`{name} {arguments}` is left out").replace(" `", "`"));
            }
            name => {
                let name = shown(name);
                self.notes
                    .add(format!("`{name}` is no command of GRUB Legacy"));
            }
        }
    }

    fn root_by(
        &mut self,
        what: &str,
        text: &str,
        find: impl Fn(&dyn Storage, &str) -> Option<Device>,
    ) {
        let (text, _) = split(text);
        self.root = match find(self.devices.storage, text) {
            Some(device) => Root::Device(device),
            None => Root::Unknown(format!(
                "there is no device with the {what} {}",
                shown(text)
            )),
        };
    }

    fn file(&mut self, text: &Value) -> Result<Location, String> {
        match text.fault {
            Some(fault) => Err(fault.reason().to_string()),
            None => self
                .devices
                .file(&self.root, split(&text.text).0, self.notes),
        }
    }

    /// `kernel [--type=TYPE] [--no-mem-option] FILE arguments`
    fn kernel(&mut self, arguments: &Value) {
        let mut rest = arguments.text.as_str();
        let mut is_multiboot = false;
        while let (option, after) = split(rest)
            && option.starts_with("--")
        {
            match option.strip_prefix("--type=") {
                Some("multiboot") => is_multiboot = true,
                Some("linux" | "biglinux") => {}
                Some(other) => {
                    let other = shown(other);
                    self.refusal = Some(format!("it is a kernel of the type {other}"));
                }
                None => {}
            }
            rest = after;
        }
        let (_, cmdline) = split(rest);
        if cmdline
            .split([' ', '\t'])
            .any(|word| word.starts_with("vga="))
        {
            self.notes
                .add("`vga=` does nothing by kexec: the screen stays as it is");
        }
        self.target = Target::Kernel {
            file: self.file(&arguments.part(rest)),
            cmdline: cmdline.to_string(),
            is_multiboot,
        };
        self.modules.clear();
        self.initrd = None;
    }

    fn initrd(&mut self, arguments: &Value) {
        let (_, more) = split(&arguments.text);
        if !more.is_empty() {
            self.notes.add("GRUB loads only the first file of `initrd`");
        }
        self.initrd = Some(self.file(arguments));
    }

    fn module(&mut self, arguments: &Value) {
        let (_, cmdline) = split(&arguments.text);
        let file = self.file(arguments);
        self.modules.push(file.map(|file| Module {
            file,
            cmdline: cmdline.to_string(),
        }));
    }

    /// `chainloader [--force] FILE`, `+1` or `(hd0,0)+1`, which is the first sector.
    fn chainloader(&mut self, arguments: &Value) {
        let (first, rest) = split(&arguments.text);
        let name = match first {
            "--force" => split(rest).0,
            name => name,
        };
        let boots = match name.strip_suffix("+1") {
            Some("") => self.sector(&self.root),
            Some(device) if device.ends_with(')') => self.sector(&self.devices.root(device)),
            _ => match self.file(&arguments.part(name)) {
                Ok(file) => Boots::Chain(Chain::File(file)),
                Err(reason) => Boots::Nothing(reason),
            },
        };
        self.target = Target::Boots(boots);
    }

    fn sector(&self, root: &Root) -> Boots {
        match self.devices.device(root) {
            Ok(device) => Boots::Chain(Chain::Sector(device)),
            Err(reason) => Boots::Nothing(reason),
        }
    }

    fn configfile(&mut self, arguments: &Value) {
        let file = self.file(arguments);
        self.target = Target::Link(file.map(|file| {
            let device = self.devices.device(&self.root).unwrap_or(file.device);
            (file, device)
        }));
    }

    /// What is booted after the last command.
    fn end(self) -> Outcome {
        if let Some(reason) = self.refusal {
            return Outcome::Boots(Boots::Nothing(reason));
        }
        let boots = match self.target {
            Target::None => Err("it has no command that boots".into()),
            Target::Boots(boots) => Ok(boots),
            Target::Link(Ok((file, device))) => return Outcome::Link(file, device),
            Target::Link(Err(reason)) => Err(reason),
            Target::Kernel {
                file,
                cmdline,
                is_multiboot,
            } => match is_multiboot || !self.modules.is_empty() {
                true => multiboot(file, cmdline, self.modules),
                false => linux(file, cmdline, self.initrd),
            },
        };
        Outcome::Boots(boots.unwrap_or_else(Boots::Nothing))
    }
}

fn linux(
    kernel: Result<Location, String>,
    cmdline: String,
    initrd: Option<Result<Location, String>>,
) -> Result<Boots, String> {
    Ok(Boots::Linux {
        kernel: kernel?,
        initrds: initrd.into_iter().collect::<Result<_, _>>()?,
        cmdline,
    })
}

fn multiboot(
    kernel: Result<Location, String>,
    cmdline: String,
    modules: Vec<Result<Module, String>>,
) -> Result<Boots, String> {
    Ok(Boots::Multiboot {
        version: 1,
        kernel: kernel?,
        cmdline,
        modules: modules.into_iter().collect::<Result<_, _>>()?,
    })
}

fn nothing(reason: &str) -> Target {
    Target::Boots(Boots::Nothing(reason.into()))
}
