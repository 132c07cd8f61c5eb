//! Directories as a device.

use anyhow::Result;
use menus::memory::Memory;
use menus::storage::{Device, Properties};
use std::fs;
use std::path::Path;

/// Bytes of the largest file whose content is of use: configurations.
const CONTENT: u64 = 1 << 16;

/// The files of a directory as a device without a number. Kernels and the like are empty.
pub(crate) fn memory(root: &Path) -> Result<Memory> {
    let mut memory = Memory::default();
    let device = memory.add(Properties::default());
    add(&mut memory, device, root, "")?;
    Ok(memory)
}

fn add(memory: &mut Memory, device: Device, directory: &Path, path: &str) -> Result<()> {
    for file in fs::read_dir(directory)? {
        let file = file?;
        let path = format!("{path}/{}", file.file_name().to_string_lossy());
        // Links are followed, as every loader does.
        let Ok(metadata) = fs::metadata(file.path()) else {
            continue;
        };
        if metadata.is_dir() {
            add(memory, device, &file.path(), &path)?;
            continue;
        }
        let content = match metadata.len() {
            small if small <= CONTENT => fs::read(file.path())?,
            _ => Vec::new(),
        };
        memory.file(device, &path, &content);
    }
    Ok(())
}
