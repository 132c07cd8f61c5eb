//! `./x pictures`: makes the pictures of the documents anew, so that they stay true.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{dist, packages};

/// The programs that the machines need.
const TOOLS: &[&str] = &["mcopy", "mkfs.vfat", "qemu-system-x86_64", "sfdisk"];

/// Makes them in `docs/pictures`.
pub(crate) fn make(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    dist::build(workspace)?;
    tests::pictures::make(&workspace.root.join("docs/pictures"))
}
