//! A BIOS with faults of our choice, on a floppy disk that any machine can boot:
//! see `tests/firmware`. This BIOS fills memory with garbage, stays between the machine's
//! own BIOS and the loader, and starts the boot sector of a hard disk.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

const FLOPPY: usize = 1_474_560;
/// Bytes of the floppy disk that can be loaded: the first track.
const TRACK: usize = 18 * 512;

/// Things that a BIOS may do to its caller, and faults of BIOSes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Fault {
    /// Changes every register that holds no result, with its upper half, the
    /// segments but CS and SS, the upper half of ESP and the direction flag.
    Clobber = 1,
    /// Returns with interrupts off.
    InterruptsOff = 2,
    /// Returns with interrupts on.
    InterruptsOn = 4,
    /// Leaves a GDT and an IDT register of its own and segment limits of 4 GiB.
    Tables = 8,
    /// Shuts the A20 gate in every call, and says that it is open when told to
    /// open it.
    A20 = 0x10,
    /// Ends the memory map with the carry flag, one call too late.
    MapEndsByCarry = 0x20,
    /// Every other read succeeds with status 11h, "corrected".
    Corrected = 0x40,
    /// Counts a packet's sectors down to 0, and writes 16 bytes after the packet.
    Packet = 0x80,
    /// Always reports one more key.
    Keys = 0x100,
    /// Forgets `SMAP` in the second range of the map.
    MapSignature = 0x200,
    /// Says that the disk has 0 sectors.
    DiskSize = 0x400,
    /// Says the sizes of memory (INT 15h, AX=E801h) in AX and BX alone.
    NotConfigured = 0x800,
    /// Says them in CX and DX alone.
    NotPresent = 0x1000,
    /// Does not have INT 15h AH=88h, which it says by the carry flag.
    NoOldestSize = 0x2000,
    /// The faults of INT 15h are for kernels only: the boot loader sees none of them.
    KernelsOnly = 0x4000,
}

/// A range of memory: start, size, type, attributes of ACPI 3.
pub type Range = (u64, u64, u32, u32);

/// The differences of the faulty BIOS from the machine's own BIOS.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// The disk that it starts.
    pub drive: u8,
    /// The disk that this BIOS names in DL.
    pub drive_named: u8,
    /// A function of INT 13h, in AH, that this BIOS does not have.
    pub no_disk_function: Option<u8>,
    /// Functions of INT 15h, in AX, that this BIOS does not have.
    pub no_system_functions: [Option<u16>; 2],
    /// Faults of a kind.
    pub faults: &'static [Fault],
    /// The first reads, this number of them, fail.
    pub fail_first: u16,
    /// After those, one read in this number fails.
    pub fail_every: u16,
    /// Requests for more sectors fail.
    pub most_sectors: u16,
    /// Requests for more sectors move only this number.
    pub moved_sectors: u16,
    /// Bytes of stack that INT 13h needs.
    pub stack: u16,
    /// The answer of INT 12h, in KiB.
    pub low_memory: u16,
    /// The segment that the EBDA moves to; 0: it does not move.
    pub ebda: u16,
    /// The segment of the faulty BIOS itself: nobody may write to memory from here on.
    pub segment: u16,
    /// Bytes of a range that AX=E820h writes: 20 or 24.
    pub map_size: u8,
    /// Its memory map; if empty, that of the machine's BIOS.
    pub map: Vec<Range>,
}

impl Firmware {
    /// A BIOS without a fault. Low memory ends at 576 KiB, where this BIOS itself lies.
    pub fn new() -> Self {
        Self {
            drive: 0x80,
            drive_named: 0x80,
            no_disk_function: None,
            no_system_functions: [None; 2],
            faults: &[],
            fail_first: 0,
            fail_every: 0,
            most_sectors: u16::MAX,
            moved_sectors: u16::MAX,
            stack: 0,
            low_memory: 576,
            ebda: 0,
            segment: 0x9000,
            map_size: 20,
            map: Vec::new(),
        }
    }

    /// With these faults.
    pub fn with(faults: &'static [Fault]) -> Self {
        Self {
            faults,
            ..Self::new()
        }
    }

    /// Writes the floppy disk. `tests/firmware/src/install.s` defines the
    /// order of the fields that are filled in.
    pub fn write(&self, floppy: &Path) -> Result<()> {
        let mut program = program()?;
        for &(start, size, kind, attributes) in &self.map {
            program.extend(start.to_le_bytes());
            program.extend(size.to_le_bytes());
            program.extend(kind.to_le_bytes());
            program.extend(attributes.to_le_bytes());
        }
        ensure!(program.len() <= TRACK, "a memory map of too many ranges");
        let sectors = program.len().div_ceil(512);
        let faults = self.faults.iter().fold(0, |all, &fault| all | fault as u16);
        // No program calls these numbers.
        let no_disk = self.no_disk_function.unwrap_or(0xff);
        let no_system = self
            .no_system_functions
            .map(|function| function.unwrap_or(0xffff));

        let mut parameters = vec![sectors as u8, self.drive, self.drive_named, no_disk];
        for word in no_system.into_iter().chain([
            self.segment,
            self.low_memory,
            self.ebda,
            self.fail_first,
            self.fail_every,
            self.most_sectors,
            self.moved_sectors,
            self.stack / 2,
            faults,
        ]) {
            parameters.extend(word.to_le_bytes());
        }
        parameters.extend([self.map_size, self.map.len() as u8]);
        program[4..][..parameters.len()].copy_from_slice(&parameters);
        program.resize(FLOPPY, 0);
        std::fs::write(floppy, program).with_context(|| format!("writing {}", floppy.display()))
    }
}

impl Default for Firmware {
    fn default() -> Self {
        Self::new()
    }
}

/// The program as it was built.
fn program() -> Result<Vec<u8>> {
    let path = std::env::var_os("GAPBOOT_FIRMWARE").map_or_else(
        || crate::root().join("target/image/firmware.bin"),
        PathBuf::from,
    );
    std::fs::read(&path).with_context(|| {
        format!(
            "no hostile firmware at {}: run `./x test`, which builds it",
            path.display()
        )
    })
}
