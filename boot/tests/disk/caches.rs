//! What the caches ask the disk for.

use crate::fake::{FakeDisk, Memory, STATUS};
use boot::disk::storage::{Caches, Storage};
use boot::machine::{Disk, Lba};
use boot::{Error, Kind};

/// A disk whose sectors begin with their own LBA.
fn numbered(sectors: u64) -> FakeDisk {
    let mut disk = FakeDisk::empty(sectors);
    for at in 0..sectors {
        disk.patch(at, 0, &at.to_le_bytes());
    }
    disk
}

fn number(sector: Result<&[u8; 512], Error>) -> u64 {
    u64::from_le_bytes(sector.unwrap()[..8].try_into().unwrap())
}

#[test]
fn blocks_are_read_once() {
    let mut disk = numbered(1000);
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    for at in [100, 96, 103, 100, 500, 99] {
        assert_eq!(number(storage.sector(Lba(at))), at);
    }
    assert_eq!(disk.log, [(96, 8), (496, 8)]);
}

#[test]
fn the_least_recently_used_block_goes() {
    let mut disk = numbered(8000);
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    // Twelve blocks fit: eleven others and one that is used again and again.
    let hot = Lba(7000);
    for round in 0..100 {
        storage.sector(hot).unwrap();
        let at = (round * 37) % 300 * 16;
        assert_eq!(number(storage.sector(Lba(at))), at);
    }
    assert_eq!(
        disk.log.iter().filter(|request| request.0 == 7000).count(),
        1
    );
    assert_eq!(disk.log.len(), 101);
}

#[test]
fn what_is_walked_is_read_by_blocks() {
    // Not further: what lies after it may be a kernel.
    let mut disk = numbered(1003);
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    for at in 400..1003 {
        assert_eq!(number(storage.sector(Lba(at))), at);
    }
    let mut expected: Vec<_> = (400..1000).step_by(8).map(|at| (at, 8)).collect();
    expected.push((1000, 3));
    assert_eq!(disk.log, expected);
}

#[test]
fn a_table_is_read_once_and_nothing_behind_it() {
    let mut disk = numbered(1000);
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    let table = (Lba(32), 151);
    for at in 32..183 {
        assert_eq!(number(storage.table_sector(Lba(at), table)), at);
    }
    assert_eq!(
        storage.table_sector(Lba(183), table),
        Err(Error::new(Kind::BeyondDisk, 183))
    );
    assert_eq!(disk.log, [(32, 8), (40, 56), (96, 56), (152, 31)]);
}

#[test]
fn sectors_here_and_there_in_a_table_cost_a_block_each() {
    let mut disk = numbered(10_000);
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    let table = (Lba(32), 8000);
    for round in 0..1000 {
        let at = 32 + round * 5923 % 8000;
        assert_eq!(number(storage.table_sector(Lba(at), table)), at);
    }
    assert!(disk.log.len() <= 1000);
    assert!(disk.log.iter().all(|&(_, count)| count == 8));
}

#[test]
fn nothing_unasked_for_is_read_on_a_disk_of_unknown_size() {
    let mut disk = numbered(100);
    disk.size_known = false;
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    for at in (0..100).rev().chain(0..100) {
        assert_eq!(number(storage.sector(Lba(at))), at);
    }
    assert!(
        disk.log
            .iter()
            .all(|&(at, count)| at % 8 + u64::from(count) <= 8)
    );
}

#[test]
fn the_end_of_the_disk() {
    for sectors in [1, 7, 8, 9, 64, 65] {
        let mut disk = numbered(sectors);
        let mut memory = Memory::new();
        let mut storage = memory.storage(&mut disk);
        let last = Lba(sectors - 1);
        assert_eq!(number(storage.sector(last)), sectors - 1);
        assert_eq!(storage.read(last, 127).unwrap().len(), 512);
        for at in [sectors, sectors + 1, 1 << 40, u64::MAX - 1, u64::MAX] {
            let beyond = Error::new(Kind::BeyondDisk, at);
            assert_eq!(storage.sector(Lba(at)), Err(beyond));
            assert_eq!(storage.read(Lba(at), 1), Err(beyond));
            assert_eq!(storage.write(Lba(at), &[0; 512]), Err(beyond));
        }
        disk.size_known = false;
        let mut storage = memory.storage(&mut disk);
        assert_eq!(number(storage.sector(last)), sectors - 1);
        for at in [1 << 40, u64::MAX - 1, u64::MAX] {
            assert_eq!(
                storage.sector(Lba(at)),
                Err(Error::new(Kind::BeyondDisk, at))
            );
        }
    }
}

#[test]
fn short_reads() {
    for most in [1, 3, 5, 7] {
        let mut disk = numbered(300);
        disk.most = most;
        let mut memory = Memory::new();
        let mut storage = memory.storage(&mut disk);
        for at in 0..300 {
            assert_eq!(number(storage.sector(Lba(at))), at);
        }
        let bytes = storage.read(Lba(17), 100).unwrap();
        assert_eq!(bytes.len(), most as usize * 512);
        assert!(disk.counts().values().all(|&count| count <= 100));
    }
}

#[test]
fn a_bad_sector_costs_itself() {
    let mut disk = numbered(300);
    disk.bad = [100, 203].into();
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    for at in 0..300 {
        let sector = storage.sector(Lba(at));
        if at == 100 || at == 203 {
            assert_eq!(sector, Err(Error::with_status(Kind::DiskRead, at, STATUS)));
        } else {
            assert_eq!(number(sector), at);
        }
    }
    assert_eq!(
        storage.read(Lba(200), 8),
        Err(Error::with_status(Kind::DiskRead, 200, STATUS))
    );
    assert_eq!(
        storage.write(Lba(203), &[0; 512]),
        Err(Error::with_status(Kind::DiskWrite, 203, STATUS))
    );
}

#[test]
fn writes_are_seen() {
    let mut disk = numbered(100);
    let mut memory = Memory::new();
    let mut storage = memory.storage(&mut disk);
    assert_eq!(number(storage.sector(Lba(50))), 50);
    assert_eq!(number(storage.table_sector(Lba(50), (Lba(48), 8))), 50);
    storage.write(Lba(50), &[1; 512]).unwrap();
    assert_eq!(storage.sector(Lba(50)), Ok(&[1; 512]));
    assert_eq!(storage.table_sector(Lba(50), (Lba(48), 8)), Ok(&[1; 512]));
    assert_eq!(number(storage.sector(Lba(51))), 51);
}

#[test]
fn too_little_memory_is_slow_but_right() {
    for size in [4096, 8192, 5000, 1 << 20] {
        let mut disk = numbered(300);
        let (mut blocks, mut table) = (vec![0; size], vec![0; size]);
        let caches = Caches {
            blocks: &mut blocks,
            table: &mut table,
        };
        let mut storage = Storage::new(&mut disk, caches);
        for at in (0..300).chain((0..300).rev()) {
            assert_eq!(number(storage.sector(Lba(at))), at);
        }
    }
    let mut disk = numbered(8);
    let mut storage = Storage::new(
        &mut disk,
        Caches {
            blocks: &mut [],
            table: &mut [],
        },
    );
    assert!(storage.sector(Lba(0)).is_err());
}

/// Gives nothing, and says that it went well.
struct Nothing;

impl Disk for Nothing {
    fn sectors(&self) -> Option<u64> {
        Some(100)
    }
    fn read(&mut self, _: Lba, _: u32) -> Result<&[u8], boot::machine::DiskError> {
        Ok(&[])
    }
    fn write(&mut self, _: Lba, _: &[u8; 512]) -> Result<(), boot::machine::DiskError> {
        Ok(())
    }
}

#[test]
fn nothing_is_no_success() {
    let (mut blocks, mut table) = ([0; 8192], [0; 8192]);
    let caches = Caches {
        blocks: &mut blocks,
        table: &mut table,
    };
    let mut disk = Nothing;
    let mut storage = Storage::new(&mut disk, caches);
    let error = Error::with_status(Kind::DiskRead, 5, 0);
    assert_eq!(storage.sector(Lba(5)), Err(error));
    assert_eq!(storage.read(Lba(5), 5), Err(error));
}
