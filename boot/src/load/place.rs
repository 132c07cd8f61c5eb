//! Where kernel and initrd go.
//!
//! The protected-mode part is loaded at 0x100000. From there the kernel moves
//! to where it runs and unpacks itself, and until it has read the memory map it uses
//! everything up to `init_size` bytes after that place. With most of today's kernels
//! this reaches beyond 64 MiB, over the usual address of an initrd. So the initrd goes
//! to the higher of the two, or, if it does not fit there, as low as the kernel allows.
//! (By the 16-bit protocol the kernel asks the firmware itself for the memory map. The
//! memory that the kernel unpacks to is therefore checked against the same map.)

use super::bzimage::Kernel;
use crate::memory_map::MemoryMap;
use crate::{Error, Kind};
use layout::memory::{INITRD, KERNEL};

const PAGE: u32 = 0x1000;

/// The address of an initrd of `size` bytes beside `kernel`, which lies at
/// [`KERNEL`]; 0 if `size` is 0. All memory that the two need is usable.
///
/// # Errors
/// [`Kind::KernelMemory`], [`Kind::InitrdMemory`], [`Kind::InitrdLimit`].
pub fn place(kernel: &Kernel, map: &MemoryMap, size: u32) -> Result<u32, Error> {
    let kernel_end = kernel_end(kernel, map)?;
    if size == 0 {
        return Ok(0);
    }
    let max = kernel.initrd_addr_max;
    let preferred = kernel_end.max(INITRD);
    let found = match map.find(preferred, size, max) {
        Some(address) if address.wrapping_sub(preferred) < PAGE => Some(address),
        _ => map.find(kernel_end, size, max),
    };
    // No place was found: does only this machine lack one, or would every machine?
    let last = kernel_end.saturating_add(size.wrapping_sub(1));
    found.ok_or(if last > max {
        needed(Kind::InitrdLimit, max)
    } else {
        needed(Kind::InitrdMemory, last)
    })
}

/// The end of the memory that the kernel uses.
fn kernel_end(kernel: &Kernel, map: &MemoryMap) -> Result<u32, Error> {
    let load_end = KERNEL.saturating_add(kernel.size);
    let runtime_end = kernel.runtime_start.saturating_add(kernel.init_size);
    let end = load_end.max(runtime_end);
    // Between the two there may be a hole: some machines have one at 15 MiB.
    if map.is_usable(KERNEL, kernel.size) && map.is_usable(kernel.runtime_start, kernel.init_size) {
        Ok(end)
    } else {
        Err(needed(Kind::KernelMemory, end.wrapping_sub(1)))
    }
}

/// An error with the MiB that a machine has whose memory ends with `last`.
fn needed(kind: Kind, last: u32) -> Error {
    Error::new(kind, u64::from((last >> 20).wrapping_add(1)))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )]

    use super::super::bzimage::SetupHeader;
    use super::super::bzimage::tests::{DEBIAN_SIZE, debian, of_version, parse};
    use super::*;
    use proptest::prelude::*;

    const MIB: u32 = 1 << 20;

    /// A machine as QEMU's, with this much memory.
    fn machine(mib: u32) -> MemoryMap {
        let below = mib.min(3072);
        let mut map = MemoryMap::new();
        map.add(0, 0x9_fc00, true);
        map.add(0xf_0000, 0x1_0000, false);
        map.add(0x10_0000, (u64::from(below) << 20) - 0x12_0000, true);
        map.add((u64::from(below) << 20) - 0x2_0000, 0x2_0000, false);
        map.add(0xfffc_0000, 0x4_0000, false);
        map.add(1 << 32, u64::from(mib - below) << 20, true);
        map
    }

    fn with_hole(mib: u32, hole: u32, size: u32) -> MemoryMap {
        let mut map = machine(mib);
        map.add(u64::from(hole), u64::from(size), false);
        map
    }

    /// A kernel of 8 MiB with this much to change.
    fn kernel(change: impl Fn(&mut SetupHeader)) -> Kernel {
        let mut header = debian();
        change(&mut header);
        parse(&header, DEBIAN_SIZE).unwrap()
    }

    fn small() -> Kernel {
        kernel(|header| header.init_size = (16 * MIB).into())
    }

    fn placed(kernel: &Kernel, map: &MemoryMap, size: u32) -> Result<u32, (Kind, u64)> {
        place(kernel, map, size).map_err(|error| (error.kind(), error.at()))
    }

    #[test]
    fn the_usual() {
        for mib in [512, 1024, 3072, 6144, 65536] {
            let map = machine(mib);
            // Debian's generic kernel unpacks over 0x4000000.
            assert_eq!(placed(&kernel(|_| ()), &map, 64 * MIB), Ok(0x4f9_8000));
            assert_eq!(placed(&small(), &map, 64 * MIB), Ok(0x400_0000));
            assert_eq!(placed(&small(), &map, 1), Ok(0x400_0000));
            assert_eq!(placed(&small(), &map, 0), Ok(0));
        }
    }

    #[test]
    fn small_machines() {
        // 0x4000000 is beyond the end of memory: as low as possible instead.
        let map = machine(64);
        assert_eq!(placed(&small(), &map, 8 * MIB), Ok(32 * MIB));
        assert_eq!(placed(&small(), &map, 32 * MIB - 0x2_0000), Ok(32 * MIB));
        assert_eq!(
            placed(&small(), &map, 32 * MIB - 0x1_ffff),
            Err((Kind::InitrdMemory, 64))
        );
        assert_eq!(
            placed(&small(), &map, 33 * MIB),
            Err((Kind::InitrdMemory, 65))
        );
        assert_eq!(
            placed(&kernel(|_| ()), &map, 0),
            Err((Kind::KernelMemory, 80))
        );
        assert_eq!(
            placed(&small(), &machine(31), 0),
            Err((Kind::KernelMemory, 32))
        );

        let map = machine(128);
        assert_eq!(placed(&kernel(|_| ()), &map, 32 * MIB), Ok(0x4f9_8000));
        assert_eq!(
            placed(&kernel(|_| ()), &map, 64 * MIB),
            Err((Kind::InitrdMemory, 144))
        );
        assert_eq!(placed(&small(), &map, 63 * MIB), Ok(0x400_0000));
        assert_eq!(
            placed(&small(), &map, 65 * MIB),
            Ok(32 * MIB),
            "more room further down"
        );
    }

    #[test]
    fn holes() {
        // At 15 MiB, between where the kernel lies and where it runs.
        let map = with_hole(128, 15 * MIB, MIB);
        assert_eq!(placed(&kernel(|_| ()), &map, 32 * MIB), Ok(0x4f9_8000));
        // Inside the memory that the kernel unpacks to,
        let map = with_hole(128, 20 * MIB, 1);
        assert_eq!(placed(&small(), &map, 1), Err((Kind::KernelMemory, 32)));
        // inside the loaded kernel,
        let map = with_hole(128, 0x8d_81ff, 1);
        assert_eq!(placed(&small(), &map, 1), Err((Kind::KernelMemory, 32)));
        assert_eq!(
            placed(&small(), &with_hole(128, 0x8d_8200, 1), 1),
            Ok(0x400_0000)
        );
        // where the initrd would begin or end,
        let map = with_hole(128, 64 * MIB, 1);
        assert_eq!(placed(&small(), &map, 16 * MIB), Ok(32 * MIB));
        assert_eq!(placed(&small(), &map, 33 * MIB), Ok(64 * MIB + 0x1000));
        assert_eq!(
            placed(&small(), &with_hole(128, 80 * MIB, 1), 16 * MIB),
            Ok(64 * MIB)
        );
        assert_eq!(
            placed(&small(), &with_hole(128, 80 * MIB - 1, 1), 16 * MIB),
            Ok(32 * MIB)
        );
        // and everywhere.
        let map = with_hole(128, 60 * MIB, 20 * MIB);
        assert_eq!(
            placed(&small(), &map, 48 * MIB),
            Err((Kind::InitrdMemory, 80))
        );
        assert_eq!(placed(&small(), &map, 47 * MIB), Ok(80 * MIB));
    }

    #[test]
    fn limits_of_the_kernel() {
        let low = kernel(|header| {
            header.init_size = (16 * MIB).into();
            header.initrd_addr_max = 0x4ff_ffff.into();
        });
        assert_eq!(placed(&low, &machine(512), 16 * MIB), Ok(0x400_0000));
        assert_eq!(placed(&low, &machine(512), 16 * MIB + 1), Ok(32 * MIB));
        assert_eq!(placed(&low, &machine(512), 48 * MIB), Ok(32 * MIB));
        assert_eq!(
            placed(&low, &machine(512), 48 * MIB + 1),
            Err((Kind::InitrdLimit, 80))
        );
        assert_eq!(
            placed(&low, &machine(512), u32::MAX),
            Err((Kind::InitrdLimit, 80))
        );
        assert_eq!(
            placed(&low, &machine(64), 48 * MIB),
            Err((Kind::InitrdMemory, 80))
        );
        let one = parse(&of_version(0x202), DEBIAN_SIZE).unwrap();
        assert_eq!(placed(&one, &machine(2048), 700 * MIB), Ok(0x400_0000));
        assert_eq!(
            placed(&one, &machine(2048), 900 * MIB),
            Err((Kind::InitrdLimit, 896))
        );
    }

    #[test]
    fn not_relocatable() {
        let high = kernel(|header| {
            header.relocatable_kernel = 0;
            header.pref_address = (256 << 20).into();
        });
        assert_eq!(
            placed(&high, &machine(512), MIB),
            Ok(256 * MIB + 0x3f9_8000)
        );
        assert_eq!(
            placed(&high, &machine(256), MIB),
            Err((Kind::KernelMemory, 320))
        );
        let low = kernel(|header| {
            header.relocatable_kernel = 0;
            header.pref_address = (1 << 20).into();
        });
        assert_eq!(placed(&low, &machine(512), MIB), Ok(0x409_8000));
        assert_eq!(
            placed(&low, &with_hole(512, 15 * MIB, MIB), MIB),
            Err((Kind::KernelMemory, 65))
        );
        let kernel = kernel(|header| header.kernel_alignment = (512 * MIB).into());
        assert_eq!(
            placed(&kernel, &machine(512), MIB),
            Err((Kind::KernelMemory, 576))
        );
        assert_eq!(
            placed(&kernel, &machine(1024), MIB),
            Ok(512 * MIB + 0x3f9_8000)
        );
    }

    #[test]
    fn old_kernels() {
        // Five times the loaded size: 1 MiB + 4 * 7.8 MiB + 4 MiB.
        let old = parse(&of_version(0x204), DEBIAN_SIZE).unwrap();
        assert_eq!(placed(&old, &machine(64), 8 * MIB), Ok(0x246_1000));
        assert_eq!(placed(&old, &machine(128), 8 * MIB), Ok(0x400_0000));
    }

    #[test]
    fn headers_that_lie() {
        let lies: [fn(&mut SetupHeader); 4] = [
            |header| header.pref_address = u64::MAX.into(),
            |header| header.pref_address = 0xffff_f000.into(),
            |header| header.init_size = u32::MAX.into(),
            |header| header.init_size = 0xff00_0000.into(),
        ];
        for lie in lies {
            let error = place(&kernel(lie), &machine(65536), MIB).unwrap_err();
            assert_eq!(error.kind(), Kind::KernelMemory);
        }
        let lie = kernel(|header| header.initrd_addr_max = 1.into());
        assert_eq!(placed(&lie, &machine(512), 1), Err((Kind::InitrdLimit, 1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        /// Whatever the header and the map say, kernel and initrd lie in usable memory
        /// and do not overlap.
        #[test]
        fn never_in_the_way(
            ram in prop::collection::vec((0_u64..0x1_4000, 1_u64..0x8000, any::<bool>()), 1..6),
            (version, relocatable) in (0x202_u16..0x210, any::<bool>()),
            (align, preferred) in (0_u32..32, prop_oneof![0_u64..0x1000_0000, any::<u64>()]),
            (init_size, max) in (prop_oneof![0_u32..0x1000_0000, any::<u32>()], any::<u32>()),
            size in prop_oneof![1_u32..0x1000_0000, any::<u32>()],
        ) {
            let mut map = MemoryMap::new();
            map.add(0x10_0000, 0x4000_0000, true);
            for (page, pages, usable) in ram {
                map.add(page << 12, pages << 12, usable);
            }
            let mut header = of_version(version);
            if version >= 0x205 {
                header.relocatable_kernel = relocatable.into();
                header.kernel_alignment = (1 << align).into();
            }
            if version >= 0x20a {
                header.pref_address = preferred.into();
                header.init_size = init_size.into();
            }
            if version >= 0x203 {
                header.initrd_addr_max = max.into();
            }
            let kernel = parse(&header, DEBIAN_SIZE).unwrap();
            let Ok(address) = place(&kernel, &map, size) else { return Ok(()) };
            prop_assert!(map.is_usable(KERNEL, kernel.size));
            let start = kernel.runtime_start;
            prop_assert!(map.is_usable(start, kernel.init_size));
            prop_assert!(map.is_usable(address, size));
            prop_assert_eq!(address % PAGE, 0);
            prop_assert!(address >= KERNEL + kernel.size);
            prop_assert!(u64::from(address) >= u64::from(start) + u64::from(kernel.init_size));
            prop_assert!(address + (size - 1) <= kernel.initrd_addr_max);
        }
    }
}
