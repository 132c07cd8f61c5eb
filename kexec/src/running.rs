//! What a new kernel must know about this machine, as the running kernel learned it
//! at its own start.
//!
//! EFI's memory map is left out: a kernel sets the firmware's virtual addresses once,
//! and a second kernel would need those of the first. It runs without EFI's
//! services, and finds the ACPI tables all the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stub::memory::{Memory, Range};
use stub::params::{self, field, put};

use crate::error::Error;

/// The firmware's memory map, a directory for each range.
const MEMORY: &str = "sys/firmware/memmap";
/// `boot_params` of the running kernel.
const PARAMS: &str = "sys/kernel/boot_params/data";
/// There after a boot by UEFI.
const EFI: &str = "sys/firmware/efi";
/// Addresses of the firmware's tables by name, a line each (after a boot by UEFI).
const EFI_TABLES: &str = "sys/firmware/efi/systab";
/// The names there of the two versions of ACPI's root pointer, the better one first.
const ACPI_TABLES: [&str; 2] = ["ACPI20", "ACPI"];

/// The number of ranges for which `boot_params` has room.
const RANGES: usize = 128;

/// Names of the uses of memory, and their numbers in `boot_params`. Memory of any
/// other use is reserved.
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

/// `acpi_rsdp_addr`: where ACPI's tables begin, if the loader knows it.
const ACPI_RSDP: usize = 0x070;

/// The fields that are handed on: the screen, the monitor, the BIOS's disks (numbers of
/// both lists, signatures, parameters).
const HANDED_ON: [std::ops::Range<usize>; 5] = [
    0x000..0x040, // screen_info
    0x140..0x1c0, // edid_info
    0x1e9..0x1eb, // eddbuf_entries, edd_mbr_sig_buf_entries
    0x290..0x2d0, // edd_mbr_sig_buffer
    0xd00..0xeec, // eddbuf
];

/// The machine.
pub(crate) struct Machine {
    ranges: Vec<(Range, u32)>,
    params: Vec<u8>,
    /// The address of ACPI's root pointer; 0 if the new kernel finds it by itself, as
    /// on a BIOS.
    acpi: u64,
}

impl Machine {
    /// Reads what the running kernel tells; its files lie below `root`, which is
    /// `/` but for tests.
    ///
    /// # Errors
    /// They cannot be read, there are more ranges than can be handed on, or a machine
    /// with UEFI does not say where its ACPI tables are.
    pub(crate) fn of(root: &Path) -> Result<Self, Error> {
        let mut ranges = Vec::new();
        for directory in directories(&root.join(MEMORY))? {
            ranges.push(range(&directory)?);
        }
        ranges.sort_by_key(|(range, _)| range.start);
        if ranges.is_empty() || ranges.len() > RANGES {
            return Err(Error::text(format!(
                "kexec_load needs the machine's memory map, and /{MEMORY} has {} ranges (1 to \
                 {RANGES} can be handed on): use a Linux with CONFIG_FIRMWARE_MEMMAP, or with \
                 CONFIG_KEXEC_FILE",
                ranges.len()
            )));
        }
        let path = root.join(PARAMS);
        let params = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let acpi = match params::u64(&params, ACPI_RSDP) {
            0 if root.join(EFI).exists() => acpi_by_efi(root)?,
            known => known,
        };
        Ok(Self {
            ranges,
            params,
            acpi,
        })
    }

    /// Its memory, of which all is free.
    pub(crate) fn memory(&self) -> Memory {
        let mut memory = Memory::new();
        for (range, kind) in &self.ranges {
            memory.add(*range, *kind == RAM);
        }
        memory
    }

    /// The memory map: ranges in their order, and the number of their use as E820 and
    /// `boot_params` have it.
    pub(crate) fn ranges(&self) -> &[(Range, u32)] {
        &self.ranges
    }

    /// `boot_params` that say what they should of the machine, and nothing of a
    /// kernel yet.
    pub(crate) fn params(&self) -> Vec<u8> {
        let mut new = vec![0; params::SIZE];
        for field in HANDED_ON {
            let value = self.params.get(field.clone());
            put(&mut new, field.start, value.unwrap_or_default());
        }
        put(&mut new, ACPI_RSDP, &self.acpi.to_le_bytes());
        let table = self.ranges.iter().flat_map(|(range, kind)| {
            let numbers = [range.start.to_le_bytes(), range.size.to_le_bytes()];
            let kind = kind.to_le_bytes();
            numbers.into_iter().flatten().chain(kind)
        });
        let table: Vec<u8> = table.collect();
        put(&mut new, field::E820_TABLE, &table);
        // `of` takes 128 at most.
        let count = u8::try_from(self.ranges.len()).unwrap_or(u8::MAX);
        put(&mut new, field::E820_ENTRIES, &[count]);
        new
    }
}

/// Where ACPI's tables begin, as EFI told the running kernel. The new kernel runs without
/// EFI and would look for them where a BIOS has them.
fn acpi_by_efi(root: &Path) -> Result<u64, Error> {
    let text = read(&root.join(EFI_TABLES))?;
    let address = |name: &&str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, address) = lines.find(|(known, _)| known == name)?;
        u64::from_str_radix(address.trim().strip_prefix("0x")?, 16).ok()
    };
    ACPI_TABLES.iter().find_map(address).ok_or_else(|| {
        Error::text(format!(
            "/{EFI_TABLES} does not say where the ACPI tables are, and a kernel that kexec_load \
             starts would not find them: use a Linux with CONFIG_KEXEC_FILE"
        ))
    })
}

/// A range of the firmware's memory map, and the number of what it is used for.
fn range(directory: &Path) -> Result<(Range, u32), Error> {
    let number = |name| {
        let text = read(&directory.join(name))?;
        let digits = text.trim().trim_start_matches("0x");
        u64::from_str_radix(digits, 16).map_err(|_| {
            Error::text(format!(
                "{} holds no number: use a Linux with CONFIG_KEXEC_FILE",
                directory.join(name).display()
            ))
        })
    };
    let (start, last) = (number("start")?, number("end")?);
    let size = last.saturating_sub(start).saturating_add(1);
    let text = read(&directory.join("type"))?;
    let known = USES.iter().find(|(name, _)| *name == text.trim());
    let kind = known.map_or(RESERVED, |(_, kind)| *kind);
    Ok((Range { start, size }, kind))
}

/// What lies in a directory; nothing if the directory does not exist.
fn directories(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unreadable(directory, &error)),
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "; run gapboot as root",
        _ => "",
    };
    Error::text(format!("cannot read {}: {error}{hint}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(ranges: &[(&str, &str, &str)], params: &[u8]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (number, (start, end, kind)) in ranges.iter().enumerate() {
            let directory = root.path().join(format!("{MEMORY}/{number}"));
            fs::create_dir_all(&directory).unwrap();
            for (name, text) in [("start", start), ("end", end), ("type", kind)] {
                fs::write(directory.join(name), format!("{text}\n")).unwrap();
            }
        }
        let file = root.path().join(PARAMS);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, params).unwrap();
        root
    }

    #[test]
    fn what_is_handed_on() {
        let ranges = [
            ("0x100000", "0x7ffffff", "System RAM"),
            ("0x0", "0x9fbff", "System RAM"),
            ("0x8000000", "0x800ffff", "ACPI Tables"),
            ("0xf0000", "0xfffff", "what is new"),
        ];
        let old: Vec<u8> = (0..params::SIZE).map(|at| (at % 251) as u8 + 1).collect();
        let root = system(&ranges, &old);
        let machine = Machine::of(root.path()).unwrap();
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

    /// EFI's tables are asked where `boot_params` say nothing.
    #[test]
    fn acpi_after_a_boot_by_uefi() {
        let ranges = [("0x100000", "0x7ffffff", "System RAM")];
        let root = system(&ranges, &[0; params::SIZE]);
        let acpi = || {
            let machine = Machine::of(root.path())?;
            Ok::<_, Error>(params::u64(&machine.params(), ACPI_RSDP))
        };
        assert_eq!(acpi().unwrap(), 0, "a BIOS");
        fs::create_dir_all(root.path().join(EFI)).unwrap();
        let tables = |text: &str| fs::write(root.path().join(EFI_TABLES), text).unwrap();
        for (text, address) in [
            (
                "ACPI20=0x7fb7e014\nACPI=0x7fb7e000\nSMBIOS=0x7f9f7000\n",
                0x7fb7_e014,
            ),
            ("SMBIOS3=0x1000\nACPI=0x7fb7e000\n", 0x7fb7_e000),
        ] {
            tables(text);
            assert_eq!(acpi().unwrap(), address);
        }
        tables("SMBIOS=0x7f9f7000\nACPI20=here\n");
        let error = acpi().unwrap_err().to_string();
        assert!(
            error.contains("does not say where the ACPI tables are"),
            "{error}"
        );
        // A loader that says it itself is believed.
        let mut old = vec![0; params::SIZE];
        put(&mut old, ACPI_RSDP, &0x1234_5678_u64.to_le_bytes());
        fs::write(root.path().join(PARAMS), old).unwrap();
        assert_eq!(acpi().unwrap(), 0x1234_5678);
    }

    #[test]
    fn machines_without_a_map() {
        let root = system(&[], &[]);
        let error = Machine::of(root.path()).err().unwrap();
        assert!(error.to_string().contains("has 0 ranges"), "{error}");
    }
}
