//! `./x release`: checks that everything that names the version agrees, and makes the files of
//! a release with their checksums.

use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

use crate::package;
use crate::package::names::{self, VERSION};
use crate::run::output;
use crate::workspace::Workspace;

/// The file with the checksums.
const SUMS: &str = "SHA256SUMS";

/// Documents that name the version.
const DOCUMENTS: [&str; 3] = ["README.md", "docs/from-grub.md", "docs/images.md"];

/// Checks, builds, and writes the checksums.
///
/// # Errors
///
/// Something does not agree, with a line for each; or it cannot be built.
pub(crate) fn make(workspace: &Workspace) -> Result<()> {
    let read = |name: &str| fs::read_to_string(workspace.root.join(name)).context(name.to_owned());
    let mut wrong = Vec::new();
    wrong.extend(changelog(&read("CHANGELOG.md")?));
    for name in DOCUMENTS {
        wrong.extend(document(name, &read(name)?));
    }
    wrong.extend(uncommitted(workspace)?);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    package::build(workspace)?;
    let sums = output(
        Command::new("sha256sum")
            .current_dir(workspace.dist())
            .args(names::files()),
    )?;
    fs::write(workspace.dist().join(SUMS), format!("{sums}\n"))?;
    println!("{sums}\nin {}", workspace.dist().display());
    Ok(())
}

/// What is wrong with the changelog: its first section is that of the version, with a date.
fn changelog(text: &str) -> Option<String> {
    let first = text.lines().find_map(|line| line.strip_prefix("## "));
    let first = first.unwrap_or_default();
    let date = first
        .strip_prefix(&format!("{VERSION} ("))
        .and_then(|rest| rest.strip_suffix(')'));
    if date.is_some_and(is_date) {
        return None;
    }
    Some(format!(
        "CHANGELOG.md: the first section is {first:?}: call it `{VERSION} (YEAR-MONTH-DAY)`"
    ))
}

fn is_date(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2] && parts.iter().all(|part| digits(part))
}

/// What is wrong with a document: it names the package of another version.
fn document(name: &str, text: &str) -> Option<String> {
    let [package, _] = names::files();
    let named = text.match_indices("gapboot_").map(|(at, _)| &text[at..]);
    let mut named = named.filter_map(|rest| Some(&rest[..rest.find(".deb")? + 4]));
    let other = named.find(|named| *named != package)?;
    Some(format!("{name} names {other}, and this is {package}"))
}

/// What git does not have yet: files of a release can be made again from a commit.
fn uncommitted(workspace: &Workspace) -> Result<Option<String>> {
    let changes = output(
        Command::new("git")
            .current_dir(&workspace.root)
            .args(["status", "--porcelain"]),
    )?;
    let first = changes.lines().next();
    Ok(first.map(|line| format!("there are changes that git does not have: {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changelog_has_the_version_and_a_date() {
        let text =
            |heading: &str| format!("# Changelog\n\n## {heading}\n\n## 0.0.1 (2020-01-01)\n");
        assert_eq!(changelog(&text(&format!("{VERSION} (2026-12-01)"))), None);
        for heading in [
            "Unreleased",
            "0.0.1 (2026-12-01)",
            VERSION,
            &format!("{VERSION} (soon)"),
        ] {
            assert!(changelog(&text(heading)).is_some(), "{heading}");
        }
    }

    #[test]
    fn documents_name_this_package() {
        let [package, _] = names::files();
        assert_eq!(document("x", &format!("apt install ./{package} now")), None);
        assert!(document("x", "apt install ./gapboot_0.0.1_amd64.deb").is_some());
    }
}
