//! Checks the licences of the crates that we build on, and their registry.
//!
//! Known faults of crates (RustSec's advisories) are not looked up here, because that
//! needs a network. `cargo audit` looks them up.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::process::Command;

use crate::run::output;
use crate::workspace::Workspace;

/// The licences that crates in our programs, or crates that build them, may have. All
/// of them let everybody ship programs made with the crate under their own terms.
const ALLOWED: [&str; 9] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MIT",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The one registry that crates may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks every crate of the lock file.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut metadata = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    metadata.current_dir(&workspace.root).args([
        "metadata",
        "--quiet",
        "--locked",
        "--format-version=1",
        "--all-features",
    ]);
    let metadata = output(&mut metadata)?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let mut wrong = Vec::new();
    for package in packages {
        if let Err(error) = judge(package) {
            wrong.push(format!(
                "{} {}: {error}",
                package["name"], package["version"]
            ));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn judge(package: &Value) -> Result<()> {
    let licence = package["license"].as_str().context("no licence")?;
    ensure!(is_allowed(licence), "licence {licence}");
    // A crate of this workspace has no source.
    let source = package["source"].as_str().unwrap_or(REGISTRY);
    ensure!(source == REGISTRY, "comes from {source}");
    Ok(())
}

/// True if an SPDX expression allows the choice of one of our licences.
fn is_allowed(expression: &str) -> bool {
    // Old crates write a slash for OR.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    any(&mut rest) && rest.is_empty()
}

fn any(words: &mut &[&str]) -> bool {
    let mut allowed = all(words);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        allowed |= all(words);
    }
    allowed
}

fn all(words: &mut &[&str]) -> bool {
    let mut allowed = one(words);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut &[&str]) -> bool {
    match **words {
        ["(", ref rest @ ..] => {
            *words = rest;
            let allowed = any(words);
            let ends = words.first() == Some(&")");
            *words = words.get(1..).unwrap_or_default();
            allowed && ends
        }
        // Exceptions only allow more.
        [licence, "WITH", _, ref rest @ ..] | [licence, ref rest @ ..] => {
            *words = rest;
            ALLOWED.contains(&licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn expressions() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "GPL-2.0-only OR MIT",
            "(MIT OR Apache-2.0) AND NCSA",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-2.0-only",
            "(MIT OR Apache-2.0) AND GPL-2.0-only",
            "(MIT",
            "MIT)",
            "MIT Apache-2.0",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }
}
