//! The modules of a crate, with the names in each of them.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::{Attribute, Item, ItemMod, Meta};

use super::conditions::is_test;
use super::names::{Mention, Names, Use};

/// A module of a crate.
pub(super) struct Module {
    /// Its path from the crate's root on; empty for the root.
    pub(super) path: Vec<String>,
    /// The file that it is in.
    pub(super) file: PathBuf,
    /// The module that declares it.
    pub(super) parent: Option<usize>,
    /// True if it lies between braces in its parent's file.
    pub(super) inline: bool,
    /// The modules that it declares.
    pub(super) children: BTreeMap<String, usize>,
    /// The names that it defines.
    pub(super) items: BTreeSet<String>,
    /// Its imports.
    pub(super) uses: Vec<Use>,
    /// The paths in its code.
    pub(super) mentions: Vec<Mention>,
    /// Lines of its file that are not tests.
    pub(super) lines: usize,
}

/// The modules of a crate; the root is the first.
pub(super) struct Tree {
    pub(super) modules: Vec<Module>,
}

/// Reads a source file; `None` if the file does not exist.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> Option<String>;

impl Tree {
    /// Reads the crate whose root is `file`. Modules for tests alone are left out.
    ///
    /// # Errors
    ///
    /// A file is missing or is not Rust.
    pub(super) fn read(file: &Path, read: ReadFile) -> Result<Self> {
        let mut tree = Self {
            modules: Vec::new(),
        };
        tree.file(file, Vec::new(), None, read)?;
        Ok(tree)
    }

    /// The module of the file that a module is in.
    pub(super) fn file_of(&self, module: usize) -> usize {
        match self.modules[module] {
            Module {
                inline: true,
                parent: Some(parent),
                ..
            } => self.file_of(parent),
            _ => module,
        }
    }

    fn file(
        &mut self,
        file: &Path,
        path: Vec<String>,
        parent: Option<usize>,
        read: ReadFile,
    ) -> Result<usize> {
        let source = read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let parsed =
            syn::parse_file(&source).with_context(|| format!("{} is not Rust", file.display()))?;
        let lines = source.lines().count() - lines_of_tests(&parsed.items);
        let module = self.add(file, path, parent, false, lines);
        self.items(module, &parsed.items, read)?;
        Ok(module)
    }

    fn add(
        &mut self,
        file: &Path,
        path: Vec<String>,
        parent: Option<usize>,
        inline: bool,
        lines: usize,
    ) -> usize {
        self.modules.push(Module {
            path,
            file: file.to_owned(),
            parent,
            inline,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            uses: Vec::new(),
            mentions: Vec::new(),
            lines,
        });
        self.modules.len() - 1
    }

    fn items(&mut self, module: usize, items: &[Item], read: ReadFile) -> Result<()> {
        let mut names = Names::default();
        for item in items {
            match item {
                Item::Mod(child) if is_test(&child.attrs) => {}
                Item::Mod(child) => self.child(module, child, read)?,
                item => names.item(item),
            }
        }
        let module = &mut self.modules[module];
        module.items = names.defined;
        module.uses = names.uses;
        module.mentions = names.mentions;
        Ok(())
    }

    fn child(&mut self, module: usize, child: &ItemMod, read: ReadFile) -> Result<()> {
        let name = child.ident.to_string();
        let mut path = self.modules[module].path.clone();
        path.push(name.clone());
        let number = match &child.content {
            Some((_, items)) => {
                let file = self.modules[module].file.clone();
                let number = self.add(&file, path, Some(module), true, 0);
                self.items(number, items, read)?;
                number
            }
            None => {
                let file = self.file_of_child(module, child, read);
                self.file(&file, path, Some(module), read)?
            }
        };
        self.modules[module].children.insert(name, number);
        Ok(())
    }

    /// The file of `mod name;`: `name.rs` or `name/mod.rs`, in the directory of the
    /// parent's file if that is a root or a `mod.rs`, or else in a directory with the name
    /// of the parent.
    fn file_of_child(&self, module: usize, child: &ItemMod, read: ReadFile) -> PathBuf {
        let parent = &self.modules[module];
        let directory = parent.file.parent().unwrap_or(Path::new(""));
        if let Some(named) = path_attribute(&child.attrs) {
            return directory.join(named);
        }
        let is_root = parent.path.is_empty() || parent.file.ends_with("mod.rs");
        let directory = match is_root {
            true => directory.to_owned(),
            false => directory.join(parent.file.file_stem().unwrap_or_default()),
        };
        let name = child.ident.to_string();
        let folder = directory.join(&name).join("mod.rs");
        match read(&folder) {
            Some(_) => folder,
            None => directory.join(format!("{name}.rs")),
        }
    }
}

/// The lines of the modules between braces that are for tests alone.
fn lines_of_tests(items: &[Item]) -> usize {
    let lines = items.iter().filter_map(|item| match item {
        Item::Mod(module) if is_test(&module.attrs) => {
            let (braces, _) = module.content.as_ref()?;
            let start = module.attrs.first()?.pound_token.span;
            Some(braces.span.close().start().line + 1 - start.start().line)
        }
        _ => None,
    });
    lines.sum()
}

/// The value of `#[path = "..."]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    syn::Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}
