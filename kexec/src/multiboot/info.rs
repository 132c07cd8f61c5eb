//! What a Multiboot kernel is told (section 3.3): the information structure, and after
//! it the modules, the memory map and the texts that it points at.

use stub::memory::{LOW, Range};
use stub::params::put;

use crate::error::Error;

/// Bytes of the structure, up to `framebuffer_*`.
const SIZE: usize = 120;
/// What is filled in: `mem_*`, `cmdline`, `mods_*`, `mmap_*`, `boot_loader_name`.
const FLAGS: u32 = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9;

mod field {
    pub(super) const FLAGS: usize = 0;
    pub(super) const MEM_LOWER: usize = 4;
    pub(super) const MEM_UPPER: usize = 8;
    pub(super) const CMDLINE: usize = 16;
    pub(super) const MODS_COUNT: usize = 20;
    pub(super) const MODS_ADDR: usize = 24;
    pub(super) const MMAP_LENGTH: usize = 44;
    pub(super) const MMAP_ADDR: usize = 48;
    pub(super) const BOOT_LOADER_NAME: usize = 64;
}

const NAME: &[u8] = b"gapboot";
/// Bytes of an entry of the memory map, without its own first field, which says this.
const MMAP_ENTRY: u32 = 20;
/// The end of the memory that `mem_lower` counts.
const LOWER_END: u64 = 640 << 10;
const RAM: u32 = 1;

/// What the kernel is told.
pub(super) struct Info<'a> {
    /// The command line, the kernel's path in front.
    pub(super) cmdline: &'a [u8],
    /// Where each module lies, and its string.
    pub(super) modules: Vec<(Range, &'a [u8])>,
    /// The memory map: ranges, and the number of their use. (Those of E820 and of
    /// Multiboot are the same.)
    pub(super) memory: &'a [(Range, u32)],
}

impl Info<'_> {
    /// The bytes that lie from address `at` on.
    ///
    /// # Errors
    /// A place lies above 4 GiB.
    pub(super) fn bytes(&self, at: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Bytes {
            at,
            bytes: vec![0; SIZE],
        };
        bytes.put(field::FLAGS, FLAGS);
        let [lower, upper] = self.amounts();
        bytes.put(field::MEM_LOWER, lower);
        bytes.put(field::MEM_UPPER, upper);
        let mut list = Vec::new();
        for (place, string) in &self.modules {
            let string = bytes.add_text(string)?;
            for number in [address(place.start)?, address(place.end())?, string, 0] {
                list.extend(number.to_le_bytes());
            }
        }
        let modules = bytes.add(&list)?;
        bytes.put(field::MODS_ADDR, modules);
        bytes.put(field::MODS_COUNT, address(length(self.modules.len()))?);
        let map: Vec<u8> = self.memory.iter().flat_map(entry).collect();
        let memory = bytes.add(&map)?;
        bytes.put(field::MMAP_ADDR, memory);
        bytes.put(field::MMAP_LENGTH, address(length(map.len()))?);
        let line = bytes.add_text(self.cmdline)?;
        bytes.put(field::CMDLINE, line);
        let name = bytes.add_text(NAME)?;
        bytes.put(field::BOOT_LOADER_NAME, name);
        Ok(bytes.bytes)
    }

    /// KiB of memory from 0 and from 1 MiB on, each up to the first gap.
    fn amounts(&self) -> [u32; 2] {
        [(0, LOWER_END), (LOW, u64::MAX)].map(|(start, limit)| {
            let mut end = start;
            for (range, _) in self.memory.iter().filter(|(_, kind)| *kind == RAM) {
                if range.start <= end {
                    end = end.max(range.end()).min(limit);
                }
            }
            let size = end.saturating_sub(start);
            u32::try_from(size >> 10).unwrap_or(u32::MAX)
        })
    }
}

/// An entry of the memory map.
fn entry((range, kind): &(Range, u32)) -> impl Iterator<Item = u8> {
    let [start, size] = [range.start, range.size].map(u64::to_le_bytes);
    let (own_size, kind) = (MMAP_ENTRY.to_le_bytes(), kind.to_le_bytes());
    let numbers = start.into_iter().chain(size);
    own_size.into_iter().chain(numbers).chain(kind)
}

/// The structure, and what is added after it.
struct Bytes {
    at: u64,
    bytes: Vec<u8>,
}

impl Bytes {
    /// Fills in a field of the structure.
    fn put(&mut self, at: usize, number: u32) {
        put(&mut self.bytes, at, &number.to_le_bytes());
    }

    /// Adds bytes, on a multiple of 8, and returns their address.
    fn add(&mut self, bytes: &[u8]) -> Result<u32, Error> {
        let start = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(start, 0);
        self.bytes.extend_from_slice(bytes);
        address(self.at.saturating_add(length(start)))
    }

    /// Adds a text with the NUL at its end.
    fn add_text(&mut self, text: &[u8]) -> Result<u32, Error> {
        let address = self.add(text)?;
        self.bytes.push(0);
        Ok(address)
    }
}

fn address(at: u64) -> Result<u32, Error> {
    u32::try_from(at).map_err(|_| {
        Error::text("no free memory below 4 GiB is large enough for the modules: use smaller ones")
    })
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stub::params::{u32, u64};

    const AT: u64 = 0x12_3000;

    fn range(start: u64, size: u64) -> Range {
        Range { start, size }
    }

    #[test]
    fn it_reads_as_the_specification_says() {
        let memory = [
            (range(0, 0x9_fc00), 1),
            (range(0xf_0000, 0x1_0000), 2),
            (range(0x10_0000, 0x700_0000), 1),
            (range(0x710_0000, 0x10_0000), 1),
            (range(0x720_0000, 0x1000), 3),
            (range(0x1_0000_0000, 0x4000_0000), 1),
        ];
        let info = Info {
            cmdline: b"/xen a=b",
            modules: vec![
                (range(0x20_0000, 0x1001), b"/vmlinuz quiet"),
                (range(0x20_2000, 0), b""),
            ],
            memory: &memory,
        };
        let bytes = info.bytes(AT).unwrap();
        let word = |at| u32(&bytes, at);
        let place = |address: u32| address as usize - AT as usize;
        let text = |address| {
            let text = &bytes[place(address)..];
            text.split(|byte| *byte == 0).next().unwrap()
        };
        assert_eq!(word(0), 0b10_0100_1101);
        assert_eq!((word(4), word(8)), (639, 0x710_0000 >> 10), "up to the gap");
        assert_eq!(text(word(16)), b"/xen a=b");
        assert_eq!(text(word(64)), b"gapboot");
        let module = |number: usize| {
            let at = place(word(24)) + 16 * number;
            [0, 4, 8, 12].map(|offset| word(at + offset))
        };
        assert_eq!(word(20), 2);
        assert_eq!(module(0)[..2], [0x20_0000, 0x20_1001]);
        assert_eq!(text(module(0)[2]), b"/vmlinuz quiet");
        assert_eq!(module(1)[..2], [0x20_2000, 0x20_2000]);
        assert_eq!(text(module(1)[2]), b"");
        assert_eq!(word(44), 24 * 6);
        for (number, (range, kind)) in memory.iter().enumerate() {
            let at = place(word(48)) + 24 * number;
            let numbers = (word(at), u64(&bytes, at + 4), u64(&bytes, at + 12));
            assert_eq!(numbers, (20, range.start, range.size));
            assert_eq!(word(at + 20), *kind);
        }
    }

    #[test]
    fn nothing_lies_above_4_gib() {
        let info = Info {
            cmdline: b"",
            modules: Vec::new(),
            memory: &[],
        };
        assert!(info.bytes((1 << 32) - 0x1000).is_ok());
        assert!(info.bytes((1 << 32) - 8).is_err());
        let modules = vec![(range((1 << 32) - 0x1000, 0x1000), &b""[..])];
        assert!(Info { modules, ..info }.bytes(AT).is_err());
    }
}
