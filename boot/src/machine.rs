//! The traits of a machine that the loader needs: a disk, memory, a console, a clock.
//!
//! stage2 implements these traits over the BIOS, `bootloader_emu` over a file,
//! a model of RAM and a terminal. They are generic parameters, one instance in
//! each program, so that they cost no dispatch. The jump into the kernel is not
//! among them: [`crate::boot`] returns a [`crate::Handoff`], and the caller decides
//! what to do with it.

use crate::memory_map::MemoryMap;

/// Number of a 512-byte sector, counted from the start of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lba(pub u64);

/// The bytes of one sector.
pub type Sector = [u8; layout::disk::SECTOR];

/// A disk of 512-byte sectors.
pub trait Disk {
    /// Sectors on the disk, where the firmware says so. The loader never reads beyond:
    /// some controllers hang when a sector there is read.
    fn sectors(&self) -> Option<u64>;

    /// Reads sectors from `at` on. `count` is 1 to
    /// [`layout::memory::MAX_TRANSFER_SECTORS`]. Gives a whole number of
    /// sectors: at least one, and fewer than `count` only where the firmware cannot
    /// transfer more in one call.
    ///
    /// The bytes lie in the I/O buffer and are valid until the next call.
    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError>;

    /// Writes one sector.
    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError>;
}

/// Why a disk request failed: the firmware's status (INT 13h, register AH).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskError(pub u8);

/// The memory that the kernel is loaded into.
pub trait Memory {
    /// The machine's usable memory.
    fn map(&self) -> &MemoryMap;

    /// Copies `bytes` to the physical address `at`, if [`MemoryMap::is_loadable`] says
    /// that the loader may write them there.
    ///
    /// # Errors
    /// [`MemoryError`], and nothing is written.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), MemoryError>;
}

/// A write that the memory refuses. That is a bug in the loader: no content of a disk
/// causes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryError;

/// Input from a person, in the machine's form. [`crate::menu::keys`] turns it into
/// keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key of the keyboard, as INT 16h reports it.
    Keyboard {
        /// Scan code, register AH.
        scan: u8,
        /// Character, register AL: 0 or E0h where the key has none.
        ascii: u8,
    },
    /// A byte from the serial line.
    Serial(u8),
}

/// Ticks of [`Console::ticks`] in a second, nearly.
pub const TICKS_PER_SECOND: u32 = 18;

/// Where the loader talks to a person: a screen, a serial line, or both, which
/// then show the same.
///
/// After [`Console::clear`], and at the start, text flows: lines follow each
/// other and the screen scrolls. After [`Console::move_to`] text stays where it is put:
/// the caller must not write more than fits into the line, nor write to the last column
/// of the last line.
pub trait Console {
    /// Prints text in UTF-8, whatever bytes it consists of: as whole characters, and
    /// nothing that could command a terminal ([`crate::text::character`]).
    fn write(&mut self, text: &[u8]);

    /// Starts a new line where text flows.
    fn new_line(&mut self);

    /// Beeps.
    fn beep(&mut self);

    /// Columns and lines that every output has: at least 40 and 10, at most 250.
    fn size(&self) -> (usize, usize);

    /// Gives the screen this many lines, 25 or 50, as near as it can, and empties
    /// it. Terminals at the end of a serial line keep the size they have, and so
    /// does a console that has one.
    fn resize(&mut self, lines: u8);

    /// Empties the screen. Text flows from its first line on.
    fn clear(&mut self);

    /// Text goes to this column and line, both counted from 0.
    fn move_to(&mut self, column: usize, line: usize);

    /// Empties the line from the place of the next character on.
    fn clear_to_end(&mut self);

    /// Text is highlighted from now on, or no longer.
    fn highlight(&mut self, on: bool);

    /// Shows the cursor, or hides it.
    fn cursor(&mut self, visible: bool);

    /// The next input. Waits `ticks` ticks of 1/18.2 s (0: only looks whether there is
    /// input), or for ever. None if no input came in that time, or if no input will
    /// ever come.
    fn key(&mut self, ticks: Option<u32>) -> Option<Input>;

    /// The clock: ticks since midnight.
    fn ticks(&self) -> u32;
}

/// A whole machine. `parts` lends all its pieces at the same time.
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
