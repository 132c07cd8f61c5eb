//! The firmware's memory map. An input is ranges in any order and of any kind.

use crate::input::Input;
use boot::memory_map::MemoryMap;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let [min, size, max] = [input.double(), input.double(), input.double()];
    let mut map = MemoryMap::new();
    let mut ranges = Vec::new();
    while !input.0.is_empty() {
        let usable = input.byte() & 1 != 0;
        // Most ranges are like those of real maps: pages up to 64 GiB.
        let (start, size) = match input.byte() {
            0 => (input.quad(), input.quad()),
            _ => (
                u64::from(input.double()) << 4,
                u64::from(input.word()) << 12,
            ),
        };
        map.add(start, size, usable);
        ranges.push((start, size, usable));
    }
    let mut end = 0_u64;
    for region in map.regions() {
        assert!(region.start >= end || end == 0, "sorted");
        assert!(region.start <= region.last);
        end = region.last.saturating_add(1);
        if region.usable && ranges.len() <= 200 {
            let inside = |&(start, size, usable): &(u64, u64, bool)| {
                usable
                    && size > 0
                    && start <= region.start
                    && region.start <= start.saturating_add(size - 1)
            };
            assert!(ranges.iter().any(inside), "nobody said that it is usable");
            let touches = |&(start, size, usable): &(u64, u64, bool)| {
                !usable
                    && size > 0
                    && start <= region.last
                    && region.start <= start.saturating_add(size - 1)
            };
            assert!(!ranges.iter().any(touches), "somebody said that it is not");
        }
    }
    if let Some(address) = map.find(min, size, max) {
        assert!(address >= min && address.is_multiple_of(4096));
        assert!(map.is_usable(address, size));
        assert!(u64::from(address) + u64::from(size.saturating_sub(1)) <= u64::from(max));
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let head = [0x10_0000_u32, 0x100_0000, u32::MAX]
        .map(u32::to_le_bytes)
        .concat();
    let range = |kind: u8, start: u64, size: u64| {
        [&[kind, 0][..], &start.to_le_bytes(), &size.to_le_bytes()].concat()
    };
    let page = |kind: u8, start: u32, pages: u16| {
        [
            &[kind, 1][..],
            &(start >> 4).to_le_bytes(),
            &pages.to_le_bytes(),
        ]
        .concat()
    };
    let pc = [
        range(1, 0, 0x9_fc00),
        range(0, 0x9_fc00, 0x400),
        range(1, 0x10_0000, 0x7ee_0000),
        range(1, u64::MAX - 5, 100),
    ];
    let holes = [
        page(1, 0x10_0000, 0xf000),
        page(0, 0xf0_0000, 0x100),
        page(1, 0, 0xffff),
    ];
    vec![
        [head.clone(), pc.concat()].concat(),
        [head, holes.concat()].concat(),
    ]
}
