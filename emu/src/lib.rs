//! A machine for the boot loader that is only a program: the disk is a file,
//! memory a model, the console a terminal without a person.
//!
//! `bootloader_emu` runs the very code of stage2 on it, from the partition table
//! to the handoff, and shows what the kernel would have been given. What the
//! model is strict about (see [`memory`]) is what a real machine would let pass,
//! to crash later.

#![forbid(unsafe_code)]

pub mod console;
pub mod disk;
pub mod memory;
pub mod report;
pub mod script;

use console::Terminal;
use disk::FileDisk;
use memory::ModelMemory;

/// The machine.
pub struct Machine {
    /// The boot disk.
    pub disk: FileDisk,
    /// Memory.
    pub memory: ModelMemory,
    /// Terminal and serial line.
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

    fn build(&self) -> Option<boot::machine::Build> {
        self.disk.build()
    }
}
