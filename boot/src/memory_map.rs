//! The machine's memory map.

/// Usable memory, sorted and without overlaps.
pub struct MemoryMap;
