//! What a new kernel has to be told of this machine, as the running one knows it
//! from its own start.
//!
//! EFI's memory map is not among it: firmware is told of virtual addresses once,
//! and a second kernel would need those of the first. It runs without EFI's
//! services, and finds ACPI's tables all the same.

use std::fs;

use stub::memory::{Memory, Range};
use stub::params::{self, field, put};

use crate::error::Error;
use crate::system::{System, cannot, list, read};

/// The firmware's memory map, a directory for each range.
const MEMORY: &str = "/sys/firmware/memmap";
/// `boot_params` of the running kernel.
const PARAMS: &str = "/sys/kernel/boot_params/data";

/// Ranges for which `boot_params` has room.
const RANGES: usize = 128;

/// Names of what memory is used for, and their numbers in `boot_params`. What is
/// not among them is reserved.
const USES: [(&str, u32); 6] = [
    ("System RAM", RAM),
    ("ACPI Tables", 3),
    ("ACPI Non-volatile Storage", 4),
    ("Unusable memory", 5),
    ("Persistent Memory", 7),
    ("Persistent Memory (legacy)", 12),
];
const RAM: u32 = 1;
const RESERVED: u32 = 2;

/// Offset and size of what is told on: the screen, where ACPI's tables begin, the
/// monitor, the BIOS's disks (numbers of both lists, signatures, parameters).
const TOLD_ON: [(usize, usize); 6] = [
    (0x000, 0x40),  // screen_info
    (0x070, 8),     // acpi_rsdp_addr
    (0x140, 0x80),  // edid_info
    (0x1e9, 2),     // eddbuf_entries, edd_mbr_sig_buf_entries
    (0x290, 0x40),  // edd_mbr_sig_buffer
    (0xd00, 0x1ec), // eddbuf
];

/// The machine.
pub(super) struct Machine {
    ranges: Vec<(Range, u32)>,
    params: Vec<u8>,
}

impl Machine {
    /// Reads what the running kernel tells.
    pub(super) fn of(system: &System) -> Result<Self, Error> {
        let mut ranges = Vec::new();
        for directory in list(&system.path(MEMORY))? {
            let number = |name| {
                let text = read(&directory.join(name))?;
                let digits = text.trim().trim_start_matches("0x");
                u64::from_str_radix(digits, 16)
                    .map_err(|_| Error::failed(format!("{} is damaged", directory.display())))
            };
            let (start, last) = (number("start")?, number("end")?);
            let size = last.saturating_sub(start).saturating_add(1);
            let text = read(&directory.join("type"))?;
            let known = USES.iter().find(|(name, _)| *name == text.trim());
            let kind = known.map_or(RESERVED, |(_, kind)| *kind);
            ranges.push((Range { start, size }, kind));
        }
        ranges.sort_by_key(|(range, _)| range.start);
        if ranges.is_empty() || ranges.len() > RANGES {
            return Err(Error::failed(format!(
                "kexec_load needs the machine's memory map, and {MEMORY} has {} ranges (1 to \
                 {RANGES} can be handed on): use a Linux with CONFIG_FIRMWARE_MEMMAP, or with \
                 CONFIG_KEXEC_FILE",
                ranges.len()
            )));
        }
        let path = system.path(PARAMS);
        let params = fs::read(&path).map_err(|error| cannot("read", &path, &error))?;
        Ok(Self { ranges, params })
    }

    /// Its memory, of which all is free.
    pub(super) fn memory(&self) -> Memory {
        let mut memory = Memory::new();
        for (range, kind) in &self.ranges {
            memory.add(*range, *kind == RAM);
        }
        memory
    }

    /// `boot_params` that say what they should of the machine, and nothing of a
    /// kernel yet.
    pub(super) fn params(&self) -> Vec<u8> {
        let mut new = vec![0; params::SIZE];
        for (at, size) in TOLD_ON {
            put(
                &mut new,
                at,
                self.params.get(at..at + size).unwrap_or_default(),
            );
        }
        put(&mut new, field::E820_ENTRIES, &[self.ranges.len() as u8]);
        for (index, (range, kind)) in self.ranges.iter().enumerate() {
            let at = field::E820_TABLE + index * 20;
            put(&mut new, at, &range.start.to_le_bytes());
            put(&mut new, at + 8, &range.size.to_le_bytes());
            put(&mut new, at + 16, &kind.to_le_bytes());
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(ranges: &[(&str, &str, &str)], params: &[u8]) -> (tempfile::TempDir, System) {
        let root = tempfile::tempdir().unwrap();
        for (number, (start, end, kind)) in ranges.iter().enumerate() {
            let directory = root.path().join(format!(".{MEMORY}/{number}"));
            fs::create_dir_all(&directory).unwrap();
            for (name, text) in [("start", start), ("end", end), ("type", kind)] {
                fs::write(directory.join(name), format!("{text}\n")).unwrap();
            }
        }
        let file = root.path().join(format!(".{PARAMS}"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, params).unwrap();
        let system = System::below(root.path().to_owned());
        (root, system)
    }

    #[test]
    fn what_is_told_on() {
        let ranges = [
            ("0x100000", "0x7ffffff", "System RAM"),
            ("0x0", "0x9fbff", "System RAM"),
            ("0x8000000", "0x800ffff", "ACPI Tables"),
            ("0xf0000", "0xfffff", "what is new"),
        ];
        let old: Vec<u8> = (0..params::SIZE).map(|at| (at % 251) as u8 + 1).collect();
        let (_root, system) = system(&ranges, &old);
        let machine = Machine::of(&system).unwrap();
        let new = machine.params();
        assert_eq!(new.len(), params::SIZE);
        // screen_info and acpi_rsdp_addr, but no setup_data and nothing of the old kernel's.
        assert_eq!(new[..0x40], old[..0x40]);
        assert_eq!(new[0x70..0x78], old[0x70..0x78]);
        assert_eq!(new[0x1f1..0x290], [0; 0x290 - 0x1f1]);
        assert_eq!(new[field::E820_ENTRIES], 4);
        let entry = |index: usize| {
            let at = field::E820_TABLE + 20 * index;
            let number = |at| params::u64(&new, at);
            (number(at), number(at + 8), params::u32(&new, at + 16))
        };
        assert_eq!(entry(0), (0, 0x9_fc00, 1));
        assert_eq!(entry(1), (0xf_0000, 0x1_0000, 2));
        assert_eq!(entry(2), (0x10_0000, 0x7f0_0000, 1));
        assert_eq!(entry(3), (0x800_0000, 0x1_0000, 3));
        let size = 0x10_0000;
        let free = |start| machine.memory().is_free(Range { start, size });
        assert_eq!(
            [free(0x10_0000), free(0x7f8_0000), free(0)],
            [true, false, false]
        );
    }

    #[test]
    fn machines_without_a_map() {
        let (_root, system) = system(&[], &[]);
        let error = Machine::of(&system).err().unwrap();
        assert!(error.to_string().contains("has 0 ranges"), "{error}");
    }
}
