//! The FAT file system.
