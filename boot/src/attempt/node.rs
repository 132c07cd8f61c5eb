//! The `setup_data` node: the loader's report to userspace ([`layout::node`]).

use crate::disk::partition::Partition;
use crate::text::{concat, decimal};
use layout::node::{
    BOOT_COUNT_PATH, DATA_SIZE, DEVICE_PART_UUID, ENTRY_DEFAULT, ENTRY_SELECTED, FORMAT,
    FORMAT_NAME, INFO, TIME_EXEC, TIME_INIT,
};

/// The loader's name and version.
const LOADER: &str = concat!("gapboot ", env!("CARGO_PKG_VERSION"));

/// Microseconds of a tick: 65,536 periods of 1,193,182 Hz.
const TICK: u64 = 54_925;

/// The content of the node.
pub(crate) struct NodeData<'a> {
    /// Id of the entry that boots.
    pub(crate) selected: &'a [u8],
    /// Id of the entry that boots when nobody chooses.
    pub(crate) default: &'a [u8],
    /// The file whose name counts this attempt; None if it is not counted.
    pub(crate) counted: Option<CountedFile<'a>>,
    /// The partition on which the entry lies.
    pub(crate) partition: &'a Partition,
    /// When the loader began, in ticks of the BIOS clock.
    pub(crate) began: u32,
    /// The time now, in ticks of the BIOS clock.
    pub(crate) now: u32,
}

/// A file whose name counts an attempt.
pub(crate) struct CountedFile<'a> {
    /// The path of its directory.
    pub(crate) directory: &'a [u8],
    /// Its name, with the new counter.
    pub(crate) name: &'a [u8],
}

impl NodeData<'_> {
    /// Writes the node's data to `room` and gives it. A line is left out if it does not
    /// fit.
    pub(crate) fn write<'r>(&self, room: &'r mut [u8]) -> &'r [u8] {
        let mut lines = Lines { room, used: 0 };
        lines.add(FORMAT_NAME, &[FORMAT.as_bytes()]);
        lines.add(INFO, &[LOADER.as_bytes()]);
        lines.add(ENTRY_SELECTED, &[self.selected]);
        lines.add(ENTRY_DEFAULT, &[self.default]);
        if let Some(CountedFile { directory, name }) = self.counted {
            lines.add(BOOT_COUNT_PATH, &[directory, b"/", name]);
        }
        lines.add(DEVICE_PART_UUID, &[self.partition.uuid(&mut [0; 36])]);
        for (name, ticks) in [(TIME_INIT, self.began), (TIME_EXEC, self.now)] {
            let time = TICK.wrapping_mul(ticks.into());
            lines.add(name, &[decimal(time, &mut [0; 20])]);
        }
        let Lines { room, used } = lines;
        room.get(..used).unwrap_or_default()
    }
}

/// Lines `name=value` in the caller's memory.
struct Lines<'r> {
    room: &'r mut [u8],
    used: usize,
}

impl Lines<'_> {
    /// Adds a line whose value consists of these pieces: all of it, or nothing.
    fn add(&mut self, name: &str, value: &[&[u8]]) {
        let before = self.used;
        let fits = self.put(name.as_bytes())
            && self.put(b"=")
            && value.iter().all(|piece| self.put(piece))
            && self.put(b"\n");
        if !fits {
            self.used = before;
        }
    }

    /// Adds a piece of a line; false if there is no room for it.
    fn put(&mut self, piece: &[u8]) -> bool {
        let room = self.room.get_mut(self.used..DATA_SIZE);
        match room.and_then(|room| concat(room, &[piece])) {
            Some(written) => {
                self.used = self.used.saturating_add(written.len());
                true
            }
            None => false,
        }
    }
}
