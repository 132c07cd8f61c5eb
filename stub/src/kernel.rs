//! The kernel inside the file: what its setup header says, and the modes in
//! which it can be entered.

use crate::memory::{PAGE, Range};
use crate::params::{
    LOADED_HIGH, XLF_CAN_BE_LOADED_ABOVE_4G, XLF_KERNEL_64, field, u8, u16, u32, u64,
};
use crate::problem::Problem;

/// The mode in which the stub was entered, and in which it enters the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Real mode.
    Real,
    /// 32-bit protected mode.
    Protected,
    /// 64-bit mode.
    Long,
}

/// A bzImage inside the file, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InnerKernel {
    /// Bytes of the real-mode part.
    pub setup: u64,
    /// Bytes of the protected-mode part.
    pub size: u64,
    /// Bytes of memory that the real-mode part needs, without room for more
    /// heap.
    pub footprint: u32,
    /// The longest command line that the kernel takes, in bytes without the NUL.
    pub cmdline_size: u32,
    alignment: u64,
    preferred: u64,
    init_size: u64,
    initrd_max: u64,
    xloadflags: u16,
}

/// `HdrS`
const MAGIC: u32 = 0x5372_6448;
const BOOT_FLAG: u16 = 0xaa55;
/// The first version with `init_size`.
const VERSION_MIN: u16 = 0x20a;
/// The first version with `xloadflags`.
const VERSION_XLOADFLAGS: u16 = 0x20c;
const SECTOR: u64 = 512;
/// `heap_end_ptr` is an offset from this one in the real-mode part.
const HEAP_BASE: u32 = 0x200;

/// The end of the memory that the stub's page tables can map one to one with
/// four levels: the lower half of all addresses.
pub const ADDRESSABLE: u64 = 1 << 47;
/// The end of the memory that every mode can address.
const FOUR_GIB: u64 = 1 << 32;

impl InnerKernel {
    /// Reads the header in `image`, the first two sectors or more of a bzImage
    /// of `length` bytes.
    ///
    /// # Errors
    /// [`Problem::NoKernel`] if it is not a bzImage of version 2.10 or later;
    /// [`Problem::NotRelocatable`].
    pub fn parse(image: &[u8], length: u64) -> Result<Self, Problem> {
        let version = u16(image, field::VERSION);
        if u32(image, field::MAGIC) != MAGIC
            || u16(image, field::BOOT_FLAG) != BOOT_FLAG
            || version < VERSION_MIN
            || u8(image, field::LOADFLAGS) & LOADED_HIGH == 0
        {
            return Err(Problem::NoKernel);
        }
        if u8(image, field::RELOCATABLE) == 0 {
            return Err(Problem::NotRelocatable);
        }
        // 0 means four: old kernels have no such field.
        let sectors = match u8(image, field::SETUP_SECTS) {
            0 => 4,
            sectors => sectors,
        };
        let setup = SECTOR.saturating_mul(u64::from(sectors).saturating_add(1));
        let size = length.checked_sub(setup).filter(|size| *size != 0);
        let alignment = u32(image, field::KERNEL_ALIGNMENT);
        if !alignment.is_power_of_two() {
            return Err(Problem::NoKernel);
        }
        Ok(Self {
            setup,
            size: size.ok_or(Problem::NoKernel)?,
            footprint: u32::from(u16(image, field::HEAP_END_PTR)).saturating_add(HEAP_BASE),
            cmdline_size: u32(image, field::CMDLINE_SIZE),
            alignment: u64::from(alignment).max(PAGE),
            preferred: u64(image, field::PREF_ADDRESS),
            init_size: u32(image, field::INIT_SIZE).into(),
            initrd_max: u32(image, field::INITRD_ADDR_MAX).into(),
            xloadflags: match version {
                VERSION_XLOADFLAGS.. => u16(image, field::XLOADFLAGS),
                _ => 0,
            },
        })
    }

    /// True if the kernel has a 64-bit entry.
    pub fn has_64_bit_entry(&self) -> bool {
        self.has(XLF_KERNEL_64)
    }

    /// The kernel lies at a multiple of this many bytes, a power of two.
    pub fn alignment(&self) -> u64 {
        self.alignment
    }

    /// The ranges that the kernel owns if it is loaded to `at`: what is loaded,
    /// and where it unpacks itself.
    pub fn ranges(&self, at: u64) -> [Range; 2] {
        let loaded = Range {
            start: at,
            size: self.size,
        };
        let runtime = Range {
            start: at.max(self.preferred),
            size: self.init_size,
        };
        [loaded, runtime]
    }

    /// The first address after all that the kernel may own.
    pub fn limit(&self, mode: Mode) -> u64 {
        if self.may_lie_above_4_gib(mode) {
            ADDRESSABLE
        } else {
            FOUR_GIB
        }
    }

    /// The first address after all that an initrd may fill.
    pub fn initrd_limit(&self, mode: Mode) -> u64 {
        if self.may_lie_above_4_gib(mode) {
            ADDRESSABLE
        } else {
            self.initrd_max.saturating_add(1)
        }
    }

    fn may_lie_above_4_gib(&self, mode: Mode) -> bool {
        mode == Mode::Long && self.has(XLF_CAN_BE_LOADED_ABOVE_4G)
    }

    fn has(&self, flags: u16) -> bool {
        self.xloadflags & flags == flags
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::vec;

    const MIB: u64 = 1 << 20;

    /// Debian's 6.1 kernel, in the numbers that matter.
    pub(crate) fn debian() -> InnerKernel {
        let mut image = vec![0; 1024];
        let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
        put(field::SETUP_SECTS, &[39]);
        put(field::BOOT_FLAG, &[0x55, 0xaa]);
        put(field::MAGIC, b"HdrS");
        put(field::VERSION, &0x20f_u16.to_le_bytes());
        put(field::LOADFLAGS, &[1]);
        put(field::HEAP_END_PTR, &0x5be0_u16.to_le_bytes());
        put(field::INITRD_ADDR_MAX, &0x7fff_ffff_u32.to_le_bytes());
        put(field::KERNEL_ALIGNMENT, &0x20_0000_u32.to_le_bytes());
        put(field::RELOCATABLE, &[1]);
        put(field::XLOADFLAGS, &0x7f_u16.to_le_bytes());
        put(field::CMDLINE_SIZE, &2047_u32.to_le_bytes());
        put(field::PREF_ADDRESS, &0x100_0000_u64.to_le_bytes());
        put(field::INIT_SIZE, &0x3f9_8000_u32.to_le_bytes());
        InnerKernel::parse(&image, 8 * MIB).unwrap()
    }

    #[test]
    fn the_header() {
        let kernel = debian();
        assert_eq!((kernel.setup, kernel.size), (0x5000, 8 * MIB - 0x5000));
        assert_eq!(kernel.footprint, 0x5de0);
        let runtime = Range {
            start: 16 * MIB,
            size: 0x3f9_8000,
        };
        assert_eq!(kernel.ranges(MIB)[1], runtime);
        assert_eq!(InnerKernel::parse(&[0; 1024], MIB), Err(Problem::NoKernel));
    }
}
