//! The memory that the loader works in, as one value that its caller lends.
//!
//! stage2 keeps it in low memory
//! ([`layout::memory::WORKSPACE`]), the emulator on the heap.

use crate::attempt::count::Names;
use crate::disk::storage::{self, Storage};
use crate::entries::entry::Entry;
use crate::entries::line::LINE;
use crate::entries::list::CAPACITY;
use crate::fat::Name;
use crate::load::cmdline;
use crate::machine::Disk;
use crate::report::Trail;
use crate::settings::conf::Conf;
use crate::settings::state::State;
use crate::text::Text;

/// Bytes of the cache of directories and small files: twelve blocks.
const BLOCKS: usize = 12 * 4096;
/// Bytes of the window on a file allocation table.
const TABLE: usize = 64 * 512;

/// Everything that is too large for the stack.
pub struct Workspace {
    /// The caches of the disk.
    pub(crate) caches: CacheBuffers,
    /// The menu's entries.
    pub(crate) entries: [Entry; CAPACITY],
    /// All else.
    pub(crate) desk: Desk,
}

/// Memory for the caches of the disk ([`storage::Caches`]).
pub(crate) struct CacheBuffers {
    blocks: [u8; BLOCKS],
    table: [u8; TABLE],
}

impl CacheBuffers {
    /// The disk, seen through them.
    pub(crate) fn storage<'a, D: Disk>(&'a mut self, disk: &'a mut D) -> Storage<'a, D> {
        Storage::new(
            disk,
            storage::Caches {
                blocks: &mut self.blocks,
                table: &mut self.table,
            },
        )
    }
}

/// The memory for choosing and loading an entry.
pub(crate) struct Desk {
    /// For the one file that is being read.
    pub(crate) scratch: Scratch,
    /// The id of the entry that boots.
    pub(crate) chosen: Text,
    /// For the path of the file that boots.
    pub(crate) path: Text,
    /// For the names that count an attempt.
    pub(crate) names: Names,
    /// The settings.
    pub(crate) conf: Conf,
    /// The command line of the entry that boots.
    pub(crate) command_line: [u8; cmdline::LONGEST],
    /// The entry and the file that are being worked on.
    pub(crate) trail: Trail,
    /// The memory of earlier boots.
    pub(crate) state: State,
}

/// The memory for reading an entry's file.
pub(crate) struct Scratch {
    /// The file's name.
    pub(crate) name: Name,
    /// One of its lines.
    pub(crate) line: [u8; LINE],
    /// The entry that it describes.
    pub(crate) entry: Entry,
    /// The path of the file that the entry names.
    pub(crate) path: Text,
}

impl Workspace {
    /// An unused workspace: all zeros, so that a static one takes no room in an image.
    pub const EMPTY: Self = Self {
        caches: CacheBuffers {
            blocks: [0; BLOCKS],
            table: [0; TABLE],
        },
        entries: [Entry::EMPTY; CAPACITY],
        desk: Desk {
            scratch: Scratch {
                name: Name::new(),
                line: [0; LINE],
                entry: Entry::EMPTY,
                path: Text::UNSET,
            },
            chosen: Text::UNSET,
            path: Text::UNSET,
            names: Names::EMPTY,
            conf: Conf::UNREAD,
            command_line: [0; cmdline::LONGEST],
            trail: Trail::START,
            state: State::EMPTY,
        },
    };

    /// The id of the entry that [`crate::boot`] chose; empty if it chose no entry.
    pub fn chosen(&self) -> &[u8] {
        self.desk.chosen.get().unwrap_or_default()
    }

    /// The last message; empty if there was no message.
    pub fn message(&self) -> &[u8] {
        self.desk.trail.message()
    }
}

#[allow(clippy::as_conversions, reason = "widens")]
const _: () = assert!(size_of::<Workspace>() <= layout::memory::WORKSPACE.size() as usize);
