//! The `setup_data` node: what userspace is told ([`layout::node`]).

use crate::disk::partition::Partition;
use crate::text::concat;
use crate::text::decimal;
use layout::node::{
    BOOT_COUNT_PATH, DATA_SIZE, DEVICE_PART_UUID, ENTRY_DEFAULT, ENTRY_SELECTED, FORMAT,
    FORMAT_NAME, INFO, TIME_EXEC, TIME_INIT,
};

/// Microseconds of a tick: 65,536 periods of 1,193,182 Hz.
const TICK: u64 = 54_925;

/// What there is to tell.
pub(crate) struct Node<'a> {
    /// Id of the entry that boots.
    pub(crate) selected: &'a [u8],
    /// Id of the entry that boots when nobody chooses.
    pub(crate) default: &'a [u8],
    /// Directory and name of the file whose name counts this attempt.
    pub(crate) counted: Option<[&'a [u8]; 2]>,
    /// Where the entry lies.
    pub(crate) partition: &'a Partition,
    /// When the loader began, in ticks of the BIOS clock.
    pub(crate) began: u32,
    /// What it is now.
    pub(crate) now: u32,
}

impl Node<'_> {
    /// Writes the node's data to `room` and gives it. What finds no room is
    /// left out.
    pub(crate) fn write<'r>(&self, room: &'r mut [u8]) -> &'r [u8] {
        let mut text = Lines { room, used: 0 };
        text.line(FORMAT_NAME, &[FORMAT.as_bytes()]);
        text.line(
            INFO,
            &[concat!("gapboot ", env!("CARGO_PKG_VERSION")).as_bytes()],
        );
        text.line(ENTRY_SELECTED, &[self.selected]);
        text.line(ENTRY_DEFAULT, &[self.default]);
        if let Some([directory, name]) = self.counted {
            text.line(BOOT_COUNT_PATH, &[directory, b"/", name]);
        }
        text.line(DEVICE_PART_UUID, &[self.partition.uuid(&mut [0; 36])]);
        for (name, ticks) in [(TIME_INIT, self.began), (TIME_EXEC, self.now)] {
            let time = TICK.wrapping_mul(ticks.into());
            text.line(name, &[decimal(time, &mut [0; 20])]);
        }
        let Lines { room, used } = text;
        room.get(..used).unwrap_or_default()
    }
}

struct Lines<'r> {
    room: &'r mut [u8],
    used: usize,
}

impl Lines<'_> {
    fn line(&mut self, name: &str, value: &[&[u8]]) {
        let mut parts: [&[u8]; 6] = [name.as_bytes(), b"=", b"", b"", b"", b"\n"];
        for (part, value) in parts.iter_mut().skip(2).zip(value) {
            *part = value;
        }
        let room = self.room.get_mut(self.used..DATA_SIZE);
        let line = room.and_then(|room| concat(room, &parts));
        self.used = self.used.wrapping_add(line.map_or(0, |line| line.len()));
    }
}
