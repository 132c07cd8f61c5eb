//! The directories of a source tree and of the files that are built from it.

use std::path::{Path, PathBuf};

/// A source tree with the directories that its build fills. There is more than
/// one when a build is reproduced elsewhere.
pub(crate) struct Workspace {
    /// The directory of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The tree that this program was started from.
    pub(crate) fn here() -> Self {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .expect("xtask is a folder of the workspace")
            .to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(directory) => root.join(directory),
            None => root.join("target"),
        };
        Self { root, target }
    }

    /// The directory that `./x dist` fills.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }
}
