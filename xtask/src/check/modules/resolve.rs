//! Finds the module that defines the item of a path.

use super::tree::Tree;

/// The target of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Module(usize),
    /// An item that this module defines.
    Item(usize),
}

/// The most re-exports that are followed. (Two modules may re-export each other.)
const DEPTH: usize = 32;

/// The module that defines the item of `path`, which stands in the module `from`:
/// re-exports are followed. `None` for items of another crate, for local items, and for
/// modules.
pub(super) fn definition(tree: &Tree, from: usize, path: &[String]) -> Option<usize> {
    match resolve(tree, from, path, DEPTH)? {
        Target::Item(module) => Some(module),
        Target::Module(_) => None,
    }
}

fn resolve(tree: &Tree, from: usize, path: &[String], depth: usize) -> Option<Target> {
    let (first, rest) = path.split_first()?;
    let start = match first.as_str() {
        "crate" => Target::Module(0),
        "self" => Target::Module(from),
        "super" => Target::Module(tree.modules[from].parent?),
        name => lookup(tree, from, name, depth)?,
    };
    let mut target = start;
    for name in rest {
        target = match target {
            Target::Module(module) if name == "super" => {
                Target::Module(tree.modules[module].parent?)
            }
            // Items that a macro makes are not seen here; they count as the module's.
            Target::Module(module) => {
                lookup(tree, module, name, depth).unwrap_or(Target::Item(module))
            }
            // A variant, or an associated item.
            Target::Item(_) => break,
        };
    }
    Some(target)
}

/// Finds a name in a module: a child, an item, or an import.
fn lookup(tree: &Tree, module: usize, name: &str, depth: usize) -> Option<Target> {
    let depth = depth.checked_sub(1)?;
    let found = &tree.modules[module];
    // A function may have the name of a module; then the module is meant, unless the
    // path ends here, which only a caller could know.
    if let Some(&child) = found.children.get(name) {
        return Some(Target::Module(child));
    }
    if found.items.contains(name) {
        return Some(Target::Item(module));
    }
    // One of several uses with that name may lead to another crate.
    let mut named = found.uses.iter().filter(|it| it.name == name);
    if let Some(target) = named.find_map(|it| follow(tree, module, name, &it.path, depth)) {
        return Some(target);
    }
    let globs = found.uses.iter().filter(|it| it.name == "*");
    globs
        .into_iter()
        .find_map(|it| match resolve(tree, module, &it.path, depth)? {
            Target::Module(of) if of != module => lookup(tree, of, name, depth),
            _ => None,
        })
}

/// Follows a `use`, which may bring in a name that is the first of its own path:
/// `use boot::boot` names another crate.
fn follow(tree: &Tree, module: usize, name: &str, path: &[String], depth: usize) -> Option<Target> {
    if path.first().is_some_and(|first| first == name) {
        return None;
    }
    resolve(tree, module, path, depth)
}
