//! Linux's kernels by their header, for either entry: by which it is entered, and which
//! memory it needs ("The Linux/x86 Boot Protocol", "The Real-Mode Kernel Header").
//!
//! The stub's own reading of such a header takes relocatable kernels of protocol 2.10
//! and later only; here old ones count too, and those that run at one address.

use stub::kernel::ADDRESSABLE;
use stub::memory::{Memory, PAGE, Range};
use stub::params::{
    LOADED_HIGH, XLF_CAN_BE_LOADED_ABOVE_4G, XLF_KERNEL_64, field, u8, u16, u32, u64,
};
use stub::problem::Problem;

use crate::error::{Error, UNKNOWN};

/// `HdrS`
const MAGIC: u32 = 0x5372_6448;
const BOOT_FLAG: u16 = 0xaa55;
const SECTOR: u64 = 512;
const FOUR_GIB: u64 = 1 << 32;

/// Versions of the protocol that brought what is read here. Loaders enter kernels of
/// 2.03 and later in 32 bits (GRUB does); older ones need their real-mode part.
mod since {
    pub(super) const ENTRY_32: u16 = 0x203;
    pub(super) const RELOCATABLE: u16 = 0x205;
    pub(super) const CMDLINE_SIZE: u16 = 0x206;
    pub(super) const INIT_SIZE: u16 = 0x20a;
    pub(super) const XLOADFLAGS: u16 = 0x20c;
}

/// The longest command line of kernels that do not say it, in bytes without the NUL.
const OLD_CMDLINE_SIZE: u32 = 255;
/// Memory that kernels take which do not say it, as a multiple of their size. (GRUB has
/// the same number.)
const OLD_GROWTH: u64 = 3;

/// The entry of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// In 32-bit protected mode, at its first byte.
    Protected,
    /// In 64-bit mode, 512 bytes after that.
    Long,
}

/// A kernel, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// Bytes of the real-mode part.
    pub(crate) setup: u64,
    /// Bytes of the protected-mode part.
    pub(crate) size: u64,
    /// The longest command line that the kernel takes, in bytes without the NUL.
    pub(crate) cmdline_size: u32,
    /// By which it is entered.
    pub(crate) entry: Entry,
    place: Place,
    /// Where it runs, unless it lies higher.
    preferred: u64,
    init_size: u64,
    initrd_max: u64,
    is_free_above_4_gib: bool,
}

/// Where a kernel may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At every multiple of this many bytes, a power of two.
    Anywhere(u64),
    /// At this address only.
    At(u64),
}

/// Where a kernel and its initrd go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The address of the kernel's protected-mode part.
    pub(crate) kernel: u64,
    /// The initrd's place; empty if there is none.
    pub(crate) initrd: Range,
}

impl Kernel {
    /// Reads the header in `image`, the first two sectors or more of a file of `length`
    /// bytes.
    ///
    /// # Errors
    /// It is not a bzImage, or one that can be entered in real mode only.
    pub(crate) fn parse(image: &[u8], length: u64) -> Result<Self, Error> {
        let version = u16(image, field::VERSION);
        if u32(image, field::MAGIC) != MAGIC
            || u16(image, field::BOOT_FLAG) != BOOT_FLAG
            || u8(image, field::LOADFLAGS) & LOADED_HIGH == 0
        {
            return Err(Error::text(UNKNOWN));
        }
        // 0 means four: old kernels have no such field.
        let sectors = match u8(image, field::SETUP_SECTS) {
            0 => 4,
            sectors => sectors,
        };
        let setup = SECTOR.saturating_mul(u64::from(sectors).saturating_add(1));
        let size = length.checked_sub(setup).filter(|size| *size != 0);
        let size = size.ok_or_else(|| Error::text(UNKNOWN))?;
        let has = |since| version >= since;
        let xloadflags = match has(since::XLOADFLAGS) {
            true => u16(image, field::XLOADFLAGS),
            false => 0,
        };
        let entry = match xloadflags & XLF_KERNEL_64 {
            0 => Entry::Protected,
            _ => Entry::Long,
        };
        let start = u32(image, field::CODE32_START);
        if entry == Entry::Protected && (!has(since::ENTRY_32) || start == 0) {
            return Err(Error::text(
                "this kernel can be entered in real mode only, for which it needs the BIOS: \
                 start it by a boot loader",
            ));
        }
        let place = place(image, version)?;
        Ok(Self {
            setup,
            size,
            cmdline_size: match has(since::CMDLINE_SIZE) {
                true => u32(image, field::CMDLINE_SIZE),
                false => OLD_CMDLINE_SIZE,
            },
            entry,
            place,
            preferred: match has(since::INIT_SIZE) {
                true => u64(image, field::PREF_ADDRESS),
                false => start.into(),
            },
            init_size: match has(since::INIT_SIZE) {
                true => u32(image, field::INIT_SIZE).into(),
                false => size.saturating_mul(OLD_GROWTH),
            },
            initrd_max: u32(image, field::INITRD_ADDR_MAX).into(),
            is_free_above_4_gib: entry == Entry::Long
                && xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G != 0,
        })
    }

    /// True if `kexec_file_load` takes such kernels: their 64-bit entry, at any address.
    pub(crate) fn suits_file_load(&self) -> bool {
        self.is_free_above_4_gib
    }

    /// Finds places in `memory`, which keeps them from then on.
    ///
    /// # Errors
    /// There is no room.
    pub(crate) fn plan(&self, initrd_size: u64, memory: &mut Memory) -> Result<Plan, Error> {
        let kernel = self.kernel_place(memory)?;
        for range in self.ranges(kernel) {
            memory.keep(range).map_err(problem)?;
        }
        let start = match initrd_size {
            0 => 0,
            size => memory
                .highest(size, self.initrd_limit())
                .ok_or_else(|| problem(Problem::NoRoomForInitrd))?,
        };
        let initrd = Range {
            start,
            size: initrd_size,
        };
        memory.keep(initrd).map_err(problem)?;
        Ok(Plan { kernel, initrd })
    }

    fn kernel_place(&self, memory: &Memory) -> Result<u64, Error> {
        let limit = match self.is_free_above_4_gib {
            true => ADDRESSABLE,
            false => FOUR_GIB,
        };
        let fits = |at| {
            let free = |range: Range| range.end() <= limit && memory.is_free(range);
            self.ranges(at).into_iter().all(free)
        };
        match self.place {
            Place::Anywhere(alignment) => memory
                .lowest(0, alignment, &fits)
                .ok_or_else(|| problem(Problem::NoRoomForKernel)),
            Place::At(at) if fits(at) => Ok(at),
            Place::At(at) => Err(Error::text(format!(
                "this kernel is not relocatable, and the memory at {at:#x}, where it has to lie, \
                 is not free on this machine: use a relocatable kernel"
            ))),
        }
    }

    /// What the kernel owns if it lies at `at`: what is loaded, and where it unpacks
    /// itself. Pages are filled as a whole.
    fn ranges(&self, at: u64) -> [Range; 2] {
        let runtime = match self.place {
            Place::Anywhere(_) => at.max(self.preferred),
            Place::At(_) => self.preferred,
        };
        [(at, self.size), (runtime, self.init_size)].map(|(start, size)| Range {
            start,
            size: size.checked_next_multiple_of(PAGE).unwrap_or(size),
        })
    }

    /// The first address after all that an initrd may fill.
    fn initrd_limit(&self) -> u64 {
        match self.is_free_above_4_gib {
            true => ADDRESSABLE,
            false => self.initrd_max.saturating_add(1),
        }
    }
}

/// Where a kernel may lie.
fn place(image: &[u8], version: u16) -> Result<Place, Error> {
    let damaged = || Error::text("the kernel's header is damaged: use another kernel");
    if version >= since::RELOCATABLE && u8(image, field::RELOCATABLE) != 0 {
        let alignment = u32(image, field::KERNEL_ALIGNMENT);
        return match alignment.is_power_of_two() {
            true => Ok(Place::Anywhere(u64::from(alignment).max(PAGE))),
            false => Err(damaged()),
        };
    }
    let start = u64::from(u32(image, field::CODE32_START));
    match start.is_multiple_of(PAGE) {
        true => Ok(Place::At(start)),
        false => Err(damaged()),
    }
}

/// The stub's words, where they fit.
fn problem(problem: Problem) -> Error {
    Error::text(problem.text())
}
