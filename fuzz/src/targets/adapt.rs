//! Images that are to start on UEFI as well: what is seen of them, and what would be
//! written. An input is flags, the first 40 sectors, a catalogue of El Torito, and ISO
//! 9660's descriptors.

use std::rc::Rc;

use adapt::change::Change;
use adapt::look::look;
use adapt::plan::{Plan, Wishes};
use adapt::undo::Undo;
use adapt::{MIB, esp};
use layout::disk::SECTOR;
use volumes::Bytes;

use crate::gpt;
use crate::input::Input;

/// Sectors at the start.
const FIRST: usize = 40;
/// Where the descriptors and the catalogue begin, in bytes, and the size of both.
const DESCRIPTORS: usize = 16 * CD_SECTOR;
const CATALOGUE: usize = 24 * CD_SECTOR;
const CD_SECTOR: usize = 2048;
/// Bytes of the image.
const SIZE: usize = 64 * CD_SECTOR;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.byte();
    let mut image = vec![0; SIZE];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, input.take(FIRST * SECTOR));
    put(CATALOGUE, input.take(SECTOR));
    put(DESCRIPTORS, input.take(3 * CD_SECTOR));
    gpt::repair(&mut image, 1, flags & 1 != 0, flags & 2 != 0);
    if flags & 4 != 0 {
        repair(&mut image[CATALOGUE..][..32]);
    }
    let bytes: Rc<dyn Bytes> = Rc::new(image.clone());
    let look = look(&bytes).expect("memory can be read");
    assert!(look.end > 0 && look.size == image.len() as u64);
    let wishes = Wishes {
        gpt: flags & 8 != 0,
    };
    let content = vec![0xe5; esp::size(0) as usize];
    let Ok(plan) = Plan::new(&look, content, wishes) else {
        return;
    };
    check(&image, &plan);
    let undo = Undo::of(&*bytes, &plan).expect("memory can be read");
    assert_eq!(Undo::parse(&undo.bytes()).as_ref(), Some(&undo));
    let mut changed = image.clone();
    changed.resize(plan.place.total as usize, 0);
    write(&mut changed, &plan.changes);
    let back = undo.changes(&changed).expect("it is the image");
    write(&mut changed, &back);
    changed.truncate(image.len());
    assert!(changed == image, "it does not come back");
}

/// Nothing is written but the partition, tables that are there, and what is empty.
fn check(image: &[u8], plan: &Plan) {
    let size = image.len() as u64;
    assert!(plan.place.start >= size && plan.place.start.is_multiple_of(MIB));
    for change in &plan.changes {
        assert!(change.end() <= plan.place.total, "{}", change.what);
        assert_eq!(change.bytes.len() % SECTOR, 0);
        match change.is_new {
            true => assert!(change.at() >= size, "{}", change.what),
            false => assert!(change.end() <= size, "{}", change.what),
        }
    }
    let sector = plan.changes.iter().find(|change| change.lba == 0);
    if let Some(sector) = sector
        && image[510..512] == [0x55, 0xaa]
    {
        assert_eq!(sector.bytes[..446], image[..446], "boot code and disk id");
        let records = sector.bytes[446..510].chunks(16);
        let changed = records.zip(image[446..510].chunks(16));
        for (after, before) in changed.filter(|(after, before)| after != before) {
            // A record that was free, or the size of the one that protects a GPT.
            assert!(before[4] == 0 || before[4] == 0xee && after[..12] == before[..12]);
        }
    }
}

fn write(image: &mut [u8], changes: &[Change]) {
    for change in changes {
        image[change.at() as usize..change.end() as usize].copy_from_slice(&change.bytes);
    }
}

/// Makes the first record of a catalogue a good one.
fn repair(record: &mut [u8]) {
    record[0] = 1;
    record[28..30].fill(0);
    record[30..32].copy_from_slice(&[0x55, 0xaa]);
    let words = record.chunks(2);
    let sum = words.fold(0_u16, |sum, word| {
        sum.wrapping_add(u16::from_le_bytes([word[0], word[1]]))
    });
    record[28..30].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut first = vec![0; FIRST * SECTOR];
    let mut put = |at: usize, bytes: &[u8]| first[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\xfa\x33code");
    put(510, b"\x55\xaa");
    let mut hybrid = [0; 16];
    (hybrid[0], hybrid[4], hybrid[13]) = (0x80, 0x17, 1);
    put(446, &hybrid);
    let mut disk = vec![0; FIRST * SECTOR];
    gpt::write(&mut disk, &[gpt::xbootldr(36, 38)], 8);
    let mut protective = [0; 16];
    (protective[4], protective[8], protective[12]) = (0xee, 1, 255);
    disk[446..462].copy_from_slice(&protective);
    disk[510..512].copy_from_slice(b"\x55\xaa");
    let mut catalogue = vec![0; SECTOR];
    (catalogue[32], catalogue[40]) = (0x88, 28);
    let mut sections = catalogue.clone();
    (sections[64], sections[66], sections[96]) = (0x90, 1, 0x88);
    (sections[128], sections[130], sections[160]) = (0x91, 1, 0x88);
    let seed = |flags: u8, first: &[u8], catalogue: &[u8], iso: &[u8]| {
        [&[flags], first, catalogue, iso].concat()
    };
    vec![
        seed(4, &first, &catalogue, &descriptors()),
        seed(4, &first, &sections, &descriptors()),
        seed(12, &[0; FIRST * SECTOR], &catalogue, &descriptors()),
        seed(3, &disk, &[0; SECTOR], &[]),
    ]
}

/// A primary descriptor, a boot record, and the end.
fn descriptors() -> Vec<u8> {
    let mut sectors = vec![0; 3 * CD_SECTOR];
    for (number, kind) in [1, 0, 255].into_iter().enumerate() {
        sectors[number * CD_SECTOR] = kind;
        sectors[number * CD_SECTOR + 1..][..6].copy_from_slice(b"CD001\x01");
    }
    sectors[80..84].copy_from_slice(&40_u32.to_le_bytes());
    sectors[128..130].copy_from_slice(&2048_u16.to_le_bytes());
    sectors[CD_SECTOR + 7..][..23].copy_from_slice(b"EL TORITO SPECIFICATION");
    sectors[CD_SECTOR + 0x47] = (CATALOGUE / CD_SECTOR) as u8;
    sectors
}
