//! Whole boots: a disk in a machine, from the partition table to the handoff.

use crate::common::{TestDisk, archive};
use boot::handoff::Handoff;
use boot::{Ending, Kind, Workspace};
use emu::Machine;
use emu::console::Terminal;
use emu::disk::FileDisk;
use emu::memory::ModelMemory;

pub(crate) const OSREL: &[u8] = b"PRETTY_NAME=\"Test 1\"\nID=test\nVERSION_ID=1\n";

/// A machine at the jump into the kernel.
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) handoff: Handoff,
    pub(crate) machine: Machine,
}

impl Started {
    pub(crate) fn cmdline(&self) -> String {
        let line = self
            .machine
            .memory
            .loaded(0x1_f000, self.handoff.command_line_size);
        String::from_utf8(line.unwrap()).unwrap()
    }

    pub(crate) fn kernel(&self) -> Vec<u8> {
        let loaded = self
            .machine
            .memory
            .loaded(0x10_0000, self.handoff.kernel_size);
        loaded.unwrap()
    }

    pub(crate) fn initrd(&self) -> Vec<u8> {
        let Handoff {
            initrd_address,
            initrd_size,
            ..
        } = self.handoff;
        self.machine
            .memory
            .loaded(initrd_address, initrd_size)
            .unwrap()
    }

    pub(crate) fn reads(&self) -> usize {
        self.machine.disk.accesses.len()
    }
}

/// Boots an entry, the default one if `entry` is empty.
///
/// # Errors
/// All that was printed, and the last message.
pub(crate) fn start(disk: &TestDisk, entry: &str) -> Result<Started, String> {
    start_on(machine(disk), entry)
}

/// A machine with this disk.
pub(crate) fn machine(disk: &TestDisk) -> Machine {
    Machine {
        disk: FileDisk::open(&disk.image(), false).unwrap(),
        memory: ModelMemory::new(512),
        console: Terminal::default(),
    }
}

/// Boots an entry of the disk in this machine, as [`start`] does.
pub(crate) fn start_on(mut machine: Machine, entry: &str) -> Result<Started, String> {
    let mut workspace = Box::new(Workspace::EMPTY);
    let wish = Some(entry.as_bytes()).filter(|wish| !wish.is_empty());
    let overlay = machine.load_overlay();
    match boot::boot(&mut machine, &mut workspace, overlay, wish) {
        Ending::Start(handoff) => Ok(Started {
            id: String::from_utf8(workspace.chosen().to_vec()).unwrap(),
            handoff,
            machine,
        }),
        _ => {
            let message = String::from_utf8_lossy(workspace.message());
            Err(format!("{}\n{message}", machine.console))
        }
    }
}

/// Asserts that an entry does not boot, and that the last message says this.
pub(crate) fn fails(disk: &TestDisk, entry: &str, kind: Kind) {
    let screen = start(disk, entry).err().expect("it does not boot");
    let last = screen.lines().last().unwrap_or_default();
    assert!(last.contains(&says(kind)), "{entry}: {kind:?}: {screen}");
}

/// The text of an error, up to its first number.
pub(crate) fn says(kind: Kind) -> String {
    let mut text = String::new();
    boot::report::describe(boot::Error::new(kind, 0), &mut |piece| {
        text += std::str::from_utf8(piece).unwrap();
    });
    text.split('0').next().unwrap_or_default().to_owned()
}

/// A disk with the directories of both kinds of entries.
pub(crate) fn disk() -> TestDisk {
    let disk = TestDisk::fat32();
    for directory in ["EFI", "EFI/Linux", "loader", "loader/entries"] {
        disk.add_directory(directory);
    }
    disk
}

/// Pieces one after the other, each padded to four bytes.
pub(crate) fn padded(pieces: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in pieces {
        all.extend_from_slice(piece);
        all.resize(all.len().next_multiple_of(4), 0);
    }
    all
}

/// The archives of the files that an image passes on, one for each.
pub(crate) fn extra(files: &[(&str, &[u8])]) -> Vec<u8> {
    let one = |file: &(&str, &[u8])| archive(".extra", [0o555, 0o444], &[*file]);
    files.iter().flat_map(one).collect()
}
