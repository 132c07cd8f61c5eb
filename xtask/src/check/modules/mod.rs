//! The shape of the source: no circle of imports, no module that is too long.
//!
//! | module | content |
//! |---|---|
//! | `conditions` | finds items that exist only in tests |
//! | `names` | the definitions, imports and paths of a module |
//! | `tree` | the modules of a crate |
//! | `resolve` | finds the module that defines the item of a path |
//! | `graph` | circles among the modules of each folder |

mod conditions;
mod graph;
mod names;
mod resolve;
#[cfg(test)]
mod tests;
mod tree;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::output;
use crate::workspace::Workspace;
use graph::Circle;
use tree::Tree;

/// The most lines of a module, tests not counted.
const MOST_LINES: usize = 500;

/// Checks every crate of the workspace.
///
/// # Errors
///
/// All circles, with each import in them, and all modules that are too long.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    // Two programs of a crate may share modules.
    let mut problems = BTreeSet::new();
    for root in roots(workspace)? {
        let tree = Tree::read(&root, &|file| fs::read_to_string(file).ok())?;
        problems.extend(problems_of(&tree, &workspace.root));
    }
    if !problems.is_empty() {
        bail!("{}", problems.into_iter().collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}

/// The root files of all libraries and programs: tests, examples and build scripts
/// are left out.
fn roots(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut metadata = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    metadata.current_dir(&workspace.root).args([
        "metadata",
        "--quiet",
        "--locked",
        "--format-version=1",
        "--no-deps",
    ]);
    let metadata: Value = serde_json::from_str(&output(&mut metadata)?)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let targets = packages.iter().filter_map(|it| it["targets"].as_array());
    let shipped = targets.flatten().filter(|target| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        let mut kinds = kinds.filter_map(Value::as_str);
        kinds.any(|kind| kind == "bin" || kind.ends_with("lib"))
    });
    Ok(shipped
        .filter_map(|target| target["src_path"].as_str())
        .map(PathBuf::from)
        .collect())
}

/// The problems of a crate; paths of files start at `root`.
fn problems_of(tree: &Tree, root: &Path) -> Vec<String> {
    let name = |file: &Path| {
        file.strip_prefix(root)
            .unwrap_or(file)
            .display()
            .to_string()
    };
    let long = tree.modules.iter().filter(|it| it.lines > MOST_LINES);
    let long = long.map(|module| {
        format!(
            "{}: {} lines without tests, {MOST_LINES} are allowed: split it by what it is about",
            name(&module.file),
            module.lines
        )
    });
    let source = name(&tree.modules[0].file);
    let circles = graph::circles(tree);
    long.chain(circles.iter().map(|it| describe(it, &source, name)))
        .collect()
}

fn describe(circle: &Circle, source: &str, name: impl Fn(&Path) -> String) -> String {
    let place = match &circle.folder[..] {
        [] => String::new(),
        folder => format!(", {}", folder.join("::")),
    };
    let own = match &circle.folder[..] {
        [] => "the crate's root",
        _ => "its mod.rs",
    };
    let shown = |node: &str| match node {
        "" => own.to_owned(),
        node => format!("`{node}`"),
    };
    let mut text = format!(
        "a circle of imports in {source}{place}: move what both sides need to a module of its own"
    );
    for (from, to, imports) in &circle.links {
        text += &format!("\n  {} imports {}", shown(from), shown(to));
        for import in imports {
            text += &format!(
                "\n    {}:{}: {}",
                name(&import.file),
                import.line,
                import.path
            );
        }
    }
    text
}
