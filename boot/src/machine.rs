//! What the loader needs of a machine: a disk, memory, a console, a clock.
//!
//! stage2 implements these traits over the BIOS, `bootloader_emu` over a file,
//! a model of RAM and a terminal. They are generic parameters, one instance in
//! each program, so that they cost no dispatch. The jump into the kernel is not
//! among them: [`crate::boot`] returns a [`crate::Handoff`], and whoever called
//! it decides what to do with it.

use crate::memory_map::MemoryMap;

/// Number of a 512-byte sector, counted from the start of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lba(pub u64);

/// The bytes of one sector.
pub type Sector = [u8; layout::disk::SECTOR];

/// A disk of 512-byte sectors.
pub trait Disk {
    /// Sectors on the disk, where the firmware says so. Nothing is ever read
    /// beyond: some controllers hang when it is tried.
    fn sectors(&self) -> Option<u64>;

    /// Reads sectors from `at` on. `count` is 1 to
    /// [`layout::memory::MAX_TRANSFER_SECTORS`]. Gives a whole number of
    /// sectors: at least one, and fewer than `count` only where the firmware
    /// manages no more in one call.
    ///
    /// The bytes lie in the I/O buffer and are good until the next call.
    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError>;

    /// Writes one sector.
    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError>;
}

/// Why a disk request failed: the firmware's status (INT 13h, register AH).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskError(pub u8);

/// The memory that is loaded into.
pub trait Memory {
    /// The machine's usable memory.
    fn map(&self) -> &MemoryMap;

    /// Copies `bytes` to the physical address `at`.
    ///
    /// Callers write only to the ranges that [`layout::memory`] gives the
    /// kernel and to what [`crate::load`] placed in usable memory; the emulator
    /// refuses everything else.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), MemoryError>;
}

/// A write that the memory refuses. A bug in the loader, never a matter of
/// the disk's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryError;

/// Where the loader talks to a person.
pub trait Console {
    /// Prints text, ASCII or UTF-8; `\n` starts a new line.
    fn write(&mut self, text: &[u8]);
}

/// A whole machine. `parts` lends its pieces side by side.
pub trait Machine {
    /// The boot disk.
    type Disk: Disk;
    /// Memory.
    type Memory: Memory;
    /// Screen and serial line.
    type Console: Console;

    /// The pieces of the machine.
    fn parts(&mut self) -> (&mut Self::Disk, &mut Self::Memory, &mut Self::Console);

    /// True where the processor can run 64-bit kernels.
    fn long_mode(&self) -> bool;
}
