//! Partition tables with something wrong, or merely strange.

use crate::fake::{FakeDisk, STATUS};
use crate::gpt::{Table, read};
use boot::crc32::Crc32;
use boot::disk::partition::{Partition, Partitions};
use boot::machine::Lba;
use boot::{Error, Kind};

const ESP: [u8; 16] = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";
const LAST: u64 = 99_999;

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc32::new();
    crc.update(bytes);
    crc.finish()
}

/// A table made by hand.
#[derive(Clone)]
struct Header {
    at: u64,
    size: u32,
    revision: u32,
    alternate: u64,
    array: u64,
    entries: u32,
    entry_size: u32,
    /// Number of an entry, first and last LBA.
    partitions: Vec<(usize, u64, u64)>,
}

const PRIMARY: Header = Header {
    at: 1,
    size: 92,
    revision: 0x1_0000,
    alternate: LAST,
    array: 2,
    entries: 128,
    entry_size: 128,
    partitions: Vec::new(),
};

impl Header {
    fn with(mut self, partitions: &[(usize, u64, u64)]) -> Self {
        self.partitions = partitions.to_vec();
        self
    }

    /// Writes header and array, with the right checksums.
    fn write(&self, disk: &mut FakeDisk) {
        let size = self.entry_size as usize;
        // What is too long to be real is not made so long.
        let mut array = vec![0; (self.entries as usize).saturating_mul(size).min(1 << 17)];
        for (number, first, last) in &self.partitions {
            let entry = &mut array[number * size..][..size];
            entry[..16].copy_from_slice(&ESP);
            entry[16..32].copy_from_slice(&[u8::try_from(*number).unwrap(); 16]);
            entry[32..40].copy_from_slice(&first.to_le_bytes());
            entry[40..48].copy_from_slice(&last.to_le_bytes());
        }
        // What a larger entry holds after its fields is no entry, even if it
        // looks like one and comes first.
        for piece in array.chunks_mut(size.clamp(128, 4096)).take(1) {
            for piece in piece.chunks_exact_mut(128).skip(1) {
                piece[..16].copy_from_slice(&ESP);
            }
        }
        disk.patch(self.array, 0, &array);
        let mut sector = vec![0x5a; 512];
        sector[..8].copy_from_slice(b"EFI PART");
        let mut field =
            |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
        field(8, &self.revision.to_le_bytes());
        field(12, &self.size.to_le_bytes());
        field(16, &[0; 8]);
        field(24, &self.at.to_le_bytes());
        field(32, &self.alternate.to_le_bytes());
        field(72, &self.array.to_le_bytes());
        field(80, &self.entries.to_le_bytes());
        field(84, &self.entry_size.to_le_bytes());
        field(88, &crc32(&array).to_le_bytes());
        let covered = &sector[..(self.size as usize).min(512)];
        let checksum = crc32(covered).to_le_bytes();
        sector[16..20].copy_from_slice(&checksum);
        disk.patch(self.at, 0, &sector);
    }

    fn disk(&self) -> FakeDisk {
        let mut disk = FakeDisk::empty(LAST + 1);
        self.write(&mut disk);
        disk
    }
}

fn esp(number: u8, first: u64, last: u64) -> Option<Partition> {
    Some(Partition {
        first: Lba(first),
        sectors: last - first + 1,
        guid: [number; 16],
    })
}

fn found(esp: Option<Partition>) -> Result<Partitions, Error> {
    Ok(Partitions {
        esp,
        xbootldr: None,
    })
}

#[test]
fn sizes_of_entries_and_headers() {
    for entry_size in [128, 256, 512, 1024, 2048, 4096] {
        for size in [92, 93, 96, 511, 512] {
            let header = Header {
                size,
                entry_size,
                entries: 32,
                ..PRIMARY
            };
            let mut disk = header.with(&[(30, 5000, 5999), (31, 6000, 6999)]).disk();
            assert_eq!(read(&mut disk), found(esp(30, 5000, 5999)), "{entry_size}");
            let counts = disk.counts();
            assert!(
                counts.values().all(|&count| count == 1),
                "a sector was read twice"
            );
        }
    }
    for (entries, entry_size) in [(1, 128), (3, 128), (5, 256), (1024, 128), (32, 4096)] {
        let number = u8::try_from((entries - 1) % 256).unwrap();
        let header = Header {
            entry_size,
            entries,
            ..PRIMARY
        };
        let mut disk = header.with(&[(usize::from(number), 5000, 5000)]).disk();
        assert_eq!(read(&mut disk), found(esp(number, 5000, 5000)));
    }
}

#[test]
fn unsupported_and_damaged() {
    let unsupported = Err(Error::new(Kind::GptUnsupported, 1));
    let damaged = Err(Error::new(Kind::GptDamaged, 1));
    for (what, header, expected) in [
        (
            "revision",
            Header {
                revision: 0x2_0000,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "revision 0",
            Header {
                revision: 0,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "header of 91",
            Header {
                size: 91,
                ..PRIMARY
            },
            damaged,
        ),
        ("header of 0", Header { size: 0, ..PRIMARY }, damaged),
        (
            "header of 513",
            Header {
                size: 513,
                ..PRIMARY
            },
            damaged,
        ),
        (
            "huge header",
            Header {
                size: u32::MAX,
                ..PRIMARY
            },
            damaged,
        ),
        (
            "entries of 64",
            Header {
                entry_size: 64,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "entries of 0",
            Header {
                entry_size: 0,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "entries of 129",
            Header {
                entry_size: 129,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "entries of 384",
            Header {
                entry_size: 384,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "entries of 8192",
            Header {
                entry_size: 8192,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "huge entries",
            Header {
                entry_size: 1 << 31,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "no entries",
            Header {
                entries: 0,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "1025 entries",
            Header {
                entries: 1025,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "a long array",
            Header {
                entries: 33,
                entry_size: 4096,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "an overflow",
            Header {
                entries: 1 << 25,
                ..PRIMARY
            },
            unsupported,
        ),
        (
            "an overflow",
            Header {
                entries: u32::MAX,
                ..PRIMARY
            },
            unsupported,
        ),
    ] {
        assert_eq!(read(&mut header.disk()), expected, "{what}");
    }
    // Every byte of the header is covered, and every byte of the array.
    let healthy = PRIMARY.with(&[(5, 5000, 5999)]).disk();
    for at in 0..92 {
        let mut disk = healthy.clone();
        let byte = disk.sector(1)[at];
        disk.patch(1, at, &[byte ^ 0x10]);
        let kind = if at < 8 {
            Kind::GptMissing
        } else {
            Kind::GptDamaged
        };
        assert_eq!(read(&mut disk), Err(Error::new(kind, 1)), "byte {at}");
    }
    for at in [0, 5 * 128, 127 * 128 + 127] {
        let mut disk = healthy.clone();
        let byte = disk.sector(2 + at / 512)[at as usize % 512];
        disk.patch(2, at as usize, &[byte ^ 1]);
        assert_eq!(read(&mut disk), damaged, "byte {at} of the array");
    }
    // A header that is not where it says.
    let mut disk = PRIMARY.disk();
    let elsewhere = Header { at: 50, ..PRIMARY };
    elsewhere.write(&mut disk);
    let sector = disk.sector(50);
    disk.patches.insert(1, sector);
    assert_eq!(read(&mut disk), damaged);
    // An array that is not on the disk.
    for array in [LAST, LAST + 1, 1 << 40, u64::MAX - 3, u64::MAX] {
        let mut disk = PRIMARY.disk();
        let mut sector = disk.sector(1);
        sector[72..80].copy_from_slice(&array.to_le_bytes());
        sector[16..20].copy_from_slice(&[0; 4]);
        let checksum = crc32(&sector[..92]).to_le_bytes();
        sector[16..20].copy_from_slice(&checksum);
        disk.patches.insert(1, sector);
        let kind = read(&mut disk).unwrap_err().kind();
        assert_eq!(kind, Kind::BeyondDisk, "{array}");
    }
}

#[test]
fn partitions_that_cannot_be() {
    for (first, last) in [
        (6000, 5999),
        (LAST, LAST + 1),
        (LAST + 1, LAST + 2),
        (0, u64::MAX),
        (u64::MAX, u64::MAX),
        (u64::MAX, 0),
        (5000, 1 << 40),
    ] {
        let header = PRIMARY.with(&[(0, first, last), (9, 7000, 7999)]);
        assert_eq!(
            read(&mut header.disk()),
            found(esp(9, 7000, 7999)),
            "{first} to {last}"
        );
    }
    let header = PRIMARY.with(&[(0, 0, LAST)]);
    assert_eq!(read(&mut header.disk()), found(esp(0, 0, LAST)));
    // Where the size of the disk is not known, all of it is believed.
    let mut disk = PRIMARY.with(&[(0, 3, LAST + 50)]).disk();
    disk.size_known = false;
    assert_eq!(read(&mut disk), found(esp(0, 3, LAST + 50)));
    let mut disk = PRIMARY.with(&[(0, 0, u64::MAX)]).disk();
    disk.size_known = false;
    assert_eq!(read(&mut disk).unwrap().esp.unwrap().sectors, u64::MAX);
}

/// A disk with two tables that differ, and where the second one is.
fn two(alternate: u64) -> FakeDisk {
    let mut disk = Header {
        alternate,
        ..PRIMARY
    }
    .with(&[(1, 5000, 5999)])
    .disk();
    let backup = Header {
        at: alternate,
        array: alternate - 32,
        alternate: 1,
        ..PRIMARY
    };
    backup.with(&[(2, 6000, 6999)]).write(&mut disk);
    disk
}

#[test]
fn the_backup() {
    let primary = found(esp(1, 5000, 5999));
    let backup = found(esp(2, 6000, 6999));
    for alternate in [LAST, 50_000] {
        for size_known in [true, false] {
            let disk = || {
                let mut disk = two(alternate);
                disk.size_known = size_known;
                disk
            };
            assert_eq!(read(&mut disk()), primary);
            // A damaged array: the header may be believed.
            let mut broken = disk();
            broken.patch(5, 0, &[1]);
            assert_eq!(read(&mut broken), backup);
            // An array that cannot be read.
            let mut broken = disk();
            broken.bad.insert(5);
            assert_eq!(read(&mut broken), backup);
            // A damaged header: only if the end of the disk is known.
            let mut broken = disk();
            broken.patch(1, 60, &[1]);
            let damaged = Err(Error::new(Kind::GptDamaged, 1));
            assert_eq!(read(&mut broken), if size_known { backup } else { damaged });
            // No header: only the last sector is left to try.
            let mut broken = disk();
            broken.patch(1, 0, &[0; 512]);
            let missing = Err(Error::new(Kind::GptMissing, 1));
            let reached = size_known && alternate == LAST;
            assert_eq!(read(&mut broken), if reached { backup } else { missing });
            let mut broken = disk();
            broken.bad.insert(1);
            let unreadable = Err(Error::with_status(Kind::DiskRead, 1, STATUS));
            assert_eq!(read(&mut broken), if reached { backup } else { unreadable });
            // Both: what is wrong with the first one.
            let mut broken = disk();
            broken.patch(5, 0, &[1]);
            broken.patch(alternate, 90, &[1]);
            assert_eq!(read(&mut broken), damaged);
        }
    }
    // A damaged header that names a place beyond the disk, or none.
    for alternate in [0, 1, LAST + 1, u64::MAX] {
        let mut disk = two(LAST);
        disk.patch(1, 32, &alternate.to_le_bytes());
        assert_eq!(read(&mut disk), backup);
    }
    // A table without an ESP is an answer.
    let mut disk = two(LAST);
    PRIMARY.write(&mut disk);
    assert_eq!(read(&mut disk), found(None));
}

#[test]
fn sgdisks_backup() {
    let table = Table::new(64, &["-n1:0:+9M", "-n2:0:+9M", "-t2:ef00"]);
    let expected = found(Some(table.partition(2)));
    let mut disk = table.disk();
    for at in 0..34 {
        disk.patches.insert(at, [0; 512]);
    }
    assert_eq!(read(&mut disk), expected);
    for (at, offset) in [(1, 10), (1, 70), (1, 91), (2, 0), (33, 511)] {
        let mut disk = table.disk();
        let byte = disk.sector(at)[offset];
        disk.patch(at, offset, &[byte ^ 0x80]);
        assert_eq!(read(&mut disk), expected, "{at}, {offset}");
    }
}
