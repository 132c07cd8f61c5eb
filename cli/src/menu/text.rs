//! Bytes from a disk as text.

use crate::error::loader_text;

/// Bytes as text; what is not UTF-8 becomes U+FFFD.
pub(super) fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path from the root, with one slash where there are more.
pub(super) fn absolute(path: &[u8]) -> String {
    let names = path.split(|&byte| byte == b'/');
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| format!("/{}", string(name))).collect()
}

/// The loader's text of an error, led by the file that it is about.
pub(super) fn about(file: &[u8], error: boot::Error) -> String {
    match file {
        [] => loader_text(error),
        _ => format!("{}: {}", string(file), loader_text(error)),
    }
}
