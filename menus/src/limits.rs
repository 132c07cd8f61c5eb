//! Bounds of time and memory for every reader. Real menus stay far below them.

/// Bytes of one configuration file.
pub const FILE: usize = 1 << 20;
/// Configuration files that one menu may read, each time counted.
pub const FILES: u32 = 512;
/// Depth of nesting: of files in files, blocks in blocks, functions in functions.
pub const DEPTH: u32 = 64;
/// Steps of a script: commands that are run.
pub const STEPS: u32 = 200_000;
/// Bytes that a script may print, and bytes of one word after expansion.
pub const OUTPUT: usize = 1 << 18;
/// Entries of one menu, those of its submenus included.
pub const ENTRIES: usize = 4096;
/// Names in one directory.
pub const NAMES: usize = 16_384;
