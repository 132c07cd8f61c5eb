//! Memory: a map as SeaBIOS gives it on QEMU's `pc` machine, and the bytes that
//! were loaded into it.
//!
//! It accepts bytes only in the ranges that [`layout::memory`] gives the kernel
//! and the overlay, or in usable memory above 1 MiB, and accepts no byte twice.
//! Every load begins with a write to the first byte of the kernel's real-mode
//! part: that is a new start, and the bytes of an earlier load are forgotten.

use boot::machine::{Memory, MemoryError};
use boot::memory_map::MemoryMap;
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_SETUP, OVERLAY, Range, SETUP_DATA};
use std::collections::BTreeMap;

/// The ranges of low memory for the kernel and the overlay. stage2 uses the rest.
const LOW: [Range; 4] = [KERNEL_SETUP, COMMAND_LINE, SETUP_DATA, OVERLAY];

/// The smallest machine, in MiB.
pub const SMALLEST: u32 = 4;

/// Memory, and its map.
pub struct ModelMemory {
    map: Box<MemoryMap>,
    /// The bytes that were loaded, by address; pieces that adjoin may be one.
    pieces: BTreeMap<u32, Vec<u8>>,
    /// The reason why the last write was refused.
    pub refused: Option<String>,
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
            refused: None,
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

    /// A reason why these bytes may not be written.
    fn objection(&self, at: u32, size: u32) -> Option<&'static str> {
        let Some(end) = at.checked_add(size) else {
            return Some("runs past 4 GiB");
        };
        if at < KERNEL {
            if !LOW
                .iter()
                .any(|range| range.start <= at && end <= range.end)
            {
                return Some("is not the kernel's");
            }
        } else if !self.map.is_usable(at, size) {
            return Some("is not usable memory");
        }
        let before = self.pieces.range(..end).next_back();
        if before.is_some_and(|(start, piece)| end_of(*start, piece) > at) {
            return Some("is loaded already");
        }
        None
    }
}

impl Memory for ModelMemory {
    fn map(&self) -> &MemoryMap {
        &self.map
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        if bytes.is_empty() {
            return Ok(());
        }
        if at == KERNEL_SETUP.start {
            self.pieces.clear();
        }
        let size = u32::try_from(bytes.len()).map_err(|_| MemoryError)?;
        if let Some(objection) = self.objection(at, size) {
            self.refused = Some(format!("memory {at:#x}, {size} bytes: {objection}"));
            return Err(MemoryError);
        }
        if let Some((start, piece)) = self.pieces.range_mut(..at).next_back()
            && end_of(*start, piece) == at
        {
            piece.extend_from_slice(bytes);
        } else {
            self.pieces.insert(at, bytes.to_vec());
        }
        Ok(())
    }
}

/// The first address after a piece.
fn end_of(start: u32, piece: &[u8]) -> u32 {
    start.saturating_add(u32::try_from(piece.len()).unwrap_or(u32::MAX))
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
        memory.write(0x10_1000, &[1; 0x1000]).unwrap();
        for (at, size) in [
            (0x5000, 1),         // stage2's stack
            (0xffff, 2),         // half of it stage2's
            (0x1_7fff, 2),       // the kernel's heap
            (0x1_8000, 1),       // which is nobody's to write
            (0x2_0000, 1),       // stage2
            (0x5_0000, 1),       // its caches
            (0xf_ffff, 2),       // ROM
            (0x10_1000, 1),      // loaded
            (0x10_0fff, 2),      // before it and into it
            (0x10_1fff, 1),      // its end
            (0x10_0000, 0x3000), // all around it
            (0x3fd_ffff, 2),     // reserved
            (0x400_0000, 1),     // no memory
            (0xffff_ffff, 2),    // no address
        ] {
            assert_eq!(
                memory.write(at, &vec![0; size]),
                Err(MemoryError),
                "{at:#x}"
            );
            assert!(memory.refused.take().is_some());
        }
        memory.write(0x10_0000, &[0; 0x1000]).unwrap();
        memory.write(0x10_2000, &[0; 0x1000]).unwrap();
        memory.write(0x1_f000, &[0; 0x800]).unwrap();
        memory.write(0x1_f800, &[0; 0x800]).unwrap();
        memory.write(0x3fd_ffff, &[0]).unwrap();
        // A new kernel.
        memory.write(0x1_0000, &[1]).unwrap();
        assert_eq!(memory.loaded(0x10_0000, 1), None);
        memory.write(0x10_0000, &[0; 0x1000]).unwrap();
    }
}
