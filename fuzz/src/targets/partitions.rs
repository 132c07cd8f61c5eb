//! Partition tables as the host tools read them: hybrids, chains of logical partitions,
//! sectors of two sizes. An input is flags, and the disk from its first sector on.

use layout::disk::SECTOR;
use volumes::partitions::partitions;

use crate::gpt;
use crate::input::Input;

/// Sectors of the disk.
const SECTORS: usize = 64;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.byte();
    let mut image = input.take(SECTORS * SECTOR).to_vec();
    image.resize(SECTORS * SECTOR, 0);
    for (bit, at) in [(0x01, 1), (0x04, SECTORS - 1)] {
        gpt::repair(&mut image, at, flags & bit != 0, flags & bit << 1 != 0);
    }
    let size = image.len() as u64;
    let sector = [None, Some(512), Some(4096), Some(0)][usize::from(flags >> 6)];
    let places = partitions(&image, sector);
    assert!(places.len() <= 1024 + 4);
    for place in places {
        assert!(place.size > 0 && place.start < size);
        assert!(place.start + place.size <= size);
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut image = vec![0; SECTORS * SECTOR];
    gpt::write(&mut image, &[gpt::esp(40, 60), gpt::xbootldr(61, 62)], 8);
    let mut mbr = [0; SECTOR];
    mbr[440..444].copy_from_slice(b"disk");
    mbr[510..].copy_from_slice(b"\x55\xaa");
    let record = |kind: u8, first: u8, count: u8| {
        let mut record = [0; 16];
        (record[4], record[8], record[12]) = (kind, first, count);
        record
    };
    let with = |records: [[u8; 16]; 2]| {
        let mut mbr = mbr;
        mbr[446..478].copy_from_slice(&records.concat());
        mbr
    };
    let hybrid = with([record(0xee, 1, 63), record(0x83, 40, 20)]);
    let logical = with([record(0x83, 2, 10), record(0x05, 20, 40)]);
    let chain = with([record(0x83, 1, 10), record(0x05, 0, 20)]);
    let disk = |flags: u8, mbr: &[u8], image: &[u8]| {
        let mut input = vec![flags];
        input.extend(mbr);
        input.extend(&image[SECTOR..]);
        input
    };
    let mut second = vec![0; SECTORS * SECTOR];
    second[20 * SECTOR..21 * SECTOR].copy_from_slice(&chain);
    vec![
        disk(0x0f, &hybrid, &image),
        disk(0x4f, &hybrid, &image),
        disk(0, &logical, &second),
        disk(0xc0, &logical, &second),
    ]
}
