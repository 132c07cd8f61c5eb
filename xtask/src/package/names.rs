//! The version that is packaged, and the names of the files.

/// The version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The names of the package and of the archive.
pub(crate) fn files() -> [String; 2] {
    [
        format!("gapboot_{VERSION}_amd64.deb"),
        format!("gapboot-{VERSION}-x86_64.tar.zst"),
    ]
}
