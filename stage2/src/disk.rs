//! The boot disk, through the extended functions of INT 13h (Enhanced Disk
//! Drive specification).

use crate::bios::{self, Registers};
use boot::machine::{Disk, DiskError, Lba, Sector};
use layout::memory::{IO_BUFFER, MAX_TRANSFER_SECTORS};

/// EDD disk address packet. The padding is for BIOSes that write past its end.
#[repr(C, align(4))]
#[derive(Clone, Copy)]
struct Packet {
    size: u16,
    count: u16,
    offset: u16,
    segment: u16,
    lba: u64,
    padding: [u32; 4],
}

/// EDD drive parameters, up to the total size, with room for BIOSes that write
/// more than they say.
#[repr(C, align(4))]
#[derive(Clone, Copy)]
struct Parameters {
    size: u16,
    flags: u16,
    cylinders: u32,
    heads: u32,
    sectors_per_track: u32,
    sectors: u64,
    rest: [u32; 26],
}

/// In the low part: DS is 0, so structures of a BIOS call must lie below 64 KiB.
#[unsafe(link_section = ".low.bss")]
static mut PACKET: Packet = Packet {
    size: 0,
    count: 0,
    offset: 0,
    segment: 0,
    lba: 0,
    padding: [0; 4],
};
#[unsafe(link_section = ".low.bss")]
static mut PARAMETERS: Parameters = Parameters {
    size: 0,
    flags: 0,
    cylinders: 0,
    heads: 0,
    sectors_per_track: 0,
    sectors: 0,
    rest: [0; 26],
};

const READ: u8 = 0x42;
const WRITE: u8 = 0x43;

/// Status of a request beyond the end of the disk, the same as a BIOS would return:
/// sector not found.
const NOT_FOUND: u8 = 4;
/// Status of a read that needed error correction; the data are good.
const CORRECTED: u8 = 0x11;

/// The disk that the BIOS started.
pub(crate) struct BiosDisk {
    drive: u8,
    sectors: Option<u64>,
    /// The most sectors in one request: fewer after errors.
    limit: u32,
}

impl BiosDisk {
    /// The disk with BIOS number `drive`. Asks for its size once.
    pub(crate) fn new(drive: u8) -> Self {
        let mut disk = Self {
            drive,
            sectors: None,
            limit: MAX_TRANSFER_SECTORS,
        };
        // SAFETY: the parameters are a static of stage2, which nothing else
        // uses. It starts with zeros, because some BIOSes read `flags` on entry.
        unsafe {
            PARAMETERS.size = 30;
            let registers = disk.call(0x48, (&raw mut PARAMETERS).expose_provenance());
            let sectors = PARAMETERS.sectors;
            if !registers.carry() && sectors != 0 && sectors >> 48 == 0 {
                disk.sectors = Some(sectors);
            }
        }
        disk
    }

    /// Calls function `function` with DS:SI at `packet`.
    fn call(&self, function: u8, packet: usize) -> Registers {
        let mut registers = Registers::new(u32::from(function) << 8);
        registers.edx = u32::from(self.drive);
        registers.esi = packet as u32;
        // SAFETY: the callers pass packets of stage2 below 64 KiB, with room after them;
        // transfers go to and from the I/O buffer.
        unsafe { bios::call(0x13, &mut registers) };
        registers
    }

    /// Makes one request, which moves sectors between the disk and the I/O buffer.
    /// Returns the number of sectors moved.
    fn transfer(&mut self, function: u8, at: Lba, count: u32) -> Result<u32, DiskError> {
        // SAFETY: the packet is a static of stage2, which only this function
        // uses, between the calls of the BIOS.
        let (registers, moved) = unsafe {
            PACKET.size = 16;
            PACKET.count = count as u16;
            PACKET.offset = 0;
            PACKET.segment = (IO_BUFFER.start >> 4) as u16;
            PACKET.lba = at.0;
            let registers = self.call(function, (&raw mut PACKET).expose_provenance());
            (registers, u32::from(PACKET.count))
        };
        let status = registers.ah();
        if registers.carry() && status != CORRECTED {
            return Err(DiskError(status));
        }
        match moved {
            // Some firmware counts down in the packet, so 0 with success means all.
            0 if !registers.carry() => Ok(count),
            0 => Err(DiskError(status)),
            some => Ok(some.min(count)),
        }
    }

    /// Repeats the request with more and more care: as it is, after a reset, then
    /// shorter, at last a few times for one sector.
    fn persist(&mut self, function: u8, at: Lba, count: u32) -> Result<u32, DiskError> {
        let mut count = count.min(self.limit);
        let mut tries = 0;
        loop {
            match self.transfer(function, at, count) {
                Ok(moved) => return Ok(moved),
                Err(error) if count == 1 && tries >= 5 => return Err(error),
                Err(_) => {}
            }
            tries += 1;
            if tries >= 2 {
                self.call(0, 0);
            }
            if tries > 2 && count > 1 {
                count /= 2;
                self.limit = count;
                tries = 1;
            }
        }
    }

    /// The number of sectors, of `count` from `at` on, that exist. Some controllers hang
    /// when they are asked for sectors beyond the end.
    fn clamp(&self, at: Lba, count: u32) -> Result<u32, DiskError> {
        match self.sectors {
            None => Ok(count),
            Some(end) => match end.saturating_sub(at.0) {
                0 => Err(DiskError(NOT_FOUND)),
                left => Ok(left.min(u64::from(count)) as u32),
            },
        }
    }
}

impl Disk for BiosDisk {
    fn sectors(&self) -> Option<u64> {
        self.sectors
    }

    fn read(&mut self, at: Lba, count: u32) -> Result<&[u8], DiskError> {
        let count = self.clamp(at, count.min(MAX_TRANSFER_SECTORS))?;
        let moved = self.persist(READ, at, count)?;
        // SAFETY: `moved` is at most MAX_TRANSFER_SECTORS, which fit into the
        // I/O buffer; nobody writes there before the borrow of `self` ends.
        Ok(unsafe {
            core::slice::from_raw_parts(
                IO_BUFFER.start as *const u8,
                moved as usize * layout::disk::SECTOR,
            )
        })
    }

    fn write(&mut self, at: Lba, sector: &Sector) -> Result<(), DiskError> {
        self.clamp(at, 1)?;
        // SAFETY: the I/O buffer is not borrowed: a slice of it would keep
        // `self` borrowed.
        unsafe { *(IO_BUFFER.start as *mut Sector) = *sector };
        self.persist(WRITE, at, 1).map(|_| ())
    }
}
