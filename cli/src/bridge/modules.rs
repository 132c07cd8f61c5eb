//! A directory of kernel modules as depmod leaves it (depmod.d(5), modules.dep(5)), and a
//! selection of modules with all that they need.
//!
//! Names of modules are the same with hyphens and with underscores.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::sets::Set;
use crate::error::Error;

/// What comes before the version of the kernel in the file of a module.
const VERMAGIC: &[u8] = b"vermagic=";

/// The modules of a kernel.
#[derive(Debug)]
pub struct Modules {
    directory: PathBuf,
    /// By name: what `modules.dep` says of it.
    files: BTreeMap<String, File>,
    builtin: BTreeSet<String>,
    /// By name: what should be loaded before and after it.
    soft: BTreeMap<String, Vec<String>>,
    /// By name without wildcards: the modules that serve it.
    aliases: BTreeMap<String, Vec<String>>,
    /// The texts of `modules.dep`, `modules.softdep` and `modules.alias`.
    indexes: [String; 3],
}

#[derive(Debug)]
struct File {
    /// Below the directory.
    path: String,
    /// Names of all modules that it cannot be loaded without.
    needs: Vec<String>,
}

/// Indexes that a bridge has too, reduced to its modules.
const INDEXES: [&str; 3] = ["modules.dep", "modules.softdep", "modules.alias"];

impl Modules {
    /// Reads what depmod and the kernel's build have left in a directory.
    ///
    /// # Errors
    /// There is no such directory, or depmod has not been run in it.
    pub fn read(directory: &Path, version: &str) -> Result<Self, Error> {
        let shown = directory.display();
        if !directory.is_dir() {
            return Err(Error::failed(format!(
                "{shown} is not a directory: name the one with the modules of {version} by --modules"
            )));
        }
        let dep = text(directory, INDEXES[0])?.ok_or_else(|| {
            Error::failed(format!(
                "{shown} has no modules.dep: run depmod (`depmod {version}`, or `depmod -b ROOT \
                 {version}` for ROOT/lib/modules/{version})"
            ))
        })?;
        let optional = |name| text(directory, name).map(Option::unwrap_or_default);
        let builtin = optional("modules.builtin")?;
        let softdep = optional(INDEXES[1])?;
        let alias = optional(INDEXES[2])?;
        Ok(Self {
            directory: directory.to_owned(),
            files: files(&dep)?,
            builtin: builtin.lines().map(name).collect(),
            soft: soft_dependencies(&softdep),
            aliases: aliases(&alias),
            indexes: [dep, softdep, alias],
        })
    }

    /// The modules of a set and some by their names, with all that they need.
    ///
    /// # Errors
    /// One of the names is unknown.
    pub fn select(&self, set: Set, names: &[String]) -> Result<Selection<'_>, Error> {
        let mut wanted: Vec<&str> = Vec::new();
        for given in names {
            let found = self.find(given);
            if found.is_empty() && !self.has_built_in(given) {
                return Err(Error::failed(format!(
                    "there is no module {given} in {}: correct its name",
                    self.directory.display()
                )));
            }
            wanted.extend(found);
        }
        let mut lacking = Vec::new();
        for group in set.groups() {
            let absent = |name: &&str| self.find(name).is_empty() && !self.has_built_in(name);
            let absent: Vec<_> = group.modules.iter().copied().filter(absent).collect();
            if !absent.is_empty() {
                lacking.push(format!("{} ({})", group.purpose, absent.join(", ")));
            }
            wanted.extend(group.modules.iter().flat_map(|name| self.find(name)));
        }
        if set == Set::All {
            wanted.extend(self.files.keys().map(String::as_str));
        }
        Ok(Selection {
            modules: self,
            names: self.closure(wanted)?,
            lacking,
        })
    }

    /// The modules that are meant by a name or an alias.
    fn find(&self, given: &str) -> Vec<&str> {
        let given = normal(given);
        if let Some((name, _)) = self.files.get_key_value(&given) {
            return vec![name];
        }
        let meant = self.aliases.get(&given).into_iter().flatten();
        let known = meant.filter_map(|name| self.files.get_key_value(name));
        known.map(|(name, _)| name.as_str()).collect()
    }

    fn has_built_in(&self, given: &str) -> bool {
        self.builtin.contains(&normal(given))
    }

    /// These modules with all that they need. What they need only softly may be missing.
    fn closure<'m>(&'m self, mut wanted: Vec<&'m str>) -> Result<BTreeSet<&'m str>, Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            let Some(file) = self.files.get(name) else {
                return Err(Error::failed(format!(
                    "{} names {name}, but does not say where it is: run depmod again",
                    self.directory.join(INDEXES[0]).display()
                )));
            };
            if names.insert(name) {
                wanted.extend(file.needs.iter().map(String::as_str));
                let soft = self.soft.get(name).into_iter().flatten();
                wanted.extend(soft.flat_map(|name| self.find(name)));
            }
        }
        Ok(names)
    }
}

/// Modules that a bridge has.
#[derive(Debug)]
pub struct Selection<'m> {
    modules: &'m Modules,
    names: BTreeSet<&'m str>,
    /// Purposes of the set for which the kernel has no modules, with these modules.
    pub lacking: Vec<String>,
}

impl Selection<'_> {
    /// The number of modules.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The modules: the path below the directory, and the file.
    pub fn files(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        let files = self.names.iter().map(|name| &self.modules.files[*name]);
        files.map(|file| (file.path.as_str(), self.modules.directory.join(&file.path)))
    }

    /// The indexes with the lines that are about these modules, by their names. Lines keep
    /// the order that depmod gave them: of several drivers, it names the one that should
    /// be tried first before the others.
    pub fn indexes(&self) -> impl Iterator<Item = (&'static str, String)> {
        let subjects: [fn(&str) -> Option<String>; 3] = [
            |line| Some(name(line.split_once(':')?.0)),
            |line| line.split_whitespace().nth(1).map(normal),
            |line| line.split_whitespace().nth(2).map(normal),
        ];
        let all = INDEXES.into_iter().zip(&self.modules.indexes).zip(subjects);
        all.map(|((index, text), subject)| {
            let is_ours = |line: &&str| {
                let subject = subject(line).filter(|_| !line.starts_with('#'));
                subject.is_some_and(|name| self.names.contains(name.as_str()))
            };
            let lines = text.lines().filter(is_ours);
            (index, lines.flat_map(|line| [line, "\n"]).collect())
        })
    }

    /// Makes sure that the modules are those of a kernel, by the first one that is not
    /// compressed.
    ///
    /// # Errors
    /// They are of another kernel, or cannot be read.
    pub fn check_version(&self, version: &str) -> Result<(), Error> {
        let Some((_, path)) = self.files().find(|(path, _)| path.ends_with(".ko")) else {
            return Ok(());
        };
        let bytes = fs::read(&path).map_err(|error| Error::file("read", &path, &error))?;
        let at = bytes
            .windows(VERMAGIC.len())
            .position(|bytes| bytes == VERMAGIC);
        let rest = at.and_then(|at| bytes.get(at.saturating_add(VERMAGIC.len())..));
        let own = rest.and_then(|rest| rest.split(|byte| b" \0".contains(byte)).next());
        match own {
            Some(own) if own != version.as_bytes() => Err(Error::failed(format!(
                "{} is for Linux {}, and the kernel is {version}: name its modules by --modules",
                path.display(),
                String::from_utf8_lossy(own)
            ))),
            _ => Ok(()),
        }
    }
}

/// A text of the directory, if it is there.
fn text(directory: &Path, name: &str) -> Result<Option<String>, Error> {
    let path = directory.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("read", &path, &error)),
    }
}

/// `PATH: PATH...` of `modules.dep`.
fn files(dep: &str) -> Result<BTreeMap<String, File>, Error> {
    let mut files = BTreeMap::new();
    for (path, needs) in dep.lines().filter_map(|line| line.split_once(':')) {
        let path = path.trim();
        let is_name = |part: &str| !["", ".", ".."].contains(&part);
        if !path.split('/').all(is_name) {
            return Err(Error::failed(format!(
                "modules.dep names {path:?}, which is not in its directory: install the module there, \
                 and run depmod again"
            )));
        }
        let file = File {
            path: path.to_owned(),
            needs: needs.split_whitespace().map(name).collect(),
        };
        files.insert(name(path), file);
    }
    Ok(files)
}

/// `softdep NAME pre: NAME... post: NAME...` of `modules.softdep`. A module may have
/// several lines. Words before the first of the two marks mean nothing to modprobe.
fn soft_dependencies(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some("softdep"), Some(name)) = (words.next(), words.next()) {
            let is_mark = |word: &&str| ["pre:", "post:"].contains(word);
            let named = words.skip_while(|word| !is_mark(word));
            let named = named.filter(|word| !is_mark(word)).map(normal);
            all.entry(normal(name)).or_default().extend(named);
        }
    }
    all
}

/// `alias NAME MODULE` of `modules.alias`. Patterns are for devices; nothing asks for a
/// module by them here.
fn aliases(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some("alias"), Some(alias), Some(module)) =
            (words.next(), words.next(), words.next())
            && !alias.contains(['*', '?', '['])
        {
            all.entry(normal(alias)).or_default().push(normal(module));
        }
    }
    all
}

/// The name of the module in a file, which may be compressed.
fn name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path).trim();
    normal(file.split_once(".ko").map_or(file, |(name, _)| name))
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}
