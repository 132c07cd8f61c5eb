//! The sections that the loader finds in PE files are those that goblin finds.

use fuzz::pe::{AMD64, ENTRY, TABLE, image};
use fuzz::targets::uki::{NAMES, Section, agree};
use goblin::pe::header::Header;

/// Number of images, and of changed copies of each.
const IMAGES: u32 = 200;
const COPIES: u32 = 20;

/// Numbers that look random, but are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1);
        (self.0 >> 33) as usize % end
    }
}

/// The sections as goblin reads them; `None` if it refuses the image.
fn sections(file: &[u8]) -> Option<Vec<Section>> {
    let header = Header::parse(file).ok()?;
    let coff = &header.coff_header;
    let mut table = header.dos_header.pe_pointer as usize + 24;
    table += usize::from(coff.size_of_optional_header);
    let sections = coff.sections(file, &mut table).ok()?;
    if coff.machine != AMD64 || sections.len() > 256 {
        return None;
    }
    let section = |section: &goblin::pe::section_table::SectionTable| {
        let size = section.virtual_size.min(section.size_of_raw_data);
        (section.name, section.pointer_to_raw_data, size)
    };
    Some(sections.iter().map(section).collect())
}

/// Up to 16 sections, most of them with names that the loader knows.
fn any(numbers: &mut Numbers) -> Vec<u8> {
    let contents: Vec<(String, Vec<u8>)> = (0..numbers.below(17))
        .map(|number| {
            let name = NAMES.get(numbers.below(NAMES.len() + 2));
            let name = name.map_or_else(
                || format!(".{number}"),
                |name| String::from_utf8_lossy(name.as_slice()).replace('\0', ""),
            );
            (name, vec![number as u8; numbers.below(1200)])
        })
        .collect();
    let contents: Vec<(&str, &[u8])> = contents
        .iter()
        .map(|(name, content)| (name.as_str(), &content[..]))
        .collect();
    image(AMD64, &contents)
}

/// Changes some bytes of the headers, and may cut the file short.
fn change(numbers: &mut Numbers, file: &mut Vec<u8>) {
    const PLACES: [(usize, usize); 4] = [
        (0, 64),
        (0x80, 24),
        (TABLE, 16 * ENTRY),
        (0, TABLE + 16 * ENTRY),
    ];
    for _ in 0..=numbers.below(4) {
        let (start, length) = PLACES[numbers.below(PLACES.len())];
        let at = start + numbers.below(length);
        if let Some(byte) = file.get_mut(at) {
            *byte = [0, 1, 0x7f, 0xff, numbers.below(256) as u8][numbers.below(5)];
        }
    }
    if numbers.below(4) == 0 {
        file.truncate(numbers.below(file.len() + 1));
    }
}

#[test]
fn sections_of_random_images() {
    let mut numbers = Numbers(1);
    let (mut good, mut refused) = (0, 0);
    for _ in 0..IMAGES {
        let whole = any(&mut numbers);
        let found = sections(&whole);
        assert!(found.is_some(), "goblin reads what is whole");
        agree(&whole, true, found.as_deref());
        for _ in 0..COPIES {
            let mut file = whole.clone();
            change(&mut numbers, &mut file);
            match sections(&file) {
                Some(sections) => {
                    agree(&file, true, Some(&sections));
                    good += 1;
                }
                // goblin checks more of the headers than a loader needs.
                None => refused += 1,
            }
        }
    }
    println!("{IMAGES} images; of changed ones {good} read alike, {refused} refused by goblin");
    assert!(good > 2000 && refused > 500, "{good} {refused}");
}
