//! Loads modules, each with what it needs, each once.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::File;
use std::io;

use rustix::io::Errno;
use rustix::system::finit_module;

use super::index::{Index, Module};

/// How deep modules may need modules.
const DEPTH: u32 = 16;
/// The file is compressed, and the kernel unpacks it: `MODULE_INIT_COMPRESSED_FILE` of
/// Linux's `module.h`.
const COMPRESSED: i32 = 4;

/// Where the drivers of screens lie, below the directory of the modules.
const SCREEN: [&str; 2] = ["kernel/drivers/gpu", "kernel/drivers/video"];

/// Loads modules of an index.
pub struct Loader<'a> {
    index: &'a Index,
    /// Those that were tried.
    tried: BTreeSet<String>,
    /// By what a file is given to the kernel.
    insert: &'a dyn Fn(&File, &str, bool) -> Result<(), Errno>,
}

/// Gives a module's file to the kernel.
///
/// # Errors
///
/// As the kernel says.
pub fn insert(file: &File, parameters: &str, is_compressed: bool) -> Result<(), Errno> {
    let parameters = CString::new(parameters).map_err(|_| Errno::INVAL)?;
    let flags = if is_compressed { COMPRESSED } else { 0 };
    finit_module(file, &parameters, flags)
}

impl<'a> Loader<'a> {
    /// A loader of these modules. `insert` gives a file to the kernel: [`insert`].
    #[must_use]
    pub fn new(
        index: &'a Index,
        insert: &'a dyn Fn(&File, &str, bool) -> Result<(), Errno>,
    ) -> Self {
        Self {
            index,
            tried: BTreeSet::new(),
            insert,
        }
    }

    /// Loads all modules that an alias stands for: of a device, of a file system, or a
    /// name. Gives the number of those that were not tried before.
    ///
    /// # Errors
    ///
    /// Of the modules that could not be loaded, the last one, with the reason. The others
    /// are loaded.
    pub fn load(&mut self, alias: &str, parameters: &str) -> (usize, io::Result<()>) {
        let before = self.tried.len();
        let mut result = Ok(());
        for name in self.index.resolve(alias) {
            if let Err(error) = self.one(name, parameters, DEPTH) {
                result = Err(error);
            }
        }
        (self.tried.len().saturating_sub(before), result)
    }

    /// Whether an alias stands for a driver of a screen.
    #[must_use]
    pub fn is_of_screen(&self, alias: &str) -> bool {
        let names = self.index.resolve(alias).into_iter();
        let mut modules = names.filter_map(|name| self.index.module(name));
        modules.any(|module| SCREEN.iter().any(|place| module.file.starts_with(place)))
    }

    fn one(&mut self, name: &str, parameters: &str, depth: u32) -> io::Result<()> {
        let Some(module) = self.index.module(name) else {
            return Ok(());
        };
        if depth == 0 || !self.tried.insert(name.to_owned()) {
            return Ok(());
        }
        let below = depth.saturating_sub(1);
        for wanted in &module.before {
            self.soft(wanted, below);
        }
        for needed in &module.needs {
            self.one(needed, "", below)?;
        }
        self.insert(name, module, parameters)?;
        for wanted in &module.after {
            self.soft(wanted, below);
        }
        Ok(())
    }

    /// Loads what should be there but need not.
    fn soft(&mut self, alias: &str, depth: u32) {
        for name in self.index.resolve(alias) {
            // Whoever cannot do without it says so itself.
            let _ = self.one(name, "", depth);
        }
    }

    fn insert(&self, name: &str, module: &Module, parameters: &str) -> io::Result<()> {
        let path = self.index.path(module);
        let is_compressed = path.extension().is_some_and(|end| end != "ko");
        let fail = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
        let file = File::open(&path).map_err(fail)?;
        match (self.insert)(&file, parameters, is_compressed) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(fail(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::fs;
    use std::io::Read;

    /// Loads an alias, and gives what reached the kernel. The kernel refuses what is
    /// called `bad`.
    fn loaded(lists: &[(&str, &str)], aliases: &[&str]) -> (Vec<String>, Vec<usize>) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in lists {
            fs::write(directory.path().join(name), text).unwrap();
        }
        for name in ["a", "b", "c", "d", "bad"] {
            fs::write(directory.path().join(format!("{name}.ko")), name).unwrap();
        }
        fs::write(directory.path().join("z.ko.xz"), "z").unwrap();
        let index = Index::read(directory.path()).unwrap();
        let seen = RefCell::new(Vec::new());
        let insert = |mut file: &File, parameters: &str, is_compressed| {
            let mut name = String::new();
            file.read_to_string(&mut name).unwrap();
            seen.borrow_mut().push(format!(
                "{name}{parameters}{}",
                if is_compressed { "*" } else { "" }
            ));
            match name.as_str() {
                "bad" => Err(Errno::NODEV),
                "d" => Err(Errno::EXIST),
                _ => Ok(()),
            }
        };
        let mut loader = Loader::new(&index, &insert);
        let counts = aliases.iter().map(|alias| loader.load(alias, " x=1").0);
        let counts = counts.collect();
        (seen.into_inner(), counts)
    }

    #[test]
    fn what_it_needs_comes_first_and_once() {
        let lists = [
            (
                "modules.dep",
                "a.ko: c.ko b.ko\nb.ko:\nc.ko: b.ko\nd.ko:\nz.ko.xz:\n",
            ),
            ("modules.softdep", "softdep a pre: crypto-d gone post: z\n"),
            ("modules.alias", "alias dev:* a\nalias crypto-d d\n"),
        ];
        let (seen, counts) = loaded(&lists, &["dev:1", "dev:2", "none"]);
        assert_eq!(seen, ["d", "b", "c", "a x=1", "z*"]);
        assert_eq!(counts, [5, 0, 0]);
    }

    #[test]
    fn one_that_fails_costs_those_that_need_it_alone() {
        let lists = [
            ("modules.dep", "a.ko: bad.ko\nbad.ko:\nc.ko:\n"),
            ("modules.alias", "alias dev:* a\nalias dev:* c\n"),
        ];
        let (seen, _) = loaded(&lists, &["dev:1"]);
        assert_eq!(seen, ["bad", "c x=1"]);
    }

    #[test]
    fn drivers_of_screens() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write(
            "modules.dep",
            "kernel/drivers/gpu/drm/x.ko.xz:\nkernel/fs/y.ko:\n",
        );
        write("modules.alias", "alias pci:1 x\nalias pci:2 y\n");
        let index = Index::read(directory.path()).unwrap();
        let loader = Loader::new(&index, &insert);
        let found = ["pci:1", "pci:2", "pci:3"].map(|alias| loader.is_of_screen(alias));
        assert_eq!(found, [true, false, false]);
    }

    #[test]
    fn circles_end() {
        let lists = [
            ("modules.dep", "a.ko:\nb.ko:\n"),
            ("modules.softdep", "softdep a pre: b\nsoftdep b pre: a\n"),
        ];
        assert_eq!(loaded(&lists, &["a"]).0, ["b", "a x=1"]);
    }
}
