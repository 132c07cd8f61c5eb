//! The lists that depmod makes (`modules.dep`, `modules.softdep`, `modules.alias`), as
//! the bridge's archive has them. See depmod(8) and modprobe.d(5).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::Pattern;

/// The modules of a directory.
#[derive(Default)]
pub struct Index {
    directory: PathBuf,
    modules: BTreeMap<String, Module>,
    aliases: Vec<(Pattern, String)>,
}

/// A module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// Its file, below the directory.
    pub file: PathBuf,
    /// The modules that must be loaded before it, in the order of loading.
    pub needs: Vec<String>,
    /// The modules or aliases that should be loaded before it if they are there.
    pub before: Vec<String>,
    /// Likewise, after it.
    pub after: Vec<String>,
}

impl Index {
    /// The lists of a directory, as `/lib/modules/VERSION`.
    ///
    /// # Errors
    ///
    /// There is no `modules.dep`, or it cannot be read. The other lists may be missing.
    pub fn read(directory: &Path) -> io::Result<Self> {
        let list = |name: &str| fs::read_to_string(directory.join(name));
        let mut index = Self {
            directory: directory.to_owned(),
            ..Self::default()
        };
        index.add_files(&list("modules.dep")?);
        index.add_soft(&list("modules.softdep").unwrap_or_default());
        index.add_aliases(&list("modules.alias").unwrap_or_default());
        Ok(index)
    }

    /// Lines of `modules.dep`: `FILE: FILE...`, where those that it needs stand in the
    /// order of unloading.
    fn add_files(&mut self, text: &str) {
        for line in text.lines() {
            let Some((file, needs)) = line.split_once(':') else {
                continue;
            };
            let needs = needs.split_whitespace().rev();
            let module = Module {
                file: PathBuf::from(file),
                needs: needs.map(name).collect(),
                ..Module::default()
            };
            self.modules.insert(name(file), module);
        }
    }

    /// Lines of `modules.softdep`: `softdep NAME pre: NAME... post: NAME...`.
    fn add_soft(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            if words.next() != Some("softdep") {
                continue;
            }
            let module = words
                .next()
                .and_then(|word| self.modules.get_mut(&name(word)));
            let Some(module) = module else {
                continue;
            };
            let mut is_before = None;
            for word in words {
                match (word, is_before) {
                    ("pre:", _) => is_before = Some(true),
                    ("post:", _) => is_before = Some(false),
                    // As it is: it may be an alias, as crypto-crc32c.
                    (word, Some(true)) => module.before.push(word.to_owned()),
                    (word, Some(false)) => module.after.push(word.to_owned()),
                    _ => {}
                }
            }
        }
    }

    /// Lines of `modules.alias`: `alias PATTERN NAME`.
    fn add_aliases(&mut self, text: &str) {
        let aliases = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("alias"), Some(pattern), Some(module)) => {
                    Some((Pattern::new(pattern).ok()?, name(module)))
                }
                _ => None,
            }
        });
        self.aliases.extend(aliases);
    }

    /// A module by its name, in which `-` and `_` are the same.
    #[must_use]
    pub fn module(&self, called: &str) -> Option<&Module> {
        self.modules.get(&name(called))
    }

    /// The names of the modules that a device (its modalias), a file system (`fs-xfs`) or
    /// a name stands for.
    #[must_use]
    pub fn resolve(&self, alias: &str) -> Vec<&str> {
        if let Some((known, _)) = self.modules.get_key_value(&name(alias)) {
            return vec![known];
        }
        let fits = |(pattern, _): &&(Pattern, String)| pattern.matches(alias);
        let aliases = self.aliases.iter().filter(fits);
        aliases.map(|(_, module)| module.as_str()).collect()
    }

    /// The whole path of a module's file.
    #[must_use]
    pub fn path(&self, module: &Module) -> PathBuf {
        self.directory.join(&module.file)
    }

    /// The names of all modules, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }
}

/// The name of a module, of its file or of a word for it: without directories and
/// `.ko.xz`, and with `_` for `-`.
fn name(file: &str) -> String {
    let file = file.rsplit('/').next().unwrap_or(file);
    let name = file.split_once(".ko").map_or(file, |(name, _)| name);
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write(
            "modules.dep",
            "kernel/drivers/usb/host/xhci-pci.ko: kernel/drivers/usb/host/xhci-hcd.ko \
             kernel/drivers/usb/core/usbcore.ko.xz kernel/drivers/usb/common/usb-common.ko\n\
             kernel/drivers/usb/host/xhci-hcd.ko:\n\
             kernel/fs/btrfs/btrfs.ko:\n\
             no colon\n",
        );
        write(
            "modules.softdep",
            "# comment\nsoftdep btrfs pre: crypto-crc32c xxhash64 post: zstd\nsoftdep gone pre: x\n",
        );
        write(
            "modules.alias",
            "# comment\nalias fs-btrfs btrfs\nalias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci\n\
             alias pci:v0000[12]*x odd\nalias broken[ x\n",
        );
        Index::read(directory.path()).unwrap()
    }

    #[test]
    fn lists() {
        let index = index();
        let xhci = index.module("xhci-pci").unwrap();
        assert_eq!(xhci.needs, ["usb_common", "usbcore", "xhci_hcd"]);
        assert_eq!(index.module("xhci_pci"), Some(xhci));
        let btrfs = index.module("btrfs").unwrap();
        assert_eq!(btrfs.before, ["crypto-crc32c", "xxhash64"]);
        assert_eq!(btrfs.after, ["zstd"]);
        assert_eq!(
            index.names().collect::<Vec<_>>(),
            ["btrfs", "xhci_hcd", "xhci_pci"]
        );
        assert!(index.path(btrfs).ends_with("kernel/fs/btrfs/btrfs.ko"));
    }

    #[test]
    fn aliases() {
        let index = index();
        assert_eq!(index.resolve("fs-btrfs"), ["btrfs"]);
        assert_eq!(index.resolve("xhci-hcd"), ["xhci_hcd"]);
        let usb = "pci:v00001B36d0000000Dsv00001AF4sd00001100bc0Csc03i30";
        assert_eq!(index.resolve(usb), ["xhci_pci"]);
        // Capitals are digits, small letters are names.
        assert!(index.resolve(&usb.replace("bc0C", "BC0C")).is_empty());
        assert!(index.resolve("").is_empty());
    }

    #[test]
    fn no_lists() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Index::read(directory.path()).is_err());
    }
}
