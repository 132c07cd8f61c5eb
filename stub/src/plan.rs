//! Where kernel and initrds go.
//!
//! The file stays where its loader put it, and its kernel is copied to free
//! memory. A loader that reserves `init_size` bytes leaves enough for that;
//! for all others the memory map decides. The initrds stay inside the file too,
//! moved together if there are several. All are copied to free memory if the
//! loader handed in one more, or if they lie where the kernel does not accept
//! them.

use crate::initrd::Initrds;
use crate::kernel::{InnerKernel, Mode};
use crate::memory::{Memory, Range};
use crate::problem::Problem;

/// Where everything goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where the inner kernel's protected-mode part is copied to.
    pub kernel: u64,
    /// The memory that the kernel owns there.
    pub owned: [Range; 2],
    /// Where the initrds are put together; empty if there are none.
    pub initrd: Range,
}

/// Plans a start in `mode`. `file` is the protected-mode part of this file.
/// `memory` keeps everything else that must stay, the loader's initrd included.
///
/// # Errors
/// [`Problem::No64BitEntry`], [`Problem::NoRoomForKernel`],
/// [`Problem::NoRoomForInitrd`], [`Problem::TooManyRanges`].
pub fn plan(
    mode: Mode,
    kernel: &InnerKernel,
    file: Range,
    initrds: &Initrds,
    memory: &mut Memory,
) -> Result<Plan, Problem> {
    if mode == Mode::Long && !kernel.has_64_bit_entry() {
        return Err(Problem::No64BitEntry);
    }
    memory.keep(file)?;
    let limit = kernel.limit(mode);
    let fits = |at| {
        let free = |range: Range| range.end() <= limit && memory.is_free(range);
        kernel.ranges(at).into_iter().all(free)
    };
    let at = memory
        .lowest(0, kernel.alignment(), &fits)
        .ok_or(Problem::NoRoomForKernel)?;
    let owned = kernel.ranges(at);
    for range in owned {
        memory.keep(range)?;
    }
    let size = initrds.size();
    let limit = kernel.initrd_limit(mode);
    let stays = initrds
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
    use crate::kernel::tests::debian as kernel;
    use crate::memory::PAGE;
    use crate::table::Table;
    use layout::uki::{ENTRY_SIZE, Kind};
    use std::vec;
    use std::vec::Vec;

    const MIB: u64 = 1 << 20;

    fn range(start: u64, size: u64) -> Range {
        Range { start, size }
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
            for number in [kind.number(), 0, offset as u32, size as u32] {
                bytes.extend(number.to_le_bytes());
            }
        }
        assert_eq!(bytes.len(), entries.len() * ENTRY_SIZE);
        bytes
    }

    /// A file at `file` with microcode at 9 MiB, its initrd at 10, archives at 30.
    fn initrds(file: u64, handed_in: Range) -> Initrds {
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
        let table = Table::find(&start, &mut |_, _| Ok(bytes)).unwrap();
        Initrds::collect(&table, 0, file, handed_in)
    }

    #[test]
    fn real_mode_keeps_the_initrd_in_the_file() {
        let file = range(MIB, 31 * MIB);
        let initrds = initrds(MIB, Range::default());
        let mut memory = machine(128 * MIB);
        let plan = plan(Mode::Real, &kernel(), file, &initrds, &mut memory).unwrap();
        assert_eq!(plan.kernel, 32 * MIB);
        assert_eq!(plan.initrd, range(10 * MIB, 1004 + 20 * MIB - 4 + 512));
        let placed: Vec<_> = initrds
            .placed()
            .map(|(at, initrd)| (at, initrd.start))
            .collect();
        assert_eq!(
            placed,
            [(0, 10 * MIB), (1004, 11 * MIB), (1000 + 20 * MIB, 31 * MIB)]
        );
    }

    #[test]
    fn a_small_file_does_not_push_the_kernel_past_its_place() {
        let mut memory = machine(128 * MIB);
        let file = range(MIB, 9 * MIB);
        let plan = plan(
            Mode::Real,
            &kernel(),
            file,
            &Initrds::default(),
            &mut memory,
        )
        .unwrap();
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
        let initrds = initrds(16 * MIB, Range::default());
        let file = range(16 * MIB, size);
        let plan = plan(Mode::Protected, &kernel(), file, &initrds, &mut memory).unwrap();
        assert_eq!(plan.kernel, 48 * MIB);
    }

    #[test]
    fn an_initrd_from_the_loader_moves_all_to_free_memory() {
        let file = range(16 * MIB, 31 * MIB);
        let handed_in = range(500 * MIB, 10 * MIB + 1);
        let initrds = initrds(16 * MIB, handed_in);
        let mut memory = machine(512 * MIB);
        memory.keep(handed_in).unwrap();
        let plan = plan(Mode::Protected, &kernel(), file, &initrds, &mut memory).unwrap();
        assert!(plan.initrd.end() <= 500 * MIB);
        assert_eq!(plan.initrd.start % PAGE, 0);
        assert!(
            plan.owned
                .iter()
                .all(|owned| !owned.overlaps(plan.initrd) && !owned.overlaps(file))
        );
        let placed: Vec<_> = initrds.placed().map(|(at, _)| at).collect();
        assert_eq!(placed, [0, 1004, 1004 + 10 * MIB + 4, 1004 + 30 * MIB]);
    }

    #[test]
    fn above_4_gib_only_in_long_mode() {
        let file = range(5000 * MIB, 31 * MIB);
        let initrds = initrds(file.start, Range::default());
        let long = plan(
            Mode::Long,
            &kernel(),
            file,
            &initrds,
            &mut machine(6144 * MIB),
        )
        .unwrap();
        assert_eq!(long.initrd.start, 5009 * MIB);
        let protected = plan(
            Mode::Protected,
            &kernel(),
            file,
            &initrds,
            &mut machine(6144 * MIB),
        )
        .unwrap();
        assert!(protected.initrd.end() <= 2048 * MIB);
        assert!(protected.kernel < 4096 * MIB);
    }

    #[test]
    fn no_room() {
        let file = range(MIB, 31 * MIB);
        let initrds = initrds(MIB, Range::default());
        let small = plan(
            Mode::Real,
            &kernel(),
            file,
            &initrds,
            &mut machine(64 * MIB),
        );
        assert_eq!(small, Err(Problem::NoRoomForKernel));
        let more = Range {
            start: 97 * MIB,
            size: 20 * MIB,
        };
        let initrds = super::tests::initrds(MIB, more);
        let mut memory = machine(118 * MIB);
        memory.keep(more).unwrap();
        let crowded = plan(Mode::Real, &kernel(), file, &initrds, &mut memory);
        assert_eq!(crowded, Err(Problem::NoRoomForInitrd));
    }
}
