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

/// The offset of the field `kernel_version`.
const NAME: usize = 0x20e;
/// How SYSLINUX's memdisk names itself. Its header is that of a kernel that can be entered
/// in 32 bits, but it runs by the BIOS.
const MEMDISK: &[u8] = b"MEMDISK";

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

/// The name and version of a kernel, and what follows; nothing if `image` ends before.
fn name(image: &[u8]) -> &[u8] {
    let at = usize::from(u16(image, NAME)).saturating_add(0x200);
    image.get(at..).unwrap_or_default()
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
        if name(image).starts_with(MEMDISK) {
            return Err(Error::text(
                "it is SYSLINUX's memdisk, which needs the BIOS: start it by a boot loader",
            ));
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

#[cfg(test)]
mod tests {
    use super::*;
    use stub::params::put;

    const MIB: u64 = 1 << 20;

    /// A header with what all kernels have, and these fields.
    fn header(version: u16, fields: &[(usize, u64, usize)]) -> Vec<u8> {
        let mut image = vec![0; 1024];
        put(&mut image, field::BOOT_FLAG, &[0x55, 0xaa]);
        put(&mut image, field::MAGIC, b"HdrS");
        put(&mut image, field::VERSION, &version.to_le_bytes());
        put(&mut image, field::LOADFLAGS, &[1]);
        put(&mut image, field::CODE32_START, &[0, 0, 0x10, 0]);
        put(
            &mut image,
            field::INITRD_ADDR_MAX,
            &[0xff, 0xff, 0xff, 0x37],
        );
        for (at, value, size) in fields {
            put(&mut image, *at, &value.to_le_bytes()[..*size]);
        }
        image
    }

    /// Debian's i386 kernel, in the numbers that matter.
    fn debian_32() -> Vec<u8> {
        header(
            0x20f,
            &[
                (field::KERNEL_ALIGNMENT, 16 * MIB, 4),
                (field::RELOCATABLE, 1, 1),
                (field::XLOADFLAGS, 4, 2),
                (field::CMDLINE_SIZE, 2047, 4),
                (field::PREF_ADDRESS, 16 * MIB, 8),
                (field::INIT_SIZE, 0x100_c000, 4),
            ],
        )
    }

    /// memtest86+, of 32 or 64 bits.
    fn memtest(xloadflags: u64) -> Vec<u8> {
        header(
            0x20c,
            &[
                (field::KERNEL_ALIGNMENT, 0x1000, 4),
                (field::XLOADFLAGS, xloadflags, 2),
                (field::CMDLINE_SIZE, 255, 4),
                (field::PREF_ADDRESS, MIB, 8),
                (field::INIT_SIZE, 0x6_87f8, 4),
                (field::INITRD_ADDR_MAX, 0xffff_ffff, 4),
            ],
        )
    }

    fn machine(size: u64) -> Memory {
        let mut memory = Memory::new();
        let range = |start, size| Range { start, size };
        memory.add(range(0, 0x9_fc00), true);
        memory.add(range(MIB, size - MIB), true);
        memory
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_relocatable_kernel_of_32_bits() {
        let kernel = Kernel::parse(&debian_32(), 5 * MIB).unwrap();
        assert_eq!((kernel.entry, kernel.setup), (Entry::Protected, 2560));
        assert!(!kernel.suits_file_load());
        let plan = kernel.plan(30 * MIB + 1, &mut machine(2048 * MIB)).unwrap();
        assert_eq!(plan.kernel, 16 * MIB);
        assert_eq!(
            plan.initrd.start,
            0x3800_0000 - 30 * MIB - 0x1000,
            "its limit"
        );
        let mut crowded = machine(2048 * MIB);
        let hole = Range {
            start: 20 * MIB,
            size: 1,
        };
        crowded.add(hole, false);
        assert_eq!(kernel.plan(0, &mut crowded).unwrap().kernel, 32 * MIB);
        let text = refusal(kernel.plan(0, &mut machine(30 * MIB)));
        assert!(text.contains("no free memory"), "{text}");
        let text = refusal(kernel.plan(40 * MIB, &mut machine(64 * MIB)));
        assert!(text.contains("initrd"), "{text}");
    }

    #[test]
    fn a_kernel_that_lies_at_one_address() {
        for (flags, entry) in [(4, Entry::Protected), (9, Entry::Long)] {
            let kernel = Kernel::parse(&memtest(flags), 138_712).unwrap();
            assert_eq!(kernel.entry, entry);
            assert!(!kernel.suits_file_load());
            let plan = kernel.plan(0, &mut machine(64 * MIB)).unwrap();
            assert_eq!((plan.kernel, plan.initrd), (MIB, Range::default()));
            let mut crowded = machine(64 * MIB);
            let hole = Range {
                start: MIB + 0x6_8fff,
                size: 1,
            };
            crowded.add(hole, false);
            let text = refusal(kernel.plan(0, &mut crowded));
            assert!(
                text.contains("not relocatable, and the memory at 0x100000"),
                "{text}"
            );
        }
    }

    #[test]
    fn old_kernels_say_less() {
        let lies = [(field::CMDLINE_SIZE, 9, 4), (field::INIT_SIZE, 9, 4)];
        let kernel = Kernel::parse(&header(0x203, &lies), 2560 + MIB).unwrap();
        assert_eq!((kernel.cmdline_size, kernel.init_size), (255, 3 * MIB));
        assert_eq!(kernel.ranges(MIB)[1].start, MIB);
    }

    #[test]
    fn the_call_of_a_kernel() {
        for (flags, suits) in [(0, false), (1, false), (2, false), (3, true)] {
            let mut image = debian_32();
            put(&mut image, field::XLOADFLAGS, &[flags]);
            let kernel = Kernel::parse(&image, 5 * MIB).unwrap();
            assert_eq!(kernel.suits_file_load(), suits, "{flags}");
        }
    }

    #[test]
    fn what_is_refused() {
        let reason = |image: &[u8]| refusal(Kernel::parse(image, MIB));
        let with = |at, value, size| header(0x20f, &[(at, value, size)]);
        assert!(reason(&[]).contains("no kernel"));
        assert!(reason(&with(field::MAGIC, 0, 1)).contains("no kernel"));
        assert!(
            reason(&with(field::LOADFLAGS, 0, 1)).contains("no kernel"),
            "zImage"
        );
        assert!(refusal(Kernel::parse(&debian_32(), 2560)).contains("no kernel"));
        assert!(reason(&header(0x202, &[])).contains("real mode only"));
        // As iPXE.
        let no_start = header(0x207, &[(field::CODE32_START, 0, 4)]);
        assert!(reason(&no_start).contains("real mode only"));
        assert!(reason(&with(field::CODE32_START, 0x10_0200, 4)).contains("damaged"));
        let mut memdisk = header(0x203, &[(NAME, 0x100, 2)]);
        put(&mut memdisk, 0x300, MEMDISK);
        assert!(reason(&memdisk).contains("needs the BIOS"));
        assert!(
            reason(&with(field::RELOCATABLE, 1, 1)).contains("damaged"),
            "alignment 0"
        );
    }

    /// No header makes a plan outside the memory, or panics.
    #[test]
    fn headers_that_lie() {
        let ends = [0, 1, 0xfff, 0x1000, 0x8000_0000, 0xffff_f000, u64::MAX];
        for image in [debian_32(), memtest(4), memtest(3)] {
            for (at, size) in [
                (field::KERNEL_ALIGNMENT, 4),
                (field::PREF_ADDRESS, 8),
                (field::INIT_SIZE, 4),
                (field::CODE32_START, 4),
                (field::INITRD_ADDR_MAX, 4),
            ] {
                for value in ends {
                    let mut image = image.clone();
                    put(&mut image, at, &value.to_le_bytes()[..size]);
                    let mut memory = machine(256 * MIB);
                    let Ok(kernel) = Kernel::parse(&image, MIB) else {
                        continue;
                    };
                    let Ok(plan) = kernel.plan(MIB, &mut memory) else {
                        continue;
                    };
                    assert!(plan.kernel >= MIB && plan.kernel + kernel.size <= 256 * MIB);
                    assert!(plan.initrd.end() <= 256 * MIB);
                    let owned = kernel.ranges(plan.kernel);
                    assert!(owned.iter().all(|range| !range.overlaps(plan.initrd)));
                }
            }
        }
    }
}
