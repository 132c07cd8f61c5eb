//! `linux` and `initrd`, and what all commands share that load a file.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::grub::loaded::Loaded;
use crate::grub::machine::{Call, Machine, NO_FILE, Status, TRUE};
use crate::storage::Location;

/// `linux KERNEL words...`
pub(super) fn linux(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let [kernel, words @ ..] = call.arguments else {
        return machine.refuse("filename expected");
    };
    if machine.has_hex {
        machine.note("Fedora's GRUB takes `\\x` and two digits in a command line otherwise");
    }
    let loaded = machine.loadable(kernel).and_then(|kernel| {
        Ok(Loaded::Linux {
            kernel,
            cmdline: command_line(words)?,
            initrds: Vec::new(),
        })
    });
    machine.load(loaded)
}

/// `initrd FILES...`: a second one replaces the first.
pub(super) fn initrd(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    if call.arguments.is_empty() {
        return machine.refuse("filename expected");
    }
    let Loaded::Linux {
        kernel, cmdline, ..
    } = machine.state.loaded.clone()
    else {
        return machine.refuse("you need to load the kernel first");
    };
    let mut initrds = Vec::new();
    for file in call.arguments {
        if file.starts_with("newc:") {
            let why = alloc::format!("`{}` with {file} is not understood", call.name);
            return machine.load(Err(why));
        }
        match machine.loadable(file) {
            Ok(at) => initrds.push(at),
            Err(why) => return machine.load(Err(why)),
        }
    }
    machine.load(Ok(Loaded::Linux {
        kernel,
        cmdline,
        initrds,
    }))
}

impl Machine<'_> {
    /// A file to be booted. The reason if it is not there, or may be another one on the
    /// machine.
    pub(in crate::grub) fn loadable(&self, name: &str) -> Result<Location, String> {
        if name.contains('\u{fffd}') {
            return Err("the name of a file is not UTF-8".to_string());
        }
        let found = self.file(name);
        let doubt = match name.starts_with('(') {
            true => None,
            false => self.state.variables.doubtful("root"),
        };
        match (doubt, found) {
            (Some(doubt), _) => Err(alloc::format!(
                "{doubt}, so the device of {name} is not known"
            )),
            (None, found) => found,
        }
    }

    /// Takes what a command loaded, or the reason why it did not.
    pub(in crate::grub) fn load(&mut self, loaded: Result<Loaded, String>) -> Status {
        match loaded {
            Ok(loaded) => {
                self.state.loaded = loaded;
                TRUE
            }
            Err(why) => {
                self.state.loaded = Loaded::Other(why);
                NO_FILE
            }
        }
    }
}

/// Words as GRUB's `lib/cmdline.c` joins them: quotes around words with a space, a
/// backslash in front of quotes and backslashes.
pub(in crate::grub) fn command_line(words: &[String]) -> Result<String, String> {
    let mut line = String::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        let quote = word.contains(' ');
        line.extend(quote.then_some('"'));
        for c in word.chars() {
            if matches!(c, '\\' | '\'' | '"') {
                line.push('\\');
            }
            line.push(c);
        }
        line.extend(quote.then_some('"'));
    }
    match line.find(['\n', '\0', '\u{fffd}']) {
        None => Ok(line),
        Some(_) => Err("its command line has a newline, or is not UTF-8".to_string()),
    }
}
