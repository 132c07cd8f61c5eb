//! GRUB's environment block, written in place as GRUB itself writes it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use menus::menu::EnvironmentBlock;
use rustix::fs::{Mode, OFlags, open};
use volumes::{Volumes, open_below};

use crate::error::Error;
use crate::number::to_u64;

/// Writes the block over the one that is there. Its file keeps its place and its size.
///
/// # Errors
/// The block is not in a mounted tree, has another size by now, or cannot be written.
pub fn write(volumes: &Volumes, block: &EnvironmentBlock) -> Result<(), Error> {
    let Some(tree) = volumes.mounted_at(block.file.device) else {
        return Err(Error::failed(format!(
            "{} is changed in a mounted file system only: mount it, and name the directory",
            block.file.path
        )));
    };
    let path = format!("{}{}", tree.display(), block.file.path);
    let cannot = |what: &str, error: std::io::Error| Error::file(what, path.as_ref(), &error);
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::PATH;
    let root = open(&tree, flags, Mode::empty()).map_err(|error| cannot("open", error.into()))?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK;
    let file = open_below(&root, &block.file.path, flags);
    let file = File::from(file.map_err(|error| cannot("open", error.into()))?);
    let metadata = file.metadata().map_err(|error| cannot("read", error))?;
    if !metadata.is_file() || metadata.len() != to_u64(block.content.len()) {
        return Err(Error::failed(format!(
            "{path} has changed since gapboot looked at it, so nothing was written: run the \
             command again"
        )));
    }
    let written = file.write_all_at(&block.content, 0);
    let written = written.and_then(|()| file.sync_all());
    written.map_err(|error| cannot("write", error))
}
