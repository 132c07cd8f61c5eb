//! PE files that have sections only: all that a loader sees of a UKI.

/// `IMAGE_FILE_MACHINE_AMD64`.
pub const AMD64: u16 = 0x8664;
/// Where the section table begins.
pub const TABLE: usize = 0x188;
/// Size of an entry of the table, in bytes.
pub const ENTRY: usize = 40;

/// The headers before a section table of `sections` entries.
pub fn headers(machine: u16, sections: u16) -> Vec<u8> {
    let mut file = vec![0; 0x80];
    file[..2].copy_from_slice(b"MZ");
    file[0x3c] = 0x80;
    file.extend(*b"PE\0\0");
    file.extend(machine.to_le_bytes());
    file.extend(sections.to_le_bytes());
    file.extend([0; 12]);
    file.extend(240_u16.to_le_bytes());
    file.extend(0x22e_u16.to_le_bytes());
    // A 64-bit optional header, of an EFI application with 16 data directories.
    file.extend(0x20b_u16.to_le_bytes());
    file.resize(TABLE, 0);
    for (at, value) in [(56, 0x1000_0000_u32), (68, 10), (108, 16)] {
        file[0x98 + at..][..4].copy_from_slice(&value.to_le_bytes());
    }
    file
}

/// An entry of the table: a name, and the section's size and place in memory
/// and in the file.
pub fn entry(name: &[u8], memory: [u32; 2], file: [u32; 2]) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    entry[..name.len()].copy_from_slice(name);
    for (at, field) in (8..).step_by(4).zip(memory.into_iter().chain(file)) {
        entry[at..at + 4].copy_from_slice(&field.to_le_bytes());
    }
    entry
}

/// A PE file with these sections, empty ones included.
pub fn image(machine: u16, sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = headers(machine, sections.len() as u16);
    let mut offset = (file.len() + ENTRY * sections.len()).next_multiple_of(512);
    let mut address = 0x1000;
    let mut contents = Vec::new();
    for (name, content) in sections {
        let (size, raw) = (content.len(), content.len().next_multiple_of(512));
        let memory = [size as u32, address];
        file.extend(entry(name.as_bytes(), memory, [raw as u32, offset as u32]));
        contents.extend_from_slice(content);
        // The padding after the section's own size must never be read.
        contents.resize(contents.len() + raw - size, 0xee);
        offset += raw;
        address += raw.next_multiple_of(4096) as u32;
    }
    file.resize(file.len().next_multiple_of(512), 0);
    file.extend(contents);
    file
}
