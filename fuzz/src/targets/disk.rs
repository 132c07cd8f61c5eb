//! A boot from a whole disk. An input is the number of a base disk, flags, an
//! unreadable sector, and patches. Each patch is a region of the disk, a place in
//! it, a length and bytes.

use crate::disk::MemoryDisk;
use crate::fat::{Format, fat12, fat32};
use crate::gpt;
use crate::input::Input;
use crate::machine::FuzzMachine;
use layout::disk::SECTOR;
use std::sync::OnceLock;

/// Requests that a boot from one of these disks may take. An intact one takes
/// about 40.
const BUDGET: u32 = 200_000;
/// The first sector of the first partition, and the number of sectors of the disk.
const FIRST: usize = 16;
const SECTORS: usize = 256;

/// A disk, and the places where changes are likely to matter.
struct Base {
    image: Vec<u8>,
    /// Start and length of each region, in bytes.
    regions: Vec<(usize, usize)>,
}

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let bases = bases();
    let base = &bases[usize::from(input.byte()) % bases.len()];
    let flags = input.byte();
    let bad = u64::from(input.byte());
    let mut image = base.image.clone();
    while !input.0.is_empty() {
        let (start, length) = base.regions[usize::from(input.byte()) % base.regions.len()];
        let at = start + usize::from(input.word()) % length;
        let count = usize::from(input.byte() % 64);
        let bytes = input.take(count);
        let end = (at + bytes.len()).min(image.len());
        image[at..end].copy_from_slice(&bytes[..end - at]);
    }
    for (bit, at) in [(0x01, 1), (0x02, SECTORS - 1)] {
        if flags & bit == 0 {
            gpt::repair(&mut image, at, true, true);
        }
    }
    // A disk may be shorter than its table says.
    let sectors = SECTORS as u64 - u64::from(flags >> 4) * 16;
    let mut disk = MemoryDisk::new(&image, sectors, BUDGET);
    disk.unreadable = (bad != 0).then_some(bad);
    let mib = if flags & 0x04 == 0 { 1024 } else { 64 };
    FuzzMachine::new(disk, mib).boot();
}

fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(|| {
        vec![
            base(fat12(150), false),
            base(fat32(150), false),
            base(fat12(60), true),
        ]
    })
}

/// A disk with three entries. With `two`, the kernels and some of the entries
/// are on an extended boot loader partition.
fn base(format: Format, two: bool) -> Base {
    let kernel = crate::kernel::image(3000);
    let entry = |title: &str| {
        format!(
            "title {title}\nversion 1\nlinux /linux\ninitrd /initrd\noptions root=/dev/sda2 quiet\n"
        )
        .into_bytes()
    };
    let (good, tried) = (entry("Good"), entry("Tried"));
    let conf = b"timeout 5\ndefault tried*\n";
    let entries: [(&str, &[u8]); 5] = [
        ("loader/entries/good.conf", &good),
        ("loader/entries/tried+3-0.conf", &tried),
        ("loader/entries/a third one with a long name.conf", &good),
        ("linux", &kernel),
        ("initrd", &[0x55; 700]),
    ];
    let with_conf = [&[("loader/loader.conf", &conf[..])], &entries[..]].concat();
    let image = format.image(&with_conf);
    let mut disk = vec![0; SECTORS * SECTOR];
    let first = FIRST as u64;
    let second = first + u64::from(format.sectors());
    let mut partitions = vec![gpt::esp(first, second - 1)];
    disk[FIRST * SECTOR..][..image.len()].copy_from_slice(&image);
    let mut regions = vec![
        (SECTOR, 92),
        (2 * SECTOR, 4 * 128),
        ((SECTORS - 1) * SECTOR, 92),
        (FIRST * SECTOR, 64),
        ((FIRST + 1) * SECTOR, 4 * SECTOR),
        (FIRST * SECTOR, image.len()),
        (0, SECTORS * SECTOR),
    ];
    if two {
        partitions.push(gpt::xbootldr(
            second,
            second + u64::from(format.sectors()) - 1,
        ));
        let image = format.image(&entries);
        disk[second as usize * SECTOR..][..image.len()].copy_from_slice(&image);
        regions.push((second as usize * SECTOR, image.len()));
    }
    gpt::write(&mut disk, &partitions, 4);
    // Sectors that begin something: directories, files and kernels.
    for mark in [
        &b".          \x10"[..],
        b"timeout",
        b"title",
        b"HdrS",
        b"A0000001   ",
        b"A0000002   ",
    ] {
        let hits = (0..disk.len()).filter(|&at| disk[at..].starts_with(mark));
        let hits: Vec<usize> = hits.collect();
        regions.extend(
            hits.iter()
                .map(|at| at / SECTOR * SECTOR)
                .map(|at| (at, SECTOR)),
        );
    }
    Base {
        image: disk,
        regions,
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, base) in bases().iter().enumerate() {
        seeds.push(vec![number as u8, 0, 0]);
        for region in 0..base.regions.len() as u8 {
            seeds.push(vec![
                number as u8,
                0,
                0,
                region,
                8,
                0,
                4,
                0xff,
                0xff,
                0xff,
                0x7f,
            ]);
        }
    }
    seeds
}
