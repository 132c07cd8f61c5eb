use super::*;

const MIB: u64 = 1 << 20;
const MAGIC: u32 = 0x1bad_b002;

/// A program header: type, offset, virtual and physical address, bytes in the file and
/// in memory.
type Header = [u64; 6];

/// An ELF file of either class, with a Multiboot header and these program headers. It
/// has 0x3000 bytes, whose values from 0x1000 on are those of their offsets' second
/// byte.
fn elf(is_64: bool, entry: u64, headers: &[Header]) -> Vec<u8> {
    let word = |value: u64| value.to_le_bytes()[..if is_64 { 8 } else { 4 }].to_vec();
    let half = |value: u16| value.to_le_bytes().to_vec();
    let long = |value: u32| value.to_le_bytes().to_vec();
    let (table, entry_size) = if is_64 { (64, 56) } else { (52, 32) };
    let mut file = [b"\x7fELF", &[1 + u8::from(is_64), 1, 1][..], &[0; 9]].concat();
    let machine = if is_64 { 62 } else { 3 };
    let fields = [
        half(2),
        half(machine),
        long(1),
        word(entry),
        word(table),
        word(0),
    ];
    file.extend(fields.concat());
    let count = headers.len() as u16;
    let sizes = [table as u16, entry_size, count, 0, 0, 0].map(half);
    file.extend([long(0), sizes.concat()].concat());
    for [kind, offset, virtual_address, address, bytes, size] in headers.iter().copied() {
        let numbers = [offset, virtual_address, address, bytes, size].map(word);
        let (kind, flags) = (long(kind as u32), long(7));
        match is_64 {
            true => file.extend([kind, flags, numbers.concat(), word(0x1000)].concat()),
            false => file.extend([kind, numbers.concat(), flags, word(0x1000)].concat()),
        }
    }
    file.resize(file.len().next_multiple_of(4), 0);
    for number in [MAGIC, 3, 0_u32.wrapping_sub(MAGIC).wrapping_sub(3)] {
        file.extend(number.to_le_bytes());
    }
    assert!(file.len() <= 0x1000);
    file.resize(0x1000, 0);
    file.extend((0x1000..0x3000).map(|at: u32| at.to_le_bytes()[1]));
    file
}

/// A file with addresses in its header, which lies at 0x10: header, load, load_end,
/// bss_end, entry.
fn kludge(addresses: [u32; 5]) -> Vec<u8> {
    let flags = 1 << 16;
    let mut file = vec![0; 0x10];
    let start = [MAGIC, flags, 0_u32.wrapping_sub(MAGIC).wrapping_sub(flags)];
    for number in start.into_iter().chain(addresses) {
        file.extend(number.to_le_bytes());
    }
    file.resize(0x200, 7);
    file
}

fn machine() -> Memory {
    let mut memory = Memory::new();
    let range = |start, size| Range { start, size };
    memory.add(range(0, 0x9_fc00), true);
    memory.add(range(MIB, 14 * MIB), true);
    memory.add(range(16 * MIB, 112 * MIB), true);
    memory
}

fn refusal(file: &[u8]) -> String {
    Image::of(file).unwrap_err().to_string()
}

fn load(offset: u64, address: u64, bytes: u64, size: u64) -> Header {
    [1, offset, address, address, bytes, size]
}

#[test]
fn both_classes_say_the_same() {
    let headers = [
        [6, 52, 0, 0, 64, 64],
        [1, 0x2000, 0xc020_0000, 2 * MIB, 0x800, 0x5000],
        [1, 0x1000, 0xc010_0000, MIB, 0x1000, 0x1000],
        [1, 0, 0, 0, 0, 0],
    ];
    let images = [false, true].map(|is_64| {
        let file = elf(is_64, 0xc010_0010, &headers);
        let image = Image::of(&file).unwrap();
        assert_eq!(image.entry, MIB + 0x10, "physical");
        image.keep(&mut machine()).unwrap();
        (image.pieces(&file), image)
    });
    assert_eq!(images[0], images[1]);
    let (pieces, image) = &images[0];
    assert_eq!(image.parts.len(), 2);
    let places: Vec<_> = pieces.iter().map(|piece| piece.place).collect();
    let range = |start, size| Range { start, size };
    assert_eq!(places, [range(MIB, 0x1000), range(2 * MIB, 0x5000)]);
    assert_eq!(
        (pieces[0].bytes.len(), pieces[1].bytes.len()),
        (0x1000, 0x800)
    );
    assert_eq!(
        (pieces[0].bytes[0x100], pieces[1].bytes[0x100]),
        (0x11, 0x21)
    );
}

#[test]
fn an_entry_that_is_no_virtual_address_is_a_physical_one() {
    let header = [1, 0x1000, 0xc010_0000, MIB, 0x1000, 0x1000];
    let image = Image::of(&elf(false, MIB + 4, &[header])).unwrap();
    assert_eq!(image.entry, MIB + 4);
}

#[test]
fn parts_that_share_a_page() {
    // The second one begins in the page in which the first one's bytes end; the third
    // one in a page of zeros.
    let headers = [
        load(0x1000, MIB, 0x1100, 0x1100),
        load(0x2800, MIB + 0x1800, 0x10, 0x3000),
        load(0x2900, MIB + 0x4900, 0x10, 0x10),
        // Zeros alone, of which the next one has the only page.
        load(0, MIB + 0x6100, 0, 0x10),
        load(0x2a00, MIB + 0x6200, 0x10, 0x10),
    ];
    let file = elf(false, MIB, &headers);
    let image = Image::of(&file).unwrap();
    let pieces = image.pieces(&file);
    let place = |piece: &Piece| (piece.place.start - MIB, piece.place.size, piece.bytes.len());
    let places: Vec<_> = pieces.iter().map(place).collect();
    assert_eq!(
        places,
        [
            (0, 0x4000, 0x1810),
            (0x4000, 0x1000, 0x910),
            (0x6000, 0x1000, 0x210)
        ]
    );
    assert_eq!(pieces[0].bytes[0x10ff..0x1101], [0x20, 0]);
    assert_eq!(pieces[0].bytes[0x17ff..0x1801], [0, 0x28]);
    assert_eq!(pieces[1].bytes[0x8ff..0x901], [0, 0x29]);
    image.keep(&mut machine()).unwrap();
}

#[test]
fn elf_files_that_lie() {
    let good = load(0x1000, MIB, 0x1000, 0x1000);
    for is_64 in [false, true] {
        let refused = |headers: &[Header], part: &str| {
            let text = refusal(&elf(is_64, MIB, headers));
            assert!(text.contains(part), "{headers:x?}: {text}");
        };
        let end = 1_u64 << 32;
        refused(&[load(0x1000, MIB, 0x2001, 0x2001)], "cut short");
        refused(&[load(0xffff_f000, MIB, 0x1000, 0x1000)], "cut short");
        refused(&[load(0x1000, MIB, 0x1000, 0xfff)], "damaged");
        refused(&[good, load(0x1000, MIB + 0xfff, 1, 1)], "the same memory");
        refused(&[good, load(0, 0, 0, 0xffff_ffff)], "the same memory");
        refused(&[good, load(0, end - 0x1000, 0, 0x1001)], "above 4 GiB");
        refused(&[load(0x1000, 2 * MIB, 0x1000, 0x1000)], "entry");
        refused(&[], "entry");
    }
    let far = load(0x1000, u64::MAX - 0xff, 0x100, 0x100);
    assert!(refusal(&elf(true, MIB, &[good, far])).contains("above 4 GiB"));
    let far = load(u64::MAX, MIB, 2, 2);
    assert!(refusal(&elf(true, MIB, &[far])).contains("damaged"));
    let file = elf(false, MIB, &[good]);
    // Its machine, type, byte order and class; the size and the place of its table.
    for (at, value) in [(18, 40), (16, 3), (5, 2), (4, 3), (42, 8), (31, 0xff)] {
        let mut file = file.clone();
        file[at] = value;
        assert!(Image::of(&file).is_err(), "{at}");
    }
    for length in 0..0x1000 {
        assert!(Image::of(&file[..length]).is_err(), "{length}");
    }
}

#[test]
fn only_free_memory_is_taken() {
    let keep = |address, size| {
        let header = load(0x1000, address, 1, size);
        let image = Image::of(&elf(false, address, &[header])).unwrap();
        image.keep(&mut machine())
    };
    assert!(keep(MIB, 14 * MIB).is_ok());
    assert!(keep(16 * MIB, 112 * MIB).is_ok());
    for (address, size) in [
        (0, 16),
        (0x7000, 16),
        (MIB - 1, 16),
        (MIB, 14 * MIB + 1),
        (15 * MIB, 16),
        (128 * MIB - 1, 2),
        (0xffff_f000, 0x1000),
    ] {
        let error = keep(address, size).unwrap_err().to_string();
        assert!(error.contains("no free memory"), "{address:#x}: {error}");
    }
}

#[test]
fn addresses_in_the_header() {
    let at = MIB as u32;
    let file = kludge([at + 0x10, at, 0, 0, at + 0x30]);
    let image = Image::of(&file).unwrap();
    assert_eq!(
        (image.entry, image.parts[0].bytes.clone()),
        (MIB + 0x30, 0..0x200)
    );
    // It begins after the header, ends before the file does, and has zeros.
    let file = kludge([at + 8, at, at + 0x100, at + 0x5000, at]);
    let image = Image::of(&file).unwrap();
    assert_eq!(image.parts[0].bytes, 8..0x108);
    assert_eq!(
        image.parts[0].place,
        Range {
            start: MIB,
            size: 0x5000
        }
    );
    assert_eq!(image.pieces(&file)[0].place.size, 0x5000);
    for (addresses, part) in [
        ([at - 1, at, 0, 0, at], "damaged"),
        ([at + 0x11, at, 0, 0, at], "damaged"),
        ([at + 8, at, at - 1, 0, at], "damaged"),
        ([at + 8, at, 0, at - 1, at], "damaged"),
        ([at + 8, at, at + 0x1fa, 0, at], "cut short"),
        ([at + 8, at, at, 0, at], "entry"),
        ([at + 8, at, 0, 0, at - 1], "entry"),
        ([u32::MAX, u32::MAX - 8, 0, 0, at], "above 4 GiB"),
    ] {
        let text = refusal(&kludge(addresses));
        assert!(text.contains(part), "{addresses:x?}: {text}");
    }
}
