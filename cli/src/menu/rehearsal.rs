//! What a machine would boot from a disk: the loader's own boot, without the jump.
//!
//! The loader runs on a machine that is only a value. Its memory takes everything, its
//! console has nobody at it, and what it writes to the disk stays here. So the answer
//! is the loader's own: it finds the partition, chooses the entry, counts the attempt
//! and loads the kernel and its initrds, as on a machine with a 64-bit processor and 3
//! GiB of memory.

use std::collections::BTreeMap;
use std::mem::take;

use boot::machine::{self, DiskError, Input, Lba, MemoryError, Sector, TICKS_PER_SECOND};
use boot::memory_map::MemoryMap;
use boot::overlay::Overlay;
use boot::{Ending, Kind, Workspace};
use layout::disk::{OVERLAY_LBA, SECTOR};

use super::text::string;
use crate::disk::Sectors;
use crate::disk::reader::Reader;

/// Boots in a row that end in a restart. An entry that fails loses an attempt at each
/// of them, until another one boots; more attempts than this are rare.
const RESTARTS: usize = 10;
/// The machine's memory, in bytes: where RAM ends on most machines of 4 GiB and more.
const MEMORY: u64 = 3 << 30;
/// Where low memory ends on most machines.
const LOW_MEMORY: u64 = 0x9_f000;
/// The key that boots the entry that is selected in the menu.
const ENTER: u8 = b'\r';

/// The outcome of a rehearsal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// The id of the entry that boots when nobody chooses; none if none does.
    pub entry: Option<String>,
    /// What the loader says on the way.
    pub messages: Vec<String>,
}

impl Rehearsal {
    /// Lets the loader boot from `disk`, with its overlay or without.
    pub fn of(disk: impl Sectors, has_overlay: bool) -> Self {
        let mut machine = Machine {
            disk: Stage {
                disk: Reader::new(disk),
                written: BTreeMap::new(),
                buffer: Vec::new(),
            },
            memory: Memory(memory_map()),
            console: Console::default(),
        };
        let mut rehearsal = Self::default();
        for _ in 0..RESTARTS {
            let overlay = match has_overlay {
                true => Ok(Overlay::linked()),
                false => Err(boot::Error::new(Kind::OverlayDamaged, OVERLAY_LBA)),
            };
            let mut workspace = Box::new(Workspace::EMPTY);
            let ending = boot::boot(&mut machine, &mut workspace, overlay, None);
            rehearsal.messages.extend(machine.console.messages());
            let id = string(workspace.chosen());
            match ending {
                Ending::Start(_) => rehearsal.entry = Some(id),
                Ending::Reboot => continue,
                Ending::PowerOff(_) => rehearsal.say("the default entry powers the machine off."),
                Ending::Quit | Ending::Failed => {}
            }
            break;
        }
        rehearsal.messages.dedup();
        rehearsal
    }

    fn say(&mut self, message: &str) {
        self.messages.push(message.to_owned());
    }
}

/// RAM without holes, as far as the loader uses it.
fn memory_map() -> Box<MemoryMap> {
    let mut map = Box::new(MemoryMap::new());
    map.add(0, LOW_MEMORY, true);
    map.add(1 << 20, MEMORY.saturating_sub(1 << 20), true);
    map
}

struct Machine<S> {
    disk: Stage<S>,
    memory: Memory,
    console: Console,
}

impl<S: Sectors> machine::Machine for Machine<S> {
    type Disk = Stage<S>;
    type Memory = Memory;
    type Console = Console;

    fn parts(&mut self) -> (&mut Stage<S>, &mut Memory, &mut Console) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        true
    }
}

/// The disk, with the sectors that the loader has written.
struct Stage<S> {
    disk: Reader<S>,
    written: BTreeMap<u64, Sector>,
    buffer: Vec<u8>,
}

impl<S: Sectors> machine::Disk for Stage<S> {
    fn sectors(&self) -> Option<u64> {
        self.disk.sectors()
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let end = at.0.saturating_add(count.into());
        if self.written.range(at.0..end).next().is_none() {
            return self.disk.read(at, count);
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(self.disk.read(at, count)?);
        for (at, sector) in (at.0..).zip(self.buffer.chunks_exact_mut(SECTOR)) {
            if let Some(written) = self.written.get(&at) {
                sector.copy_from_slice(written);
            }
        }
        Ok(&self.buffer)
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        self.written.insert(at.0, *sector);
        Ok(())
    }
}

/// Memory that forgets what is written.
struct Memory(Box<MemoryMap>);

impl machine::Memory for Memory {
    fn map(&self) -> &MemoryMap {
        &self.0
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), MemoryError> {
        Ok(())
    }
}

/// A console that nobody looks at: time passes as soon as somebody waits.
#[derive(Default)]
struct Console {
    text: Vec<u8>,
    ticks: u32,
}

impl Console {
    /// The loader's messages since the last call.
    fn messages(&mut self) -> Vec<String> {
        let text = string(&take(&mut self.text));
        let messages = text
            .lines()
            .filter_map(|line| line.strip_prefix("gapboot: "));
        let printable = |message: &str| message.replace(char::is_control, "?");
        messages.map(printable).collect()
    }
}

impl machine::Console for Console {
    fn write(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    fn new_line(&mut self) {
        self.text.push(b'\n');
    }

    fn size(&self) -> (usize, usize) {
        (80, 25)
    }

    fn resize(&mut self, _: u8) {}
    /// The text before stays: it is the loader's report.
    fn clear(&mut self) {
        self.new_line();
    }
    fn move_to(&mut self, _: usize, _: usize) {
        self.new_line();
    }
    fn clear_to_end(&mut self) {}
    fn highlight(&mut self, _: bool) {}
    fn cursor(&mut self, _: bool) {}
    fn beep(&mut self) {}

    fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
        let ticks = ticks?;
        self.ticks = self.ticks.wrapping_add(ticks);
        // A menu counts down second by second, perhaps for years.
        (ticks == TICKS_PER_SECOND).then_some(Input::Serial(ENTER))
    }

    fn ticks(&self) -> u32 {
        self.ticks
    }
}
