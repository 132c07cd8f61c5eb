//! What an entry needs to boot and to be counted.

use boot::load::cmdline;

use super::entry::MenuEntry;
use super::text::string;
use crate::error::loader_text;

/// What is wrong with the options of an entry, or may be.
pub(super) fn of_options(options: &[u8]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Err(error) = cmdline::check(options, u32::MAX) {
        warnings.push(loader_text(error));
    }
    warnings.extend(of_root(root(options)));
    warnings
}

/// Adds a warning to entries that are there twice, one of them with a counter: the next
/// name of a counted one may be the name of the other.
pub(super) fn of_twins(entries: &mut [MenuEntry]) {
    let files: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry.source,
                entry.id.clone(),
                entry.path.clone(),
                entry.tries_left,
            )
        })
        .collect();
    for entry in entries {
        let twin = files.iter().find(|(source, id, path, tries_left)| {
            *source == entry.source
                && *id == entry.id
                && *path != entry.path
                && tries_left.or(entry.tries_left).is_some()
        });
        if let Some((_, _, path, _)) = twin {
            entry.warnings.push(format!(
                "there twice: {path} is the same entry, so the loader may be unable to count. \
                 Rename one of the two files."
            ));
        }
    }
}

/// What keeps a root file system from being found.
fn of_root(root: Option<&[u8]>) -> Option<String> {
    match root {
        None => Some(
            "no root= in the options: it boots only if its initrd finds the root file system on a \
             BIOS (docs/root.md), or knows it. Add root=."
                .to_owned(),
        ),
        Some(root @ (b"gpt-auto" | b"/dev/gpt-auto-root")) => Some(format!(
            "root={} needs UEFI, or an initrd that finds its root file system on a BIOS \
             (docs/root.md). Name the root file system.",
            string(root)
        )),
        Some(_) => None,
    }
}

/// The value of the last `root=` among kernel parameters.
fn root(options: &[u8]) -> Option<&[u8]> {
    let words = options.split(u8::is_ascii_whitespace);
    let mut roots = words.filter_map(|word| {
        let word = word.strip_prefix(b"\"").unwrap_or(word);
        let value = word.strip_prefix(b"root=")?;
        Some(value.strip_suffix(b"\"").unwrap_or(value))
    });
    roots.next_back()
}
