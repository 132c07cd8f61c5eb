//! A boot from a disk with a unified kernel image. An input is flags and the
//! sections of the image. Each section is a name, the place that its header gives,
//! and its bytes. With a flag, the rest of the input is the image itself.

use crate::disk::{CacheMemory, MemoryDisk};
use crate::fat::fat12;
use crate::input::Input;
use crate::machine::FuzzMachine;
use crate::{kernel, pe};
use boot::Ending;
use boot::disk::partition::Partition;
use boot::fat::Volume;
use boot::load::bzimage::HEADER;
use boot::machine::Lba;
use boot::uki::Image;
use layout::memory::KERNEL;
use std::sync::OnceLock;

/// The names of sections that the loader knows. A number in an input is an index
/// here; after any other number, the name itself follows.
pub const NAMES: [&[u8; 8]; 9] = [
    b".linux\0\0",
    b".osrel\0\0",
    b".cmdline",
    b".initrd\0",
    b".ucode\0\0",
    b".profile",
    b".uname\0\0",
    b".pcrsig\0",
    b".pcrpkey",
];
const RAW: u8 = 0x01;
const OTHER_MACHINE: u8 = 0x02;
const OLD_PROCESSOR: u8 = 0x04;
const MORE_SECTIONS: u8 = 0x08;
const TYPE1: u8 = 0x10;
const EFI: u8 = 0x20;
/// The most sections that an input makes: enough for everything but an excess.
const MOST: usize = 16;
/// The most sections that an image may have.
const MOST_SECTIONS: u16 = 256;
/// Clusters of one sector: room for every image and the files beside it.
const CLUSTERS: u32 = 80;
const BUDGET: u32 = 200_000;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.byte();
    let long_mode = flags & OLD_PROCESSOR == 0;
    let file = if flags & RAW != 0 {
        input.0.to_vec()
    } else {
        image(flags, &mut input)
    };
    let sections = second_reader(&file, long_mode);
    // First find each section on a file system with nothing else, then boot.
    agree(&file, long_mode, sections.as_deref());
    boot(&file, flags, sections.as_deref());
}

/// The kernel inside the images.
fn linux() -> &'static [u8] {
    static KERNEL: OnceLock<Vec<u8>> = OnceLock::new();
    KERNEL.get_or_init(|| kernel::image(64))
}

fn image(flags: u8, input: &mut Input) -> Vec<u8> {
    let mut table = Vec::new();
    let mut contents = Vec::new();
    let mut count = 0_u16;
    // After the largest table that an input can make.
    let start = pe::TABLE + pe::ENTRY * MOST;
    while !input.0.is_empty() && usize::from(count) < MOST {
        let number = usize::from(input.byte());
        let name = NAMES.get(number).copied();
        let name = name.map_or_else(|| padded(input.take(8)), |name| *name);
        let mode = input.byte();
        let content = match mode & 3 {
            0 => linux(),
            1 => input.text(),
            _ => input.take(usize::from(mode >> 2)),
        };
        let (mut size, mut raw) = (content.len() as u32, content.len() as u32);
        let mut offset = (start + contents.len()) as u32;
        if mode & 0x80 != 0 {
            size = input.double();
        }
        if mode & 0x40 != 0 {
            (raw, offset) = (input.double(), input.double());
        }
        table.extend(pe::entry(&name, [size, 0x1000], [raw, offset]));
        contents.extend_from_slice(content);
        count += 1;
    }
    if flags & MORE_SECTIONS != 0 {
        count = count.wrapping_mul(1000);
    }
    let machine = if flags & OTHER_MACHINE != 0 {
        0x14c
    } else {
        pe::AMD64
    };
    let mut file = pe::headers(machine, count);
    file.extend(table);
    file.resize(start, 0);
    file.extend(contents);
    file
}

fn padded(bytes: &[u8]) -> [u8; 8] {
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(0))
}

/// A section's name, and its start and size in the file.
pub type Section = ([u8; 8], u32, u32);

/// The sections of an image; `None` if the file is not an image.
fn second_reader(file: &[u8], long_mode: bool) -> Option<Vec<Section>> {
    let word = |at: usize| Some(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?));
    let double = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
    let coff = double(0x3c)? as usize;
    // An image for 32-bit firmware may have a kernel of either kind.
    let machine = word(coff + 4)?;
    let runs = machine == 0x14c || long_mode && machine == pe::AMD64;
    let is_one = file.starts_with(b"MZ")
        && file.get(coff..)?.starts_with(b"PE\0\0")
        && runs
        && word(coff + 6)? <= MOST_SECTIONS
        && file.get(coff + 23).is_some();
    if !is_one {
        return None;
    }
    let table = coff + 24 + usize::from(word(coff + 20)?);
    (0..usize::from(word(coff + 6)?))
        .map(|number| {
            let at = table + number * pe::ENTRY;
            file.get(at..at + pe::ENTRY)?;
            let size = double(at + 8)?.min(double(at + 16)?);
            Some((padded(&file[at..]), double(at + 20)?, size))
        })
        .collect()
}

/// Start and size of the section that is in effect in a profile, by the rules of
/// UAPI.5; zeros if there is none.
fn effective(sections: &[Section], profile: usize, name: &[u8; 8]) -> (u32, u32) {
    let starts = sections.iter().enumerate();
    let starts = starts.filter(|(_, section)| section.0 == *b".profile");
    let mut starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let base = &sections[..starts.first().copied().unwrap_or(sections.len())];
    starts.push(sections.len());
    let own = match (starts.get(profile), starts.get(profile + 1)) {
        (Some(&start), Some(&end)) => &sections[start..end],
        _ => &[],
    };
    let mut all = own.iter().chain(base);
    let found = all.find(|section| section.0 == *name);
    found.map_or((0, 0), |section| (section.1, section.2))
}

/// Asserts that the loader finds these sections in an image, each in the profiles
/// in which it is in effect, and that it finds nothing if `sections` is `None`.
pub fn agree(file: &[u8], long_mode: bool, sections: Option<&[Section]>) {
    let format = fat12(CLUSTERS);
    let volume = format.image(&[("image", file)]);
    let mut disk = MemoryDisk::new(&volume, format.sectors().into(), BUDGET);
    let partition = Partition {
        first: Lba(0),
        sectors: format.sectors().into(),
        guid: [0; 16],
    };
    let mut memory = CacheMemory::new();
    let mut storage = memory.storage(&mut disk);
    let volume = Volume::open(&mut storage, &partition).expect("a good file system");
    let node = volume.find(&mut storage, b"/image").expect("a good file");
    let mut image = Image::new(&volume, &node, long_mode);
    for profile in 0..3 {
        image.profile = profile;
        for name in NAMES {
            let found = image.find(&mut storage, name);
            let expected = sections.and_then(|sections| {
                let (start, size) = effective(sections, profile as usize, name);
                let end = start.saturating_add(size);
                (end as usize <= file.len()).then_some((start, size))
            });
            let found = found.ok().map(|()| image.part());
            assert_eq!(found.map(|part| (part.offset, part.size)), expected);
        }
    }
}

/// Boots the image, as a Type 2 entry or by a Type 1 entry.
fn boot(file: &[u8], flags: u8, sections: Option<&[Section]>) {
    let entry = if flags & EFI != 0 { "efi" } else { "uki" };
    let entry = format!("{entry} /EFI/Linux/b.efi\noptions a b\n");
    let beside = [
        ("EFI/Linux/b.efi", file),
        ("loader/entries/b.conf", entry.as_bytes()),
    ];
    let alone = [("EFI/Linux/a+2.efi", file)];
    let files = if flags & TYPE1 != 0 {
        &beside[..]
    } else {
        &alone
    };
    let mut machine = FuzzMachine::with_files(fat12(CLUSTERS), files);
    machine.long_mode = flags & OLD_PROCESSOR == 0;
    let (Ending::Start(handoff), id) = machine.boot() else {
        return;
    };
    // For other profiles, the checks of the boot itself have to do.
    if id.contains('@') {
        return;
    }
    let sections = sections.expect("only an image boots");
    let (start, size) = match effective(sections, 0, NAMES[0]) {
        (_, 0) => (0, file.len() as u32),
        found => found,
    };
    let kernel = &file[start as usize..][..size as usize];
    let setup_sects = match kernel[HEADER] {
        0 => 4,
        setup_sects => usize::from(setup_sects),
    };
    let loaded = machine.memory.loaded(KERNEL, handoff.kernel_size);
    assert!(kernel[512 * (setup_sects + 1)..].starts_with(&loaded.expect("it is in memory")));
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    const LINUX: &[u8] = &[0, 0];
    let text = |name: u8, text: &str| [&[name, 1][..], text.as_bytes(), b"\0"].concat();
    let osrel = text(
        1,
        "ID=a\nPRETTY_NAME=\"A b\"\nVERSION_ID=1\nIMAGE_VERSION=2\n",
    );
    let profile = |more: &str| text(5, more);
    let plain = [
        &osrel[..],
        LINUX,
        &text(2, "quiet"),
        &text(3, "initrd"),
        &text(4, "ucode"),
    ];
    let plain = plain.concat();
    let profiles = [
        plain.clone(),
        profile("ID=one\nTITLE=One\n"),
        text(2, "one"),
        profile("ID=two"),
        text(2, ""),
        text(1, "ID=other"),
    ]
    .concat();
    // A section whose header gives a place beyond the file.
    let elsewhere = [
        &osrel[..],
        LINUX,
        &[2, 0xc1, 0],
        &100_u32.to_le_bytes(),
        &100_u32.to_le_bytes(),
        &4_000_000_u32.to_le_bytes(),
    ]
    .concat();
    let built = pe::image(
        pe::AMD64,
        &[(".osrel", b"ID=a\n"), (".cmdline", b"x"), (".initrd", b"y")],
    );
    let seed = |flags: u8, rest: &[u8]| [&[flags][..], rest].concat();
    vec![
        seed(0, &plain),
        seed(OLD_PROCESSOR | OTHER_MACHINE, &plain),
        seed(OTHER_MACHINE, &plain),
        seed(MORE_SECTIONS, &plain),
        seed(TYPE1, &plain),
        seed(TYPE1 | EFI, &plain),
        seed(0, &profiles),
        seed(TYPE1, &profiles),
        seed(0, &elsewhere),
        seed(RAW, &built[..1000]),
    ]
}
