//! What an entry needs to boot and to be counted.

use boot::load::cmdline;

use super::entry::MenuEntry;
use super::text::string;
use crate::error::loader_text;

/// What is wrong with the options of an entry, but for the root file system.
pub(super) fn of_options(options: &[u8]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Err(error) = cmdline::check(options, u32::MAX) {
        warnings.push(loader_text(error));
    }
    if words(options).any(|word| word.starts_with(b"initrd=")) {
        warnings.push(
            "initrd= in the options loads nothing on a BIOS: it is a word to EFI stubs. Name the \
             file in an initrd line, or put it into the image."
                .to_owned(),
        );
    }
    warnings
}

/// Names the variables for GRUB at the end of an `options` line, which
/// [`boot::entries::type1::pair`] leaves out. (Those of `initrd` lines are usually empty.)
pub(super) fn of_variables(line: &[u8]) -> Option<String> {
    let line = string(line);
    let mut words = line.split_ascii_whitespace();
    words.next().filter(|key| *key == "options")?;
    let mut variables: Vec<&str> = words
        .rev()
        .take_while(|word| word.starts_with('$'))
        .collect();
    variables.reverse();
    (!variables.is_empty()).then(|| {
        format!(
            "options: {} is for GRUB and left out. If the entry needs its value, write that.",
            variables.join(" ")
        )
    })
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

/// What may keep a root file system from being found: nothing if the options name one,
/// or say where the initrd gets it from.
pub(super) fn of_root(options: &[u8]) -> Option<String> {
    match value(options, b"root=") {
        None if OTHER_ROOTS
            .iter()
            .any(|word| value(options, word).is_some()) =>
        {
            None
        }
        None => Some(
            "no root= in the options. Leave it so if the initrd finds the root file system on a \
             BIOS too (docs/root.md), or needs none; else add root=."
                .to_owned(),
        ),
        Some(root @ (b"gpt-auto" | b"/dev/gpt-auto-root")) => Some(format!(
            "root={} needs UEFI. Leave it so if the initrd finds the root file system on a BIOS \
             too (docs/root.md); else name the root file system.",
            string(root)
        )),
        Some(_) => None,
    }
}

/// Parameters with which an initrd finds the root file system without root=: by its
/// verity hash; by live-boot, casper and archiso; or none at all, since it stays.
const OTHER_ROOTS: [&[u8]; 5] = [
    b"roothash=",
    b"boot=",
    b"archisobasedir=",
    b"rd.live.image",
    b"rdinit=",
];

/// Kernel parameters, without quotes around them.
fn words(options: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let words = options.split(u8::is_ascii_whitespace);
    words.map(|word| {
        let word = word.strip_prefix(b"\"").unwrap_or(word);
        word.strip_suffix(b"\"").unwrap_or(word)
    })
}

/// The value of the last parameter that begins with `name`.
fn value<'a>(options: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    words(options)
        .rev()
        .find_map(|word| word.strip_prefix(name))
}
