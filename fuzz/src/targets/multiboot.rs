//! A Multiboot kernel that `gapboot kexec` starts. An input is flags, the place and the
//! flags of its header, and the file. With a flag, the rest of the input is the file as
//! it is.

use crate::input::Input;
use kexec::multiboot::image::{Image, Piece};
use kexec::multiboot::part::Part;
use stub::memory::{Memory, PAGE, Range};

const RAW: u8 = 1;
const MAGIC: u32 = 0x1bad_b002;
const HAS_ADDRESSES: u32 = 1 << 16;
const MIB: u64 = 1 << 20;
/// RAM of the machine: small, so that what is laid out can be compared byte by byte.
const RAM: [Range; 2] = [range(0, 0x9_fc00), range(MIB, MIB)];

const fn range(start: u64, size: u64) -> Range {
    Range { start, size }
}

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let file = match input.byte() & RAW {
        0 => with_header(&mut input),
        _ => input.0.to_vec(),
    };
    let Ok(image) = Image::of(&file) else {
        return;
    };
    check(&image, &file);
    let mut memory = Memory::new();
    RAM.iter().for_each(|range| memory.add(*range, true));
    if image.keep(&mut memory).is_ok() {
        lay_out(&image, &file);
        assert!(!image.parts.iter().any(|part| memory.is_free(part.place)));
    }
}

/// A file with a header whose checksum is right.
fn with_header(input: &mut Input) -> Vec<u8> {
    let at = usize::from(input.byte()) * 4;
    let flags = input.double();
    let mut file = input.0.to_vec();
    file.resize(file.len().max(at + 12), 0);
    let checksum = 0_u32.wrapping_sub(MAGIC).wrapping_sub(flags);
    for (number, value) in [MAGIC, flags, checksum].into_iter().enumerate() {
        file[at + 4 * number..][..4].copy_from_slice(&value.to_le_bytes());
    }
    file
}

/// What must hold of every kernel that is taken.
fn check(image: &Image, file: &[u8]) {
    let mut end = 0;
    for part in &image.parts {
        assert!(part.place.start >= end && part.place.size != 0);
        end = part
            .place
            .start
            .checked_add(part.place.size)
            .expect("it is small");
        assert!(file.get(part.bytes.clone()).is_some());
        assert!(part.bytes.len() as u64 <= part.place.size);
    }
    assert!(end <= 1 << 32);
    let contains = |part: &Part| (part.place.start..part.place.end()).contains(&image.entry);
    assert!(image.parts.iter().any(contains));
}

/// The pieces put every byte where the parts have it, in whole pages of RAM.
fn lay_out(image: &Image, file: &[u8]) {
    const FOREIGN: u8 = 0xee;
    let mut memory = vec![FOREIGN; RAM[1].size as usize];
    let mut end = MIB;
    for Piece { bytes, place } in image.pieces(file) {
        assert!(place.start % PAGE == 0 && place.size % PAGE == 0);
        assert!(place.start >= end && place.size >= bytes.len() as u64);
        end = place.end();
        let place = &mut memory[(place.start - MIB) as usize..][..place.size as usize];
        let (filled, zeros) = place.split_at_mut(bytes.len());
        filled.copy_from_slice(&bytes);
        zeros.fill(0);
    }
    for part in &image.parts {
        let place = &memory[(part.place.start - MIB) as usize..][..part.place.size as usize];
        let (filled, zeros) = place.split_at(part.bytes.len());
        assert_eq!(filled, &file[part.bytes.clone()]);
        assert!(zeros.iter().all(|byte| *byte == 0));
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = MIB as u32;
    let seed = |header: u8, flags: u32, file: &[u8]| {
        [&[0, header][..], &flags.to_le_bytes(), file].concat()
    };
    let addresses = |numbers: [u32; 5]| {
        let mut file = vec![0; 12];
        file.extend(numbers.map(u32::to_le_bytes).as_flattened());
        file.extend([7; 100]);
        seed(0, HAS_ADDRESSES, &file)
    };
    let parts = [
        [0x100, at, 0x20, 0x20],
        [0x120, at + 0x800, 0x20, 0x1800],
        [0x140, at + 0x2800, 0x20, 0x20],
        [0, at + 0x4000, 0, 0x5000],
    ];
    let mut seeds = vec![
        addresses([at, at, 0, 0, at + 0x20]),
        addresses([at, at, at + 0x40, at + 0x3000, at]),
    ];
    for is_64 in [false, true] {
        let file = elf(is_64, at, &parts);
        seeds.push(seed(0x58, 3, &file));
        seeds.push(seed(0x58, 7, &file));
        let mut raw = with_header(&mut Input(&seed(0x58, 3, &file)[1..]));
        raw.insert(0, RAW);
        seeds.push(raw);
    }
    seeds
}

/// An ELF file of 512 bytes, of parts that are offset, address, bytes in the file and in
/// memory.
fn elf(is_64: bool, entry: u32, parts: &[[u32; 4]]) -> Vec<u8> {
    let word = |value: u32| {
        value.to_le_bytes().into_iter().chain(match is_64 {
            true => [0; 4].into_iter().take(4),
            false => [0; 4].into_iter().take(0),
        })
    };
    let (machine, table, size) = if is_64 { (62, 64, 56) } else { (3, 52, 32) };
    let mut file = [b"\x7fELF", &[1 + u8::from(is_64), 1, 1][..], &[0; 9]].concat();
    file.extend([2, 0, machine, 0, 1, 0, 0, 0]);
    file.extend([entry, table, 0].into_iter().flat_map(word));
    file.extend([0, 0, 0, 0, table as u8, 0, size, 0, parts.len() as u8, 0]);
    file.resize(table as usize, 0);
    for [offset, address, bytes, memory] in parts.iter().copied() {
        file.extend([1, 0, 0, 0]);
        file.extend([7, 0, 0, 0].into_iter().filter(|_| is_64));
        file.extend(
            [offset, address, address, bytes, memory]
                .into_iter()
                .flat_map(word),
        );
        file.extend([7, 0, 0, 0].into_iter().filter(|_| !is_64));
        file.extend(word(1));
    }
    file.resize(512, 0x55);
    file
}
