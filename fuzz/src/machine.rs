//! A whole machine. Its boot must end well, whatever is on its disk.

use crate::disk::MemoryDisk;
use crate::fat::Format;
use boot::disk::mbr::{BOOT, SIGNATURE};
use boot::machine::Machine;
use boot::memory_map::MemoryMap;
use boot::overlay::Overlay;
use boot::{Ending, Handoff, Workspace};
use emu::console::Terminal;
use emu::memory::{ModelMemory, SMALLEST};
use emu::report::report;
use layout::disk::SECTOR;
use std::cell::RefCell;

/// First sector of the partition on the disks of [`FuzzMachine::with_files`].
pub const FIRST: usize = 16;
/// Requests that a boot from one of these disks may take.
const BUDGET: u32 = 200_000;

/// A disk, memory, and a terminal with the keys that are typed there.
pub struct FuzzMachine {
    /// The disk that is booted.
    pub disk: MemoryDisk,
    /// The memory that the loader writes to.
    pub memory: ModelMemory,
    /// The terminal.
    pub console: Terminal,
    /// True if the processor can run 64-bit kernels.
    pub long_mode: bool,
}

impl FuzzMachine {
    /// A 64-bit machine with this disk and `mib` MiB of memory.
    pub fn new(disk: MemoryDisk, mib: u32) -> Self {
        Self {
            disk,
            memory: ModelMemory::new(mib),
            console: Terminal::default(),
            long_mode: true,
        }
    }

    /// A machine whose memory ends where this plan ends, which has an initrd.
    pub fn with_memory_for(disk: MemoryDisk, plan: &Handoff) -> Self {
        let end = u64::from(plan.initrd_address) + u64::from(plan.initrd_size);
        let mut map = MemoryMap::new();
        map.add(0, end, true);
        map.add(0xa_0000, 0x6_0000, false);
        Self {
            memory: ModelMemory::with_map(map),
            ..Self::new(disk, SMALLEST)
        }
    }

    /// A machine with these files on its disk. The disk has an MBR, because making
    /// a GPT takes longer.
    pub fn with_files(format: Format, files: &[(&str, &[u8])]) -> Self {
        Self::new(disk(&image(format, files), format), 64)
    }

    /// Boots, and asserts that the boot ends in a handoff, in a message, or as the
    /// person or `loader.conf` wants it. Returns the ending, and the id of the entry
    /// that was chosen last.
    pub fn boot(&mut self) -> (Ending, String) {
        thread_local! {
            // Kept between boots, because allocating its pages takes longer than a boot.
            static WORKSPACE: RefCell<Box<Workspace>> = RefCell::new(Box::new(Workspace::EMPTY));
        }
        WORKSPACE.with_borrow_mut(|workspace| {
            **workspace = Workspace::EMPTY;
            self.boot_with(workspace)
        })
    }

    fn boot_with(&mut self, workspace: &mut Workspace) -> (Ending, String) {
        let ending = boot::boot(self, workspace, Ok(Overlay::linked()), None);
        assert_eq!(self.memory.fault, None, "the load keeps to its plan");
        let id = String::from_utf8_lossy(workspace.chosen()).into_owned();
        match &ending {
            Ending::Start(handoff) => {
                report(&id, handoff, &self.memory).expect("a handoff that is right");
            }
            Ending::Failed => {
                let said = String::from_utf8_lossy(workspace.message());
                assert!(said.ends_with('.'), "{said:?}");
            }
            Ending::PowerOff(_) | Ending::Reboot | Ending::Quit => {}
        }
        (ending, id)
    }
}

/// The first bytes of a disk with these files.
pub fn image(format: Format, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut disk = vec![0; FIRST * SECTOR];
    let entry = &mut disk[446..462];
    entry[4] = BOOT;
    entry[8..12].copy_from_slice(&(FIRST as u32).to_le_bytes());
    entry[12..].copy_from_slice(&format.sectors().to_le_bytes());
    disk[510..SECTOR].copy_from_slice(&SIGNATURE);
    disk.extend(format.image(files));
    disk
}

/// The disk that begins with the bytes of [`image`].
pub fn disk(image: &[u8], format: Format) -> MemoryDisk {
    MemoryDisk::new(image, FIRST as u64 + u64::from(format.sectors()), BUDGET)
}

impl Machine for FuzzMachine {
    type Disk = MemoryDisk;
    type Memory = ModelMemory;
    type Console = Terminal;

    fn parts(&mut self) -> (&mut MemoryDisk, &mut ModelMemory, &mut Terminal) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        self.long_mode
    }
}
