//! A label half read.

use alloc::format;
use alloc::string::{String, ToString};

use super::tree::{Action, Command, Kind, Label};
use super::words::split;
use crate::reading::{Notes, Value};
use crate::storage::Location;

/// What the lines of a label said so far.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) title: Option<String>,
    file: Location,
    line: u32,
    pub(super) kind: Kind,
    pub(super) kernel: Value,
    pub(super) append: Option<Value>,
    pub(super) initrd: Option<Value>,
    pub(super) sysappend: i64,
    pub(super) action: Option<Action>,
    pub(super) hidden: bool,
    pub(super) default: bool,
    pub(super) disabled: bool,
    pub(super) locked: bool,
    pub(super) notes: Notes,
}

impl Draft {
    /// A label in a file, which begins on this line. `rest` is what follows the keyword.
    pub(super) fn new(rest: &Value, file: Location, line: u32, sysappend: i64) -> Self {
        let (name, _) = split(&rest.text);
        Self {
            name: name.to_string(),
            title: (name != rest.text).then(|| rest.text.clone()),
            file,
            line,
            kind: Kind::Kernel,
            kernel: rest.part(name),
            append: None,
            initrd: None,
            sysappend,
            action: None,
            hidden: false,
            default: false,
            disabled: false,
            locked: false,
            notes: Notes::default(),
        }
    }

    /// What it says, with the `append` of the configuration.
    pub(super) fn label(self, append: &Value) -> Label {
        let mut notes = self.notes;
        let append = self.append.unwrap_or_else(|| append.clone());
        let mut text = self.kernel;
        if append.text != "-" {
            text.push(&append);
        }
        if let Some(initrd) = self.initrd {
            text.push(&initrd.part(&format!("initrd={}", initrd.text)));
        }
        if self.sysappend != 0 {
            notes.add(format!(
                "SYSLINUX would add what it knows of the network and the machine (SYSAPPEND {})",
                self.sysappend
            ));
        }
        let title = self.title.unwrap_or_else(|| self.name.clone());
        let command = Command {
            kind: self.kind,
            text,
        };
        Label {
            name: self.name,
            title: title.replace('^', ""),
            file: self.file,
            line: self.line,
            action: self.action.unwrap_or(Action::Run(command)),
            hidden: self.hidden,
            disabled: self.disabled,
            locked: self.locked,
            notes,
            link: None,
        }
    }
}
