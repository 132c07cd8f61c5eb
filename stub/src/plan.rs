//! Where kernel and initrds go.
//!
//! The file stays where its loader put it, and its kernel is copied to free
//! memory: the loader was promised as much by `init_size`, and without a
//! promise the memory map is asked. The initrds stay inside the file too, moved
//! together if there are several, unless the loader handed in one more, or
//! unless they lie where the kernel does not take them: then all are copied to
//! free memory.

use layout::uki::Kind;

use crate::memory::{Memory, PAGE, Range};
use crate::params::{
    LOADED_HIGH, XLF_CAN_BE_LOADED_ABOVE_4G, XLF_KERNEL_64, field, u8, u16, u32, u64,
};
use crate::problem::Problem;
use crate::table::Table;

/// The mode in which the stub was entered, and leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Real mode.
    Real,
    /// 32-bit protected mode.
    Protected,
    /// 64-bit mode.
    Long,
}

/// What the inner kernel's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Bytes of the real-mode part.
    pub setup: u64,
    /// Bytes of the protected-mode part.
    pub size: u64,
    /// The real-mode part's own footprint in memory, without room for more heap.
    pub footprint: u32,
    /// The most characters that it takes as its command line.
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

impl Kernel {
    /// Reads the header in the first sectors of a bzImage of `length` bytes.
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
        // No sectors means four, from the days before the field.
        let sectors = match u8(image, field::SETUP_SECTS) {
            0 => 4,
            sectors => sectors,
        };
        let setup = (u64::from(sectors) + 1) * 512;
        let size = length.checked_sub(setup).filter(|size| *size != 0);
        let alignment = u32(image, field::KERNEL_ALIGNMENT);
        if !alignment.is_power_of_two() {
            return Err(Problem::NoKernel);
        }
        Ok(Self {
            setup,
            size: size.ok_or(Problem::NoKernel)?,
            footprint: u32::from(u16(image, field::HEAP_END_PTR)) + 0x200,
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

    fn has(&self, flags: u16) -> bool {
        self.xloadflags & flags == flags
    }

    /// The ranges that the kernel owns when it is loaded to `at`: what is
    /// loaded, and where it unpacks itself.
    fn ranges(&self, at: u64) -> [Range; 2] {
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

    /// The address behind the last byte that the kernel may lie at.
    fn limit(&self, mode: Mode) -> u64 {
        match mode {
            Mode::Long if self.has(XLF_CAN_BE_LOADED_ABOVE_4G) => ADDRESSABLE,
            _ => 1 << 32,
        }
    }

    /// The address behind the last byte that an initrd may lie at.
    fn initrd_limit(&self, mode: Mode) -> u64 {
        match mode {
            Mode::Long if self.has(XLF_CAN_BE_LOADED_ABOVE_4G) => ADDRESSABLE,
            _ => self.initrd_max + 1,
        }
    }
}

/// What the stub's tables can map one to one, with four levels: the lower half.
const ADDRESSABLE: u64 = 1 << 47;

/// The initrds in the order in which the kernel gets them.
pub const PARTS: usize = 4;

/// Pieces of memory that make one initrd, each padded to four bytes; an empty
/// one is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts(pub [Range; PARTS]);

impl Parts {
    /// Microcode, the loader's initrd, the file's own, and the archives of the
    /// stub. `file` is the address of the protected-mode part.
    pub fn collect(table: &Table, profile: u32, file: u64, handed_in: Range) -> Self {
        let piece = |kind| {
            let piece = table.piece(kind, profile).unwrap_or_default();
            Range {
                start: file + piece.start,
                size: piece.size,
            }
        };
        Self([
            piece(Kind::Microcode),
            handed_in,
            piece(Kind::Initrd),
            piece(Kind::Extra),
        ])
    }

    /// The pieces that are there, each with its offset in the whole.
    pub fn placed(&self) -> impl Iterator<Item = (u64, Range)> {
        let mut offset = 0;
        self.0
            .into_iter()
            .filter(|part| part.size != 0)
            .map(move |part| {
                let at = offset;
                offset += padded(part.size);
                (at, part)
            })
    }

    /// Bytes of the whole.
    pub fn size(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |size: u64, part| size.saturating_add(padded(part.size)))
    }

    /// Where the whole begins if it can be made by moving pieces down, inside
    /// the memory of the first to the last of them.
    fn in_place(&self, file: Range) -> Option<u64> {
        let mut parts = self.0.iter().filter(|part| part.size != 0);
        let first = parts.next()?;
        let mut end = first.end();
        let mut inside = first.start >= file.start;
        for part in parts {
            inside &= part.start >= end;
            end = part.end();
        }
        (inside && end <= file.end() && first.start.is_multiple_of(PAGE)).then_some(first.start)
    }
}

/// A size with its padding to four bytes.
pub fn padded(size: u64) -> u64 {
    size.saturating_add(3) & !3
}

/// Where everything goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where the inner kernel's protected-mode part is copied to.
    pub kernel: u64,
    /// What the kernel owns there.
    pub owned: [Range; 2],
    /// Where the initrds come together; empty if there are none.
    pub initrd: Range,
}

/// Plans a start in `mode`. `file` is the protected-mode part of this file;
/// `memory` keeps what else must stay, the loader's initrd included.
pub fn plan(
    mode: Mode,
    kernel: &Kernel,
    file: Range,
    parts: &Parts,
    memory: &mut Memory,
) -> Result<Plan, Problem> {
    if mode == Mode::Long && !kernel.has(XLF_KERNEL_64) {
        return Err(Problem::No64BitEntry);
    }
    memory.keep(file)?;
    let limit = kernel.limit(mode);
    let fits = |at| {
        let free = |range: Range| range.end() <= limit && memory.is_free(range);
        kernel.ranges(at).into_iter().all(free)
    };
    let at = memory
        .lowest(0, kernel.alignment, &fits)
        .ok_or(Problem::NoRoomForKernel)?;
    let owned = kernel.ranges(at);
    for range in owned {
        memory.keep(range)?;
    }
    let size = parts.size();
    let limit = kernel.initrd_limit(mode);
    let stays = parts
        .in_place(file)
        .filter(|start| start.saturating_add(size) <= limit);
    let start = match stays {
        Some(start) => start,
        None if size == 0 => 0,
        None => memory
            .highest(size, limit)
            .ok_or(Problem::NoRoomForInitrd)?,
    };
    Ok(Plan {
        kernel: at,
        owned,
        initrd: Range { start, size },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use layout::uki::ENTRY_SIZE;
    use std::vec;
    use std::vec::Vec;

    const MIB: u64 = 1 << 20;

    fn range(start: u64, size: u64) -> Range {
        Range { start, size }
    }

    /// Debian's 6.1 kernel, in the numbers that matter.
    fn kernel() -> Kernel {
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
        Kernel::parse(&image, 8 * MIB).unwrap()
    }

    fn machine(size: u64) -> Memory {
        let mut memory = Memory::new();
        memory.add(range(0, 0x9_fc00), true);
        memory.add(range(MIB, size.min(3072 * MIB) - MIB), true);
        if size > 3072 * MIB {
            memory.add(range(4096 * MIB, size - 3072 * MIB), true);
        }
        memory
    }

    fn table(entries: &[(Kind, u64, u64)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &(kind, offset, size) in entries {
            for number in [kind as u32, 0, offset as u32, size as u32] {
                bytes.extend(number.to_le_bytes());
            }
        }
        assert_eq!(bytes.len(), entries.len() * ENTRY_SIZE);
        bytes
    }

    /// Parts of a file at `file` with microcode at 9 MiB, initrd at 10, archives at 30.
    fn parts(file: u64, handed_in: Range) -> Parts {
        let pieces = [
            (Kind::Initrd, 10 * MIB, 20 * MIB - 5),
            (Kind::Microcode, 9 * MIB, 1001),
            (Kind::Extra, 30 * MIB, 512),
        ];
        let bytes = table(&pieces);
        let mut start = vec![0; 0x40];
        start[0x20..0x24].copy_from_slice(&layout::uki::TABLE_MAGIC);
        start[0x2c] = 3;
        let bytes: &'static [u8] = bytes.leak();
        let table = Table::find(&start, &mut |_, _| bytes).unwrap();
        Parts::collect(&table, 0, file, handed_in)
    }

    #[test]
    fn the_header() {
        let kernel = kernel();
        assert_eq!((kernel.setup, kernel.size), (0x5000, 8 * MIB - 0x5000));
        assert_eq!(kernel.footprint, 0x5de0);
        assert_eq!(kernel.ranges(MIB)[1], range(16 * MIB, 0x3f9_8000));
        assert_eq!(Kernel::parse(&[0; 1024], MIB), Err(Problem::NoKernel));
    }

    #[test]
    fn real_mode_keeps_the_initrd_in_the_file() {
        let file = range(MIB, 31 * MIB);
        let parts = parts(MIB, Range::default());
        let mut memory = machine(128 * MIB);
        let plan = plan(Mode::Real, &kernel(), file, &parts, &mut memory).unwrap();
        assert_eq!(plan.kernel, 32 * MIB);
        assert_eq!(plan.initrd, range(10 * MIB, 1004 + 20 * MIB - 4 + 512));
        let placed: Vec<_> = parts.placed().map(|(at, part)| (at, part.start)).collect();
        assert_eq!(
            placed,
            [(0, 10 * MIB), (1004, 11 * MIB), (1000 + 20 * MIB, 31 * MIB)]
        );
    }

    #[test]
    fn a_small_file_does_not_push_the_kernel_past_its_place() {
        let mut memory = machine(128 * MIB);
        let file = range(MIB, 9 * MIB);
        let plan = plan(Mode::Real, &kernel(), file, &Parts::default(), &mut memory).unwrap();
        assert_eq!(plan.kernel, 10 * MIB);
        assert_eq!(plan.owned[1].start, 16 * MIB);
        assert_eq!(plan.initrd.size, 0);
    }

    #[test]
    fn what_the_header_promises_is_enough() {
        // GRUB and kexec give the file init_size bytes, and nothing else is free.
        let size = 31 * MIB;
        let init_size = size + 0x1_0000 + 2 * MIB + 0x3f9_8000;
        let mut memory = Memory::new();
        memory.add(range(16 * MIB, init_size), true);
        let parts = parts(16 * MIB, Range::default());
        let file = range(16 * MIB, size);
        let plan = plan(Mode::Protected, &kernel(), file, &parts, &mut memory).unwrap();
        assert_eq!(plan.kernel, 48 * MIB);
    }

    #[test]
    fn an_initrd_from_the_loader_moves_all_to_free_memory() {
        let file = range(16 * MIB, 31 * MIB);
        let handed_in = range(500 * MIB, 10 * MIB + 1);
        let parts = parts(16 * MIB, handed_in);
        let mut memory = machine(512 * MIB);
        memory.keep(handed_in).unwrap();
        let plan = plan(Mode::Protected, &kernel(), file, &parts, &mut memory).unwrap();
        assert!(plan.initrd.end() <= 500 * MIB);
        assert_eq!(plan.initrd.start % PAGE, 0);
        assert!(
            plan.owned
                .iter()
                .all(|owned| !owned.overlaps(plan.initrd) && !owned.overlaps(file))
        );
        let placed: Vec<_> = parts.placed().map(|(at, _)| at).collect();
        assert_eq!(placed, [0, 1004, 1004 + 10 * MIB + 4, 1004 + 30 * MIB]);
    }

    #[test]
    fn above_4_gib_only_in_long_mode() {
        let file = range(5000 * MIB, 31 * MIB);
        let parts = parts(file.start, Range::default());
        let long = plan(
            Mode::Long,
            &kernel(),
            file,
            &parts,
            &mut machine(6144 * MIB),
        )
        .unwrap();
        assert_eq!(long.initrd.start, 5009 * MIB);
        let protected = plan(
            Mode::Protected,
            &kernel(),
            file,
            &parts,
            &mut machine(6144 * MIB),
        )
        .unwrap();
        assert!(protected.initrd.end() <= 2048 * MIB);
        assert!(protected.kernel < 4096 * MIB);
    }

    #[test]
    fn no_room() {
        let file = range(MIB, 31 * MIB);
        let parts = parts(MIB, Range::default());
        let small = plan(Mode::Real, &kernel(), file, &parts, &mut machine(64 * MIB));
        assert_eq!(small, Err(Problem::NoRoomForKernel));
        let more = Range {
            start: 97 * MIB,
            size: 20 * MIB,
        };
        let parts = super::tests::parts(MIB, more);
        let mut memory = machine(118 * MIB);
        memory.keep(more).unwrap();
        let crowded = plan(Mode::Real, &kernel(), file, &parts, &mut memory);
        assert_eq!(crowded, Err(Problem::NoRoomForInitrd));
    }
}
