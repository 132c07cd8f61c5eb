//! Memory: a map as SeaBIOS gives it on QEMU's `pc` machine, and the bytes that
//! were loaded into it.
//!
//! It refuses the writes that a machine refuses ([`MemoryMap::is_loadable`]), and no
//! others. Where a machine would accept a write that cannot be right, it accepts it
//! too, and takes a note ([`ModelMemory::fault`]).
//!
//! Every load begins with a write to the first byte of the kernel's real-mode
//! part: that is a new start, and the bytes of an earlier load are forgotten.

use boot::load::bzimage::{HEAD, SetupHeader};
use boot::machine::{Memory, MemoryError};
use boot::memory_map::MemoryMap;
use core::ops::Range;
use layout::memory::{KERNEL, KERNEL_SETUP};
use std::collections::BTreeMap;

/// The smallest machine, in MiB.
pub const SMALLEST: u32 = 4;

/// Memory, and its map.
pub struct ModelMemory {
    map: Box<MemoryMap>,
    /// The bytes that were loaded, by address; pieces that adjoin may be one.
    pieces: BTreeMap<u32, Vec<u8>>,
    /// The place of the initrds, which the header of the kernel says.
    initrd: Option<Range<u64>>,
    /// The last write that was refused, or was accepted and cannot be right: over bytes
    /// that were loaded before, or beyond the place of the initrds. It is a bug in the
    /// loader: no content of a disk causes it.
    pub fault: Option<String>,
}

impl ModelMemory {
    /// The memory of a machine with this many MiB, [`SMALLEST`] or more.
    pub fn new(mib: u32) -> Self {
        Self::with_map(machine_map(mib.max(SMALLEST)))
    }

    /// Memory with this map.
    pub fn with_map(map: MemoryMap) -> Self {
        Self {
            map: Box::new(map),
            pieces: BTreeMap::new(),
            initrd: None,
            fault: None,
        }
    }

    /// `size` bytes at `address`, if all of them were loaded.
    pub fn loaded(&self, address: u32, size: u32) -> Option<Vec<u8>> {
        let size = usize::try_from(size).ok()?;
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            let at = address.checked_add(u32::try_from(bytes.len()).ok()?)?;
            let (start, piece) = self.pieces.range(..=at).next_back()?;
            let offset = usize::try_from(at.checked_sub(*start)?).ok()?;
            let rest = piece.get(offset..).filter(|rest| !rest.is_empty())?;
            let wanted = size.saturating_sub(bytes.len());
            bytes.extend(rest.iter().take(wanted));
        }
        Some(bytes)
    }

    /// The reason why this write, which is not empty, cannot be right.
    fn objection(&self, at: u32, size: u32) -> Option<&'static str> {
        if !self.map.is_loadable(at, size) {
            return Some("is not the kernel's");
        }
        let end = u64::from(at).saturating_add(size.into());
        let before = self.pieces.range(..=last(at, size)).next_back();
        if before.is_some_and(|(start, piece)| end_of(*start, piece) > at.into()) {
            return Some("is loaded already");
        }
        let initrd = self.initrd.as_ref().filter(|_| at >= KERNEL)?;
        let is_before = end <= initrd.start;
        let is_inside = initrd.start <= at.into() && end <= initrd.end;
        (!is_before && !is_inside).then_some("is beyond the kernel or the initrds")
    }

    /// Forgets what was loaded to the place of these bytes.
    fn make_room(&mut self, at: u32, size: u32) {
        let end = u64::from(at).saturating_add(size.into());
        while let Some((&start, piece)) = self.pieces.range_mut(..=last(at, size)).next_back()
            && end_of(start, piece) > at.into()
        {
            let after = end.saturating_sub(start.into());
            let after = usize::try_from(after).unwrap_or(usize::MAX);
            let rest = piece.split_off(after.min(piece.len()));
            let before = usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX);
            piece.truncate(before);
            if piece.is_empty() {
                self.pieces.remove(&start);
            }
            if let Some(after) = u32::try_from(end).ok().filter(|_| !rest.is_empty()) {
                self.pieces.insert(after, rest);
            }
        }
    }
}

impl Memory for ModelMemory {
    fn map(&self) -> &MemoryMap {
        &self.map
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        let size = u32::try_from(bytes.len()).map_err(|_| MemoryError)?;
        if at == KERNEL_SETUP.start {
            self.pieces.clear();
            self.initrd = planned_initrd(bytes);
        }
        if size > 0
            && let Some(objection) = self.objection(at, size)
        {
            self.fault = Some(format!("memory {at:#x}, {size} bytes: {objection}"));
        }
        if !self.map.is_loadable(at, size) {
            return Err(MemoryError);
        }
        if size == 0 {
            return Ok(());
        }
        self.make_room(at, size);
        if let Some((start, piece)) = self.pieces.range_mut(..at).next_back()
            && end_of(*start, piece) == u64::from(at)
        {
            piece.extend_from_slice(bytes);
        } else {
            self.pieces.insert(at, bytes.to_vec());
        }
        Ok(())
    }
}

/// The place of the initrds, as the first bytes of a kernel say it.
fn planned_initrd(head: &[u8]) -> Option<Range<u64>> {
    let mut head: [u8; HEAD] = head.try_into().ok()?;
    let header = SetupHeader::of(&mut head)?;
    let start = u64::from(header.ramdisk_image.get());
    let end = start.saturating_add(header.ramdisk_size.get().into());
    (start < end).then_some(start..end)
}

/// The last of these bytes.
fn last(at: u32, size: u32) -> u32 {
    at.saturating_add(size.saturating_sub(1))
}

/// The first address after a piece.
fn end_of(start: u32, piece: &[u8]) -> u64 {
    u64::from(start).saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX))
}

/// The map of QEMU's `pc` machine. Memory of less than 3.5 GiB lies below the PCI
/// hole; of more memory the first 3 GiB do. Low memory ends below the EBDA: stage2
/// trusts no map beyond.
pub fn machine_map(mib: u32) -> MemoryMap {
    const MIB: u64 = 1 << 20;
    const EBDA: u64 = 0x9_fc00;
    /// SeaBIOS keeps its tables at the end of memory.
    const TABLES: u64 = 0x2_0000;
    let below = if mib >= 3584 { 3072 } else { mib };
    let above = u64::from(mib.saturating_sub(below)).saturating_mul(MIB);
    let below = u64::from(below).saturating_mul(MIB);
    let tables = below.saturating_sub(TABLES);
    let mut map = MemoryMap::new();
    map.add(0, EBDA, true);
    map.add(EBDA, MIB - EBDA, false);
    map.add(MIB, tables.saturating_sub(MIB), true);
    map.add(tables, TABLES, false);
    map.add(0xfffc_0000, 0x4_0000, false);
    map.add(1 << 32, above, true);
    // The range that AMD processors reserve for HyperTransport.
    map.add(0xfd_0000_0000, 0x3_0000_0000, false);
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps() {
        let shape = |mib| {
            let map = machine_map(mib);
            let usable = map.regions().filter(|region| region.usable);
            usable
                .map(|region| (region.start, region.last + 1))
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(128), [(0, 0x9_fc00), (0x10_0000, 0x7fe_0000)]);
        assert_eq!(shape(3072)[1..], [(0x10_0000, 0xbffe_0000)]);
        assert_eq!(
            shape(6144)[1..],
            [(0x10_0000, 0xbffe_0000), (1 << 32, 0x1_c000_0000)]
        );
    }

    #[test]
    fn writes() {
        let mut memory = ModelMemory::new(64);
        memory.write(0x1_0000, b"abc").unwrap();
        memory.write(0x1_0003, b"def").unwrap();
        memory.write(0x10_0004, b"5678").unwrap();
        memory.write(0x10_0000, b"1234").unwrap();
        memory.write(0x5000, b"").unwrap();
        assert_eq!(memory.loaded(0x1_0001, 4).unwrap(), b"bcde");
        assert_eq!(memory.loaded(0x10_0002, 5).unwrap(), b"34567");
        assert_eq!(memory.loaded(0x10_0002, 7), None);
        assert_eq!(memory.loaded(0x1_0006, 1), None);
        assert_eq!(memory.loaded(0xfff, 1), None);
    }

    #[test]
    fn refusals() {
        let mut memory = ModelMemory::new(64);
        for (at, size) in [
            (0x5000, 1),      // stage2's stack
            (0xffff, 2),      // half of it stage2's
            (0x1_ffff, 2),    // half of it stage2's again
            (0x2_0000, 1),    // stage2
            (0x3_0000, 1),    // its overlay, which came before the map
            (0x5_0000, 1),    // its caches
            (0xf_ffff, 2),    // ROM
            (0x3fd_ffff, 2),  // reserved
            (0x400_0000, 1),  // no memory
            (0xffff_ffff, 2), // no address
        ] {
            assert_eq!(
                memory.write(at, &vec![0; size]),
                Err(MemoryError),
                "{at:#x}"
            );
            assert!(memory.fault.take().is_some());
            memory.write(at, b"").unwrap();
        }
        memory.write(0x10_0000, &[0; 0x1000]).unwrap();
        memory.write(0x1_f000, &[0; 0x800]).unwrap();
        memory.write(0x1_f800, &[0; 0x800]).unwrap();
        memory.write(0x3fd_ffff, &[0]).unwrap();
        // A new kernel.
        memory.write(0x1_0000, &[1]).unwrap();
        assert_eq!(memory.loaded(0x10_0000, 1), None);
        memory.write(0x10_0000, &[0; 0x1000]).unwrap();
        assert_eq!(memory.fault, None);

        let mut unknown = ModelMemory::with_map(MemoryMap::new());
        unknown.write(0x3_0000, &[1; 0xfc00]).unwrap();
        unknown.write(0x3_fbff, &[1; 2]).unwrap_err();
        unknown.write(0x10_0000, &[1]).unwrap_err();
    }

    #[test]
    fn a_byte_that_is_loaded_twice() {
        for (at, size) in [
            (0x10_1000, 1),      // loaded
            (0x10_0fff, 2),      // before it and into it
            (0x10_1fff, 1),      // its end
            (0x10_1ffe, 4),      // its end and after it
            (0x10_1800, 2),      // its middle
            (0x10_0000, 0x3000), // all around it
        ] {
            let mut memory = ModelMemory::new(64);
            memory.write(0x10_1000, &[1; 0x1000]).unwrap();
            memory.write(at, &vec![2; size]).unwrap();
            assert!(memory.fault.is_some());
            let mut expected = [1; 0x1000];
            for byte in at..at + size as u32 {
                if let Some(place) = expected.get_mut((byte as usize).wrapping_sub(0x10_1000)) {
                    *place = 2;
                }
            }
            assert!(memory.loaded(0x10_1000, 0x1000).unwrap() == expected);
        }
    }

    #[test]
    fn a_byte_beyond_the_initrds() {
        let mut head = [0; HEAD];
        let header = SetupHeader::of(&mut head).unwrap();
        header.ramdisk_image = 0x200_0000.into();
        header.ramdisk_size = 8.into();
        let mut memory = ModelMemory::new(64);
        memory.write(0x1_0000, &head).unwrap();
        memory.write(0x10_0000, &[0; 0x1000]).unwrap();
        memory.write(0x200_0000, &[1; 8]).unwrap();
        assert_eq!(memory.fault, None);
        memory.write(0x200_0008, &[1]).unwrap();
        assert!(memory.fault.is_some());
    }
}
