//! Partition tables. An input is flags, the size of the disk, and the disk from
//! sector 1 on. With a flag, the sectors after the primary table are copied to the
//! end of the disk as the backup array and header.

use crate::disk::{CacheMemory, MemoryDisk};
use crate::gpt;
use crate::input::Input;
use boot::disk::partition::Partitions;
use boot::overlay::Overlay;
use layout::disk::SECTOR;

/// Sectors of a table: 1 to 3 are the primary one, 4 to 6 become the disk's last.
const TABLE: usize = 3;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.byte();
    let sectors = usize::from(input.byte()) + 1;
    let mut image = vec![0; SECTOR];
    image.extend(input.take(7 * SECTOR));
    image.resize(sectors.max(8) * SECTOR, 0);
    if flags & 0x10 != 0 && sectors > 2 * TABLE + 1 {
        let (backup, end) = ((1 + TABLE) * SECTOR, sectors * SECTOR);
        image.copy_within(backup..backup + TABLE * SECTOR, end - TABLE * SECTOR);
    }
    image.truncate(sectors * SECTOR);
    for (bit, at) in [(0x01, 1), (0x04, sectors - 1)] {
        gpt::repair(&mut image, at, flags & bit != 0, flags & bit << 1 != 0);
    }
    // Enough to read three tables of 128 KiB sector by sector.
    let mut disk = MemoryDisk::new(&image, sectors as u64, 1000);
    disk.unreadable = (flags & 0x20 != 0).then_some(1);
    let mut memory = CacheMemory::new();
    let mut found = Partitions::default();
    let overlay = Some(Overlay::linked());
    if boot::disk::gpt::find(&mut memory.storage(&mut disk), overlay, &mut found).is_ok() {
        gpt::check(&found, &disk);
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let sectors = 100;
    let mut image = vec![0; sectors * SECTOR];
    gpt::write(&mut image, &[gpt::esp(40, 60), gpt::xbootldr(61, 80)], 8);
    let front = &image[SECTOR..(1 + TABLE) * SECTOR];
    let back = &image[(sectors - TABLE) * SECTOR..];
    let input = |flags: u8| [&[flags, sectors as u8 - 1][..], front, back].concat();
    vec![input(0x1f), input(0x10), input(0x3c), input(0x03)]
}
