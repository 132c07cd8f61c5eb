//! FAT file systems: FAT12, FAT16 and FAT32 with long names.
//!
//! | module | what |
//! |---|---|
//! | `boot_sector` | the boot sector, checked and turned into a [`Volume`] |
//! | `chain` | the file allocation table: which clusters follow each other |
//! | `directory` | directory slots: [`Walk`] puts them together to [`DirEntry`]s |
//! | `name` | long and short [`Name`]s |
//! | `file` | the bytes of a [`File`] |
//! | `rename` | other digits in a name, in the slots that the name already has |
//! | `grow` | a longer name, where one write is enough |
//! | `source` | a volume and the partition it lies on |
//!
//! The fields of structures have their names from Microsoft's "FAT32 File System
//! Specification" 1.03, which is the source of everything here.

mod boot_sector;
mod chain;
mod directory;
mod file;
mod grow;
mod name;
mod rename;
mod source;

pub use boot_sector::Volume;
pub(crate) use directory::separates;
pub use directory::{DirEntry, Walk};
pub use file::File;
pub use name::Name;
pub(crate) use rename::{LongName, ONE_SECTOR, ONE_SLOT, difference};
pub use source::{Source, Sources};

/// The position in its sector of the byte `offset`.
fn in_sector(offset: u32) -> usize {
    usize::try_from(offset & 511).unwrap_or_default()
}

/// A number of bytes in memory.
fn to_usize(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// A number of bytes in a file.
fn to_u32(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
