//! A command to what it boots.

use alloc::format;

use super::com32::{self, Program};
use super::context::{Context, Outcome, nothing};
use super::tree::{Action, Command, Kind, Label};
use super::words::{number_of_any_base, split, split_here, without};
use crate::menu::{Boots, Chain};
use crate::reading::{Notes, Value, shown};

/// How many commands may run each other.
const DEPTH: u32 = 8;
impl Context<'_> {
    /// What happens when a label is chosen.
    pub(super) fn label(&self, label: &Label, notes: &mut Notes) -> Outcome {
        if label.disabled {
            return nothing("the menu shows it, but it cannot be chosen");
        }
        if label.locked {
            return nothing("a password protects it");
        }
        match &label.action {
            Action::Run(command) => self.command(command, notes),
            Action::Goto(tag) => nothing(format!("it goes to the menu {}", shown(tag))),
            Action::Exit(tag) if tag.is_empty() => nothing("it goes back to the menu before"),
            Action::Exit(tag) => nothing(format!("it goes back to the menu {}", shown(tag))),
            Action::Quit => nothing("it leaves the menu for the boot prompt"),
            Action::Help => nothing("it shows a text"),
        }
    }

    /// What happens when a person types this at the boot prompt.
    pub(super) fn typed(&self, text: &Value, notes: &mut Notes) -> Outcome {
        if self.depth >= DEPTH {
            return nothing("its commands run each other in a circle");
        }
        let inner = Self {
            depth: self.depth.saturating_add(1),
            ..*self
        };
        let (name, arguments) = split(&text.text);
        let id = self.config.names.find(name);
        let Some(label) = id.and_then(|id| self.tree.label(id)) else {
            return inner.implicit(text, notes);
        };
        match &label.action {
            Action::Run(command) if !label.locked && !label.disabled => {
                let mut command = command.clone();
                command.text.push(&text.part(arguments));
                inner.command(&command, notes)
            }
            _ => inner.label(label, notes),
        }
    }

    /// What happens when a person types what is no label: a file is started, whose
    /// extension `.c32` may be missing.
    fn implicit(&self, text: &Value, notes: &mut Notes) -> Outcome {
        let (name, arguments) = split(&text.text);
        let named = name.strip_prefix('.').and_then(Kind::by_name);
        let is_typed = named.is_some() || Kind::by_extension(name) != Kind::Linux;
        let is_file = |name: &str| self.file(name).is_ok_and(|at| at.is_file(self.storage));
        let program = format!("{name}.c32");
        let text = match name {
            name if is_typed || is_file(name) => text.clone(),
            _ if is_file(&program) => text.part(&format!("{program} {arguments}")),
            name => return nothing(format!("there is no label and no file {}", shown(name))),
        };
        let command = Command {
            kind: Kind::Kernel,
            text,
        };
        self.command(&command, notes)
    }

    /// What a command boots or opens.
    pub(super) fn command(&self, command: &Command, notes: &mut Notes) -> Outcome {
        if let Some(fault) = command.text.fault {
            return nothing(fault.reason());
        }
        let (kind, text) = self.kind(command.kind, &command.text.text);
        let (name, arguments) = split(text);
        if name.is_empty() {
            return nothing("it names nothing to boot");
        }
        match kind {
            Kind::Kernel | Kind::Linux => Outcome::Boots(self.linux(name, arguments, notes)),
            Kind::Com32 => match com32::run(self, name, arguments, notes) {
                Program::Ends(outcome) => outcome,
                Program::Runs(command) => self.typed(&Value::new(&command), notes),
            },
            Kind::Config => self.link(name, arguments),
            Kind::LocalBoot => Outcome::Boots(self.local_boot(name)),
            Kind::BootSector => match self.file(name) {
                Ok(file) => Outcome::Boots(Boots::Chain(Chain::File(file))),
                Err(reason) => nothing(reason),
            },
            // A version that ends so: vmlinuz-6.1.0.
            Kind::Pxe if !self.is_pxelinux() => {
                notes.add("SYSLINUX 5 and later take it for a program for the network (`.0`)");
                Outcome::Boots(self.linux(name, arguments, notes))
            }
            Kind::Pxe => nothing(format!("{} is a program for the network", shown(name))),
            Kind::FloppyImage => nothing("images of floppy disks are not started"),
            Kind::Comboot => nothing(format!("{} is a program of SYSLINUX 4", shown(name))),
        }
    }

    /// The kind of a command, and the command without it: that of its directive, that of
    /// a word as `.linux` in front of it, or that of the extension.
    fn kind<'b>(&self, mut kind: Kind, mut text: &'b str) -> (Kind, &'b str) {
        while kind == Kind::Kernel {
            let (name, rest) = split(text);
            match name.strip_prefix('.').and_then(Kind::by_name) {
                Some(named) => (kind, text) = (named, rest),
                None => kind = Kind::by_extension(name),
            }
        }
        (kind, text)
    }

    fn linux(&self, name: &str, arguments: &str, notes: &mut Notes) -> Boots {
        let (cmdline, words) = without(arguments, "initrd=");
        let first = arguments
            .split_once("initrd=")
            .map(|(_, value)| split_here(value));
        if words
            .last()
            .is_some_and(|last| Some(last.as_str()) != first)
        {
            notes.add(
                "`initrd=` stands there several times: SYSLINUX 5 and later take the first, as \
                 here, and versions before take the last",
            );
        }
        self.linux_with(name, cmdline, first.unwrap_or_default().split(','), notes)
    }

    /// `localboot`: a number of the BIOS, or -1 for what the firmware does next. Under
    /// PXELINUX it is always that.
    fn local_boot(&self, name: &str) -> Boots {
        let number = number_of_any_base(name);
        if number < 0 || number == 0xffff || self.is_pxelinux() {
            return Boots::Restart;
        }
        match number.checked_sub(0x80) {
            Some(disk) if (0..0x80).contains(&disk) => self.sector(&format!("hd{disk}")),
            _ => Boots::Nothing(format!("it boots from drive {} of the BIOS", shown(name))),
        }
    }
}
