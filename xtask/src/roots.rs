//! The roots of the overlay in the source: the methods of `Overlay`, by which stage2
//! calls the code in the overlay. If the compiler inlined a root into its caller, the
//! code would lie in stage2, so each root is marked `#[inline(never)]`.
//!
//! The source is read line by line, as rustfmt leaves it.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

use crate::workspace::Workspace;

/// The crates in which roots may be: those that stage2 consists of.
const SOURCES: [&str; 2] = ["boot/src", "stage2/src"];
/// The attribute of a root.
const MARK: &str = "#[inline(never)]";

/// A method of `Overlay`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) name: String,
    is_marked: bool,
}

/// All roots.
///
/// # Errors
///
/// A root is not marked.
pub(crate) fn find(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for directory in SOURCES {
        search(&workspace.root.join(directory), &mut names)?;
    }
    Ok(names)
}

/// Fails if a root is not marked.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    find(workspace).map(drop)
}

/// Adds the roots of all files below `directory`.
fn search(directory: &Path, names: &mut Vec<String>) -> Result<()> {
    let reading = || format!("cannot read {}", directory.display());
    for file in fs::read_dir(directory).with_context(reading)? {
        let path = file?.path();
        if path.is_dir() {
            search(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(reading)?;
            for root in methods(&text) {
                ensure!(
                    root.is_marked,
                    "{}: Overlay::{} is not marked {MARK}: without it the compiler may put the \
                     method into stage2",
                    path.display(),
                    root.name
                );
                names.push(root.name);
            }
        }
    }
    Ok(())
}

/// The methods of `Overlay` in a file: the functions that take `self`.
fn methods(text: &str) -> Vec<Root> {
    let mut found: Vec<Root> = Vec::new();
    let mut inside = false;
    let mut is_marked = false;
    // A function whose parameters begin in the next line.
    let mut begun: Option<Root> = None;
    for line in text.lines() {
        if line.starts_with("impl") {
            let of = line.split(" for ").last().unwrap_or(line);
            let of = of.trim_start_matches("impl").trim();
            inside = of == "Overlay {" || of == "crate::overlay::Overlay {";
        } else if line == "}" {
            inside = false;
        }
        if !inside {
            continue;
        }
        if let Some(root) = begun.take()
            && line.trim_start().starts_with("self")
        {
            found.push(root);
        }
        let member = line.strip_prefix("    ").unwrap_or_default();
        if member.starts_with(MARK) {
            is_marked = true;
        } else if let Some((name, parameters)) = function(member) {
            let root = Root {
                name: name.to_owned(),
                is_marked: std::mem::take(&mut is_marked),
            };
            match parameters {
                "" => begun = Some(root),
                _ if parameters.starts_with("self") => found.push(root),
                _ => {}
            }
        }
    }
    found
}

/// A function's name and the rest of the line after its opening parenthesis, if the
/// line begins one.
fn function(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once("fn ")?;
    let is_declaration = before
        .split_whitespace()
        .all(|word| word.starts_with("pub") || ["const", "unsafe"].contains(&word));
    let name = after.split(['<', '(']).next()?;
    let parameters = match after.strip_prefix(name)?.strip_prefix('(') {
        Some(parameters) => parameters,
        // After the generic parameters, whose bounds may have parentheses.
        None => after.split_once(">(").map_or("", |(_, rest)| rest),
    };
    (is_declaration && !before.starts_with(' ')).then_some((name, parameters))
}

#[cfg(test)]
mod tests {
    use super::{Root, methods};

    fn root(name: &str, is_marked: bool) -> Root {
        Root {
            name: name.to_owned(),
            is_marked,
        }
    }

    #[test]
    fn methods_take_self() {
        let text = "\
impl Overlay {
    /// Of a program on the host.
    pub const fn linked() -> Self {
        Self(())
    }

    /// Prints.
    #[inline(never)]
    pub(super) fn progress<D, M, C: Console>(self, loader: &mut Loader<D, M, C>, bytes: u32) {
        loader.with(|self| fn_like());
    }

    fn forgotten(self) {}

    #[inline(never)]
    pub(crate) fn choose<C: Console, D: Disk>(
        self,
        console: &mut C,
    ) -> Result<Choice, Ending> {
        console.key()
    }

    fn of_another(
        other: u8,
    ) {
    }
}

impl More for Overlay {
    #[inline(never)] // smaller
    fn power_off(self) {
        fn inner(self) {}
    }
}

impl<T: Into<u8>> From<T> for Overlay {
    fn unmarked(self) {}
}

impl Other {
    fn method(self) {}
}

impl Clone for Overlays {
    fn method(self) {}
}
";
        let expected = [
            root("progress", true),
            root("forgotten", false),
            root("choose", true),
            root("power_off", true),
            root("unmarked", false),
        ];
        assert_eq!(methods(text), expected);
    }
}
