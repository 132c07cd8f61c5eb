//! Makes EFI programs of code and other sections.

use fuzz::pe::AMD64;

/// Alignment of sections in the file.
const ALIGNMENT: usize = 512;
/// Alignment of sections in memory.
const PAGE: usize = 4096;
/// Size of the file's header and the optional header of a 64-bit program.
const HEADERS: usize = 24 + 240;
/// Size of a section's header.
const SECTION: usize = 40;
/// Sections of code, which can be read and run.
const CODE: u32 = 0x6000_0020;
/// Sections of data, which can be read.
const DATA: u32 = 0x4000_0040;

/// Makes a program of `head`: the headers are written into it at offset 0x40,
/// over what is there, and the sections follow it. A section `.text` is code
/// that is entered at its first byte and runs wherever it is loaded.
///
/// # Panics
///
/// The file is larger than 4 GiB.
pub fn program(mut head: Vec<u8>, sections: &[(&str, &[u8])]) -> Vec<u8> {
    const AT: usize = 0x40;
    let end = AT + HEADERS + SECTION * sections.len();
    let headers = end.next_multiple_of(ALIGNMENT);
    head.resize(head.len().max(headers).next_multiple_of(ALIGNMENT), 0);
    let word = |number: usize| {
        u32::try_from(number)
            .expect("less than 4 GiB")
            .to_le_bytes()
    };

    let mut table = Vec::new();
    let mut content = Vec::new();
    let (mut address, mut entry) = (headers.next_multiple_of(PAGE), 0);
    for &(name, bytes) in sections {
        let raw = bytes.len().next_multiple_of(ALIGNMENT);
        let mut padded = [0; 8];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        table.extend(padded);
        for field in [bytes.len(), address, raw, head.len() + content.len()] {
            table.extend(word(field));
        }
        table.extend([0; 12]);
        let kind = if name == ".text" { CODE } else { DATA };
        table.extend(kind.to_le_bytes());
        if name == ".text" {
            entry = address;
        }
        content.extend_from_slice(bytes);
        content.resize(content.len() + raw - bytes.len(), 0);
        address = (address + raw.max(1)).next_multiple_of(PAGE);
    }

    let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &word(AT));
    put(AT, b"PE\0\0");
    put(AT + 4, &AMD64.to_le_bytes());
    put(AT + 6, &(sections.len() as u16).to_le_bytes());
    put(AT + 8, &[0; HEADERS - 8]);
    put(AT + 20, &240_u16.to_le_bytes());
    // Executable, with large addresses, without debugging information.
    put(AT + 22, &0x22e_u16.to_le_bytes());
    let optional = AT + 24;
    put(optional, &0x20b_u16.to_le_bytes());
    put(optional + 16, &word(entry));
    put(optional + 32, &word(PAGE));
    put(optional + 36, &word(ALIGNMENT));
    put(optional + 56, &word(address));
    put(optional + 60, &word(headers));
    // An EFI application with 16 data directories, all empty.
    put(optional + 68, &10_u16.to_le_bytes());
    put(optional + 108, &word(16));
    put(AT + HEADERS, &table);
    head.extend(content);
    head
}
