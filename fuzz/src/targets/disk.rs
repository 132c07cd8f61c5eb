//! A boot from a whole disk. An input is the number of a base disk, flags, an
//! unreadable sector, a moment, and patches. Each patch is a region of the disk, a
//! place in it, a length and bytes. The disk has some of the patches from the start,
//! and others from the moment on: what was checked is not what is loaded.

use crate::disk::{Change, MemoryDisk, Moment};
use crate::fat::{Format, fat12, fat32};
use crate::input::Input;
use crate::machine::FuzzMachine;
use crate::targets::state;
use crate::{gpt, pe};
use boot::Ending;
use layout::disk::SECTOR;
use std::sync::OnceLock;

/// Requests that a boot from one of these disks may take. An intact one takes
/// about 40.
const BUDGET: u32 = 200_000;
/// The first sector of the first partition, and the number of sectors of the disk.
const FIRST: usize = 16;
const SECTORS: usize = 256;

/// The checksums of the first table, or of the second one, stay as they are.
const BAD_SUM: [(u8, usize); 2] = [(0x01, 1), (0x02, SECTORS - 1)];
/// The machine has 64 MiB, and not 1 GiB.
const LITTLE_MEMORY: u8 = 0x04;
/// A second boot has no more memory than the plan of the first one.
const NO_MORE_MEMORY: u8 = 0x08;
/// A flag in the length of a patch: the disk has it from the moment on.
const LATER: u8 = 0x80;

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
    let moment = match input.byte() {
        0 => Moment::Written,
        requests => Moment::Requests(requests.into()),
    };
    let mut image = base.image.clone();
    let mut patches = Vec::new();
    while !input.0.is_empty() {
        let (start, length) = base.regions[usize::from(input.byte()) % base.regions.len()];
        let at = start + usize::from(input.word()) % length;
        let count = input.byte();
        let bytes = input.take(usize::from(count % 64));
        let bytes = &bytes[..bytes.len().min(image.len() - at)];
        if count & LATER == 0 {
            image[at..at + bytes.len()].copy_from_slice(bytes);
        } else {
            patches.push((at, bytes.to_vec()));
        }
    }
    for (bit, at) in BAD_SUM {
        if flags & bit == 0 {
            gpt::repair(&mut image, at, true, true);
        }
    }
    // A disk may be shorter than its table says.
    let sectors = SECTORS as u64 - u64::from(flags >> 4) * 16;
    patches.retain(|(at, bytes)| ((at + bytes.len()).div_ceil(SECTOR) as u64) <= sectors);
    let mut disk = MemoryDisk::new(&image, sectors, BUDGET);
    disk.unreadable = (bad != 0).then_some(bad);
    disk.change = (!patches.is_empty()).then_some(Change { moment, patches });
    let again = disk.clone();
    let mib = if flags & LITTLE_MEMORY == 0 { 1024 } else { 64 };
    let (ending, _) = FuzzMachine::new(disk, mib).boot();
    if let Ending::Start(handoff) = ending
        && flags & NO_MORE_MEMORY != 0
        && handoff.initrd_size > 0
    {
        let (ending, _) = FuzzMachine::with_memory_for(again, &handoff).boot();
        assert!(matches!(ending, Ending::Start(same) if same == handoff));
    }
}

fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(|| {
        vec![
            entries(fat12(150), false),
            entries(fat32(150), false),
            entries(fat12(60), true),
            images(fat12(200)),
        ]
    })
}

/// A disk with three entries. With `two`, the kernels and some of the entries
/// are on an extended boot loader partition.
fn entries(format: Format, two: bool) -> Base {
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
    base(format, &with_conf, two.then_some(&entries[..]))
}

/// A disk with two unified kernel images, files beside them, and a state file. The
/// state file shares a block of the loader's cache with the directory of extensions: a
/// boot writes to the one, and reads the other anew.
fn images(format: Format) -> Base {
    let kernel = crate::kernel::image(3000);
    let image = pe::image(
        pe::AMD64,
        &[
            (".osrel", b"ID=a\nPRETTY_NAME=A\nVERSION_ID=1\n"),
            (".cmdline", b"quiet"),
            (".ucode", b"microcode"),
            (".initrd", &[0x55; 700]),
            (".linux", &kernel),
        ],
    );
    let addon = pe::image(pe::AMD64, &[(".cmdline", b"more"), (".initrd", b"addon")]);
    let entry = b"title B\nuki /EFI/Linux/a+3-0.efi\nextra /loader/credentials/c.cred\n";
    let state = state::file(b"a.efi");
    base(
        format,
        &[
            ("loader/gapboot.state", &state),
            (EXTENSION, b"extension"),
            ("loader/credentials/c.cred", b"secret"),
            ("loader/addons/g.addon.efi", &addon),
            ("loader/entries/b+2.conf", entry),
            ("EFI/Linux/a+3-0.efi", &image),
            ("EFI/Linux/a.efi.extra.d/o.confext.raw", b"own"),
        ],
        None,
    )
}

/// The file that comes and goes in the seeds of [`images`]: its path, its name as the
/// directory has it, and where its last slot lies in its directory.
const EXTENSION: &str = "loader/extensions/e.raw";
const EXTENSION_NAME: &[u8] = b"e\0.\0r\0a\0w\0";
const EXTENSION_SLOT: u16 = 96;

/// A disk with these files on its EFI system partition, and others on an extended boot
/// loader partition, if there are any.
fn base(format: Format, files: &[(&str, &[u8])], others: Option<&[(&str, &[u8])]>) -> Base {
    let image = format.image(files);
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
    if let Some(files) = others {
        partitions.push(gpt::xbootldr(
            second,
            second + u64::from(format.sectors()) - 1,
        ));
        let image = format.image(files);
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
        b"gapstate",
        b"PE\0\0",
        EXTENSION_NAME,
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
    for (number, base) in (0..).zip(bases()) {
        seeds.push(vec![number, NO_MORE_MEMORY, 0, 0]);
        for region in 0..base.regions.len() as u8 {
            for when in [0, LATER] {
                let patch = [region, 8, 0, 4 | when, 0xff, 0xff, 0xff, 0x7f];
                seeds.push([&[number, 0, 0, 0][..], &patch].concat());
            }
        }
    }
    seeds.extend(changes());
    seeds
}

/// Inputs with an extension that is there at the check and not at the load, or longer
/// at the load, or not alone any more.
fn changes() -> Vec<Vec<u8>> {
    let number = bases().len() - 1;
    // The last region is the directory.
    let region = bases()[number].regions.len() - 1;
    let change = |at: u16, bytes: &[u8]| {
        let head = [number as u8, NO_MORE_MEMORY, 0, 0, region as u8];
        let length = bytes.len() as u8 | LATER;
        [&head[..], &at.to_le_bytes(), &[length], bytes].concat()
    };
    let mut other = [0; 32];
    other[..12].copy_from_slice(b"F       RAW\x20");
    (other[26], other[28]) = (3, 9);
    vec![
        change(EXTENSION_SLOT, &[0xe5]),
        change(EXTENSION_SLOT + 28, &[200]),
        change(EXTENSION_SLOT + 32, &other),
    ]
}
