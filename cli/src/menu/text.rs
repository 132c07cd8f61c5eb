//! Bytes from a disk as text.

use crate::error::loader_text;

/// Bytes as text; what is not UTF-8 becomes U+FFFD.
pub(super) fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The path from the root that the loader looks for: with one slash where there are
/// more, or backslashes, and without `.` and `..`. A `..` that leads out of the root
/// stays, because such a file is not found.
pub(super) fn absolute(path: &[u8]) -> String {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        match (name, names.last()) {
            (b"" | b".", _) => {}
            (b"..", Some(above)) if above != b".." => {
                names.pop();
            }
            _ => names.push(name),
        }
    }
    let names = names.into_iter();
    names.map(|name| format!("/{}", string(name))).collect()
}

/// The loader's text of an error, led by the file that it is about.
pub(super) fn about(file: &[u8], error: boot::Error) -> String {
    match file {
        [] => loader_text(error),
        _ => format!("{}: {}", string(file), loader_text(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn paths() {
        for (path, expected) in [
            ("vmlinuz", "/vmlinuz"),
            ("//a///b/", "/a/b"),
            ("\\a/.\\b", "/a/b"),
            ("/a\\..\\b", "/b"),
            ("/a/../../b", "/../b"),
            ("..\\..", "/../.."),
        ] {
            assert_eq!(absolute(path.as_bytes()), expected);
        }
    }
}
