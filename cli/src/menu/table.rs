//! The menu as a table for a person.

use std::io::Write;

use super::entry::MenuEntry;
use super::read::Menu;
use crate::printable::printable;

/// Writes the menu for a person.
///
/// # Errors
/// Those of `out`.
pub fn write(menu: &Menu, out: &mut dyn Write) -> std::io::Result<()> {
    for (entry, number) in menu.entries.iter().zip(1..) {
        let mark = match entry.is_default {
            Some(true) => " (default)",
            _ => "",
        };
        let title = printable(&entry.show_title);
        writeln!(out, "{number:3}  {title}{mark}")?;
        for (name, value) in rows(entry) {
            writeln!(out, "     {name:<9}{}", printable(&value))?;
        }
    }
    for file in &menu.skipped {
        writeln!(out, "  -  {}", printable(&file.path))?;
        writeln!(out, "     {:<9}{}", "problem", printable(&file.problem))?;
    }
    Ok(())
}

/// What is said of an entry below its title.
fn rows(entry: &MenuEntry) -> Vec<(&'static str, String)> {
    let id = match entry.source {
        "esp" => entry.id.clone(),
        source => format!("{} ({source})", entry.id),
    };
    let mut rows = vec![("id", id)];
    let version = entry.version.iter();
    rows.extend(version.map(|version| ("version", version.clone())));
    rows.push(("state", state(entry)));
    let kernels = [&entry.linux, &entry.uki, &entry.efi];
    let kernels = kernels.into_iter().flatten();
    rows.extend(kernels.map(|kernel| ("kernel", kernel.clone())));
    let warnings = entry.warnings.iter();
    rows.extend(warnings.map(|warning| ("warning", warning.clone())));
    rows
}

/// Good, bad or in between, and what that comes from.
fn state(entry: &MenuEntry) -> String {
    let mut state = entry.state().to_owned();
    if let Some(left) = entry.tries_left {
        state += &format!(", {left} tries left");
    }
    if let Some(done) = entry.tries_done {
        state += &format!(", {done} done");
    }
    state
}
