//! The memory that the loader works in, as one value that its caller lends.
//!
//! All zeros is a valid workspace. stage2 keeps it in low memory
//! ([`layout::memory::WORKSPACE`]), the emulator on the heap.

use crate::entries::list::{CAPACITY, Field, Slot};
use crate::entries::text::Text;
use crate::fat::Name;
use crate::load::cmdline;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of the cache of directories and small files: twelve blocks.
const BLOCKS: usize = 12 * 4096;
/// Bytes of the window on a file allocation table.
const TABLE: usize = 64 * 512;
/// The longest line of a text file that is understood, in bytes. A command line
/// has 2,047.
const LINE: usize = 4096;

/// Everything that is too large for the stack.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Workspace {
    /// For [`crate::storage::Caches`].
    pub blocks: [u8; BLOCKS],
    /// For [`crate::storage::Caches`].
    pub table: [u8; TABLE],
    /// The menu's entries.
    pub slots: [Slot; CAPACITY],
    /// For the one file that is being read.
    pub scratch: Scratch,
    /// The command line of the entry that boots.
    pub command_line: [u8; cmdline::LONGEST],
    /// Makes the size a multiple of the alignment.
    pub unused: [u8; 3],
}

/// What reading an entry's file needs.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Scratch {
    /// The file's name.
    pub name: Name,
    /// One of its lines.
    pub line: [u8; LINE],
    /// What it says.
    pub texts: [Text; Field::COUNT],
    /// The file that it names.
    pub path: Text,
}

#[allow(clippy::as_conversions, reason = "widens")]
const _: () = assert!(size_of::<Workspace>() <= layout::memory::WORKSPACE.size() as usize);
