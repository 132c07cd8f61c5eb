//! A machine for the boot loader that is only a program: the disk is a file,
//! memory a model, the console a terminal without a person.
//!
//! `bootloader_emu` runs the very code of stage2 on it, from the partition table
//! to the handoff, and shows the data that the kernel would get. The model of
//! memory refuses what a machine refuses, and notes what no plan of the loader has.
//!
//! | module | what is in it |
//! |---|---|
//! | [`disk`] | an image file or a block device as a disk |
//! | [`memory`] | a memory map, and all bytes that were loaded |
//! | [`console`] | a terminal, and a person who types |
//! | [`script`] | the keys that this person types |
//! | [`report`] | the handoff, checked, as JSON |

#![forbid(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

pub mod console;
pub mod disk;
pub mod memory;
pub mod report;
pub mod script;

use boot::memory_map::MemoryMap;
use boot::overlay::{self, Overlay};
use console::Terminal;
use disk::FileDisk;
use memory::ModelMemory;

/// The machine.
pub struct Machine {
    /// The boot disk.
    pub disk: FileDisk,
    /// Memory.
    pub memory: ModelMemory,
    /// The terminal, which is a serial line.
    pub console: Terminal,
}

impl boot::machine::Machine for Machine {
    type Disk = FileDisk;
    type Memory = ModelMemory;
    type Console = Terminal;

    fn parts(&mut self) -> (&mut FileDisk, &mut ModelMemory, &mut Terminal) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        true
    }
}

impl Machine {
    /// Loads the overlay of the stage2 that is installed on the disk, as the machine
    /// would: before it knows its memory map. A disk without one boots by what is in this
    /// program.
    ///
    /// # Errors
    /// Those of [`overlay::load`].
    pub fn load_overlay(&mut self) -> Result<Overlay, boot::Error> {
        let mut memory = ModelMemory::with_map(MemoryMap::new());
        match self.disk.build() {
            Some(build) => overlay::load(&mut self.disk, &mut memory, build),
            None => Ok(Overlay::linked()),
        }
    }
}
