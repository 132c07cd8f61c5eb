//! Entries that are written down in a configuration.

use menus::menu::{Boots, Module};
use menus::storage::Location;

use crate::places::Places;

/// An entry: its files are named by their paths, after the device in parentheses or on the
/// entry's root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The text in the menu.
    pub title: String,
    /// The device of the files that name none.
    pub root: Option<String>,
    /// The kernel.
    pub kernel: Option<String>,
    /// The initrds, in their order.
    pub initrds: Vec<String>,
    /// The command line.
    pub cmdline: String,
    /// Modules, each with its arguments: the kernel is one of Multiboot.
    pub modules: Vec<String>,
    /// It starts when nobody chooses.
    pub is_default: bool,
}

impl Block {
    /// An entry with nothing but a title.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            ..Self::default()
        }
    }

    /// Whether there is more of it than a line `entry` with no title.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        !self.title.is_empty() || self.kernel.is_some()
    }

    /// Whether a line belongs to an entry.
    #[must_use]
    pub fn has(key: &str, value: &str) -> bool {
        match key {
            "title" | "root" | "kernel" | "initrd" | "cmdline" | "append" => true,
            // A module of the kernel has no path.
            "module" => value.starts_with(['/', '(']),
            "default" => value.is_empty(),
            _ => false,
        }
    }

    /// Takes in a line.
    ///
    /// # Errors
    /// It has no value: a clause.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let is_empty = value.is_empty() && !matches!(key, "cmdline" | "append" | "default");
        if is_empty {
            return Err(format!("{key} needs a value"));
        }
        match key {
            "title" => value.clone_into(&mut self.title),
            "root" => self.root = Some(value.to_owned()),
            "kernel" => self.kernel = Some(value.to_owned()),
            "initrd" => self.initrds.push(value.to_owned()),
            "cmdline" => value.clone_into(&mut self.cmdline),
            "append" if self.cmdline.is_empty() => value.clone_into(&mut self.cmdline),
            "append" => {
                self.cmdline.push(' ');
                self.cmdline.push_str(value);
            }
            "module" => self.modules.push(value.to_owned()),
            _ => self.is_default = true,
        }
        Ok(())
    }

    /// The files that it starts.
    ///
    /// # Errors
    /// It names no kernel, or a device is not there: a sentence.
    pub fn boots(&self, places: &Places) -> Result<Boots, String> {
        let at = |path: &str| places.file(path, self.root.as_deref());
        let kernel = self.kernel.as_ref();
        let kernel = kernel.ok_or_else(|| format!("{} names no kernel", self.title))?;
        let kernel = at(kernel)?;
        if self.modules.is_empty() {
            let initrds = self.initrds.iter().map(|path| at(path));
            return Ok(Boots::Linux {
                kernel,
                initrds: initrds.collect::<Result<Vec<Location>, _>>()?,
                cmdline: self.cmdline.clone(),
            });
        }
        let modules = self.modules.iter().map(|module| {
            let (path, cmdline) = module
                .split_once(char::is_whitespace)
                .unwrap_or((module, ""));
            Ok(Module {
                file: at(path)?,
                cmdline: cmdline.trim().to_owned(),
            })
        });
        Ok(Boots::Multiboot {
            version: 1,
            kernel,
            cmdline: self.cmdline.clone(),
            modules: modules.collect::<Result<_, String>>()?,
        })
    }
}
