//! A whole disk, booted: which of the base disks, flags, an unreadable sector,
//! and patches, each of them a region of the disk, a place in it, a length and
//! bytes.

use crate::disk::MemoryDisk;
use crate::fat::{Format, fat12, fat32};
use crate::gpt;
use crate::input::Input;
use boot::machine::Machine;
use boot::{Ending, Workspace};
use emu::console::Terminal;
use emu::memory::ModelMemory;
use layout::disk::SECTOR;
use std::sync::OnceLock;

/// Requests that a boot from one of these disks may take. An intact one takes
/// about 40.
const BUDGET: u32 = 200_000;
/// The first partition's first sector, and sectors of the disk.
const FIRST: usize = 16;
const SECTORS: usize = 256;

/// A disk, and the places where it is worth breaking.
struct Base {
    image: Vec<u8>,
    /// Where each region begins, and its length in bytes.
    regions: Vec<(usize, usize)>,
}

struct FuzzMachine {
    disk: MemoryDisk,
    memory: ModelMemory,
    console: Terminal,
}

impl Machine for FuzzMachine {
    type Disk = MemoryDisk;
    type Memory = ModelMemory;
    type Console = Terminal;

    fn parts(&mut self) -> (&mut MemoryDisk, &mut ModelMemory, &mut Terminal) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        true
    }

    // The whole loader is in this program, its overlay too.
    fn build(&self) -> Option<u32> {
        None
    }
}

/// See the module.
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
    let mut machine = FuzzMachine {
        // A disk may be shorter than its table says.
        disk: MemoryDisk::new(&image, SECTORS as u64 - u64::from(flags >> 4) * 16, BUDGET),
        memory: ModelMemory::new(if flags & 0x04 == 0 { 1024 } else { 64 }),
        console: Terminal::default(),
    };
    machine.disk.unreadable = (bad != 0).then_some(bad);
    boot(&mut machine);
}

/// Boots, and asserts that it ends in a handoff, in a message, or as loader.conf
/// wants it.
fn boot(machine: &mut FuzzMachine) {
    let mut workspace = Box::new(Workspace::EMPTY);
    let result = boot::boot(machine, &mut workspace, None);
    assert_eq!(
        machine.memory.refused, None,
        "memory that is not the kernel's"
    );
    match result {
        Ending::Start(handoff) => {
            let id = String::from_utf8_lossy(workspace.chosen()).into_owned();
            emu::report::report(&id, &handoff, &machine.memory).expect("a handoff that is right");
        }
        Ending::Failed => {
            let said = String::from_utf8_lossy(workspace.message());
            assert!(said.ends_with('.'), "{said:?}");
        }
        // loader.conf may ask for any of these.
        Ending::PowerOff(_) | Ending::Reboot | Ending::Quit => {}
    }
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
    // Whatever has a face: directories, files and kernels where they begin.
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

/// See [`crate::Target`].
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
