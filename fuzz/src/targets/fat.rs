//! File systems, of which everything is read. An input is the number of the
//! partition's sectors in two bytes, an unreadable sector in two bytes, and the file
//! system from its boot sector on.

use crate::disk::{CacheMemory, MemoryDisk};
use crate::fat::{Format, explore, fat12, fat16, fat32, without_zeros};
use crate::input::Input;
use boot::disk::partition::Partition;
use boot::fat::Volume;
use boot::machine::Lba;

/// Enough requests for the slowest of these disks: a chain through all clusters, in
/// the worst order, for each file and directory that is read.
const BUDGET: u32 = 2_000_000;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let sectors = u64::from(input.word());
    let bad = u64::from(input.word());
    let mut disk = MemoryDisk::new(input.0, sectors, BUDGET);
    disk.unreadable = (bad != 0).then_some(bad);
    let partition = Partition {
        first: Lba(0),
        sectors,
        guid: [0; 16],
    };
    let mut memory = CacheMemory::new();
    let mut storage = memory.storage(&mut disk);
    let Ok(volume) = Volume::open(&mut storage, &partition) else {
        return;
    };
    explore(&mut storage, &volume, 24);
    for path in [
        &b"/loader/entries/a.conf"[..],
        b"//LOADER///",
        b"/file/x",
        b"loader\\entries\\..\\..//./loader/..",
        b"..",
        b"",
    ] {
        let _ = volume.find(&mut storage, path);
    }
    assert!(disk.writes.is_empty());
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = b"title A\nlinux /vmlinuz\n".repeat(60);
    let files: [(&str, &[u8]); 3] = [
        ("loader/entries/a.conf", &text),
        ("loader/entries/B long name of three slots.conf", b"x\r\ny"),
        ("file", &[7; 1500]),
    ];
    let few: [(&str, &[u8]); 1] = [("loader/a.conf", b"title A")];
    let seed = |format: Format, files| {
        let sectors = u16::try_from(format.sectors()).expect("a small one");
        let image = format.image(files);
        without_zeros([&sectors.to_le_bytes()[..], &[0, 0], &image].concat())
    };
    let scattered = Format {
        scattered: true,
        ..fat12(24)
    };
    vec![
        seed(fat12(16), &files),
        seed(fat16(), &files),
        seed(fat32(20), &files),
        seed(scattered, &files),
        seed(fat12(12).sector_bytes(1024), &files),
        seed(fat32(8).sector_bytes(2048), &few),
        seed(fat32(8).sector_bytes(4096), &few),
    ]
}
