//! The names in a module: its definitions, its imports, and the paths in its code.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Attribute, ForeignItem, ImplItem, Item, Macro, Stmt, TraitItem, UseTree, Visibility};

use super::conditions::is_test;

/// A name that a `use` brings in.
pub(super) struct Use {
    /// The name inside the module; `*` for all names of another module.
    pub(super) name: String,
    /// The path that is imported.
    pub(super) path: Vec<String>,
    /// True if other modules see the name too: `pub use`, in any of its forms.
    pub(super) exported: bool,
    /// The line in the file.
    pub(super) line: usize,
}

/// A path in the code.
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    /// The line in the file.
    pub(super) line: usize,
}

/// The names found in the items of a module.
#[derive(Default)]
pub(super) struct Names {
    pub(super) defined: BTreeSet<String>,
    pub(super) uses: Vec<Use>,
    pub(super) mentions: Vec<Mention>,
}

impl Names {
    /// Adds an item of the module.
    pub(super) fn item(&mut self, item: &Item) {
        if is_test(attributes(item)) {
            return;
        }
        self.defined.extend(names_of(item));
        self.visit_item(item);
    }

    fn tree(&mut self, tree: &UseTree, mut path: Vec<String>, exported: bool) {
        let mut add = |name: String, path: Vec<String>, line: usize| {
            self.uses.push(Use {
                name,
                path,
                exported,
                line,
            });
        };
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.tree(&step.tree, path, exported);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, path.clone(), exported);
                }
            }
            UseTree::Glob(glob) => add("*".into(), path, glob.star_token.spans[0].start().line),
            UseTree::Name(name) => {
                let line = name.ident.span().start().line;
                // `use a::{self}` names `a`.
                if name.ident != "self" {
                    path.push(name.ident.to_string());
                }
                add(path.last().cloned().unwrap_or_default(), path, line);
            }
            UseTree::Rename(rename) => {
                let line = rename.ident.span().start().line;
                if rename.ident != "self" {
                    path.push(rename.ident.to_string());
                }
                add(rename.rename.to_string(), path, line);
            }
        }
    }

    /// Finds the paths in the tokens that a macro is given, which need not be Rust.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        // Colons since the last name.
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.mention(std::mem::take(&mut path), line);
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.mention(std::mem::take(&mut path), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.mention(path, line);
    }

    fn mention(&mut self, path: Vec<String>, line: usize) {
        if !path.is_empty() {
            self.mentions.push(Mention { path, line });
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            item if is_test(attributes(item)) => {}
            Item::Use(item) if item.leading_colon.is_some() => {}
            Item::Use(item) => {
                let exported = !matches!(item.vis, Visibility::Inherited);
                self.tree(&item.tree, Vec::new(), exported);
            }
            item => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Fn(item) => &item.attrs,
            _ => return visit::visit_trait_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(local) => &local.attrs,
            Stmt::Macro(call) => &call.attrs,
            _ => return visit::visit_stmt(self, statement),
        };
        if !is_test(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|name| name.ident.to_string());
            let line = path
                .segments
                .first()
                .map(|name| name.ident.span().start().line);
            self.mention(names.collect(), line.unwrap_or_default());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// The names that an item defines.
fn names_of(item: &Item) -> Vec<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => match &item.ident {
            Some(name) => name,
            None => return Vec::new(),
        },
        Item::ForeignMod(block) => return block.items.iter().filter_map(foreign_name).collect(),
        _ => return Vec::new(),
    };
    vec![name.to_string()]
}

fn foreign_name(item: &ForeignItem) -> Option<String> {
    match item {
        ForeignItem::Fn(item) => Some(item.sig.ident.to_string()),
        ForeignItem::Static(item) => Some(item.ident.to_string()),
        ForeignItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
