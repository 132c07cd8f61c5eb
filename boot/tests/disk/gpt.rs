//! Partition tables as sgdisk and sfdisk make them.

use crate::fake::{FakeDisk, Memory};
use crate::tools::run;
use boot::disk::gpt::find;
use boot::disk::partition::{Partition, Partitions};
use boot::machine::Lba;
use boot::overlay::Overlay;
use boot::{Error, Kind};
use tempfile::TempDir;

/// An image with the partitions that these arguments of sgdisk make.
pub struct Table {
    directory: TempDir,
}

impl Table {
    pub fn new(mib: u64, arguments: &[&str]) -> Self {
        let table = Self::blank(mib);
        table.sgdisk(arguments);
        table
    }

    /// An image of zeros.
    pub fn blank(mib: u64) -> Self {
        let table = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        std::fs::File::create(table.path())
            .unwrap()
            .set_len(mib << 20)
            .unwrap();
        table
    }

    /// Runs sfdisk with a script.
    pub fn sfdisk(&self, script: &str) {
        let file = self.directory.path().join("script");
        std::fs::write(&file, script).unwrap();
        let command = format!("sfdisk -q {} < {}", self.path(), file.display());
        run("sh", &["-c", &command]);
    }

    fn path(&self) -> String {
        self.directory
            .path()
            .join("disk")
            .to_str()
            .unwrap()
            .to_string()
    }

    pub fn sgdisk(&self, arguments: &[&str]) -> String {
        let path = self.path();
        run("sgdisk", &[arguments, &[&path]].concat())
    }

    pub fn disk(&self) -> FakeDisk {
        FakeDisk::of_file(self.path().as_ref())
    }

    /// What sgdisk says of a partition.
    pub fn partition(&self, number: u32) -> Partition {
        let text = self.sgdisk(&[&format!("--info={number}")]);
        let value = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            line.split(": ")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .to_string()
        };
        let guid = value("Partition unique GUID").replace('-', "");
        let byte = |index: usize| u8::from_str_radix(&guid[2 * index..2 * index + 2], 16).unwrap();
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        Partition {
            first: Lba(value("First sector").parse().unwrap()),
            sectors: value("Partition size").parse().unwrap(),
            guid: order.map(byte),
        }
    }
}

pub fn read(disk: &mut FakeDisk) -> Result<Partitions, Error> {
    let mut found = Partitions::default();
    let overlay = Some(Overlay::linked());
    find(&mut Memory::new().storage(disk), overlay, &mut found).map(|()| found)
}

const ESP: &str = "ef00";
pub const XBOOTLDR: &str = "bc13c2ff-59e6-4262-a352-b275fd6f7172";

#[test]
fn the_first_of_each_type() {
    // sgdisk waits a second whenever it has written.
    let sizes = [
        "-n1:0:+1M",
        "-n2:0:+2M",
        "-t2:8300",
        "-n4:0:+4M",
        "-n7:0:+5M",
        "-n128:0:+6M",
    ];
    for (esp, xbootldr) in [(2, 4), (128, 1)] {
        let types = [format!("-t{esp}:{ESP}"), format!("-t{xbootldr}:{XBOOTLDR}")];
        let table = Table::new(64, &[&sizes[..], &[&types[0], &types[1]]].concat());
        let mut disk = table.disk();
        let expected = Partitions {
            esp: Some(table.partition(esp)),
            xbootldr: Some(table.partition(xbootldr)),
        };
        assert_eq!(read(&mut disk), Ok(expected));
        assert_eq!(disk.log.len(), 1, "one request for the whole table");
    }
    // Of several, the one that comes first in the table counts, wherever it
    // lies.
    let partitions = ["-n126:0:+1M", "-n127:0:+1M", "-n5:0:+1M", "-n4:0:+1M"];
    let types = [(126, ESP), (127, XBOOTLDR), (5, XBOOTLDR), (4, ESP)];
    let types = types.map(|(number, kind)| format!("-t{number}:{kind}"));
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    let table = Table::new(64, &[&partitions[..], &types].concat());
    let expected = Partitions {
        esp: Some(table.partition(4)),
        xbootldr: Some(table.partition(5)),
    };
    assert_eq!(read(&mut table.disk()), Ok(expected));
}

#[test]
fn one_type_or_none() {
    let table = Table::new(64, &["-n1:0:0", "-t1:ef00"]);
    let expected = Partitions {
        esp: Some(table.partition(1)),
        xbootldr: None,
    };
    assert_eq!(read(&mut table.disk()), Ok(expected));
    let empty = Table::new(64, &["-o"]);
    assert_eq!(read(&mut empty.disk()), Ok(Partitions::default()));
}

#[test]
fn other_numbers_of_entries() {
    for entries in [56, 132, 1024] {
        let size = format!("--resize-table={entries}");
        let table = Table::new(
            64,
            &[&size, "-n1:4096:+1M", "-n4:0:+1M", "-t4:ef00", "-t1:8300"],
        );
        let expected = Some(table.partition(4));
        assert_eq!(
            read(&mut table.disk()).map(|found| found.esp),
            Ok(expected),
            "{entries}"
        );
    }
}

#[test]
fn the_array_elsewhere() {
    let table = Table::new(64, &["--move-main-table=2000", "-n1:4096:+1M", "-t1:ef00"]);
    let found = read(&mut table.disk()).unwrap();
    assert_eq!(found.esp, Some(table.partition(1)));
}

#[test]
fn sfdisk_and_unaligned_partitions() {
    let table = Table::new(64, &["-o"]);
    table.sfdisk(
        "label: gpt\nfirst-lba: 2047\nstart=2047, size=777, type=uefi\nstart=100000, size=1\n",
    );
    let found = read(&mut table.disk()).unwrap();
    assert_eq!(found.esp, Some(table.partition(1)));
    assert_eq!(
        found.esp.map(|esp| (esp.first, esp.sectors)),
        Some((Lba(2047), 777))
    );
}

#[test]
fn beyond_two_tebibytes() {
    let table = Table::new(3 << 20, &["-n1:-100M:0", "-t1:ef00"]);
    let expected = table.partition(1);
    assert!(expected.first.0 > 1 << 32);
    assert_eq!(
        read(&mut table.disk()).map(|found| found.esp),
        Ok(Some(expected))
    );
    // The same table where the firmware clips the size: the partition is not
    // to be reached.
    let mut disk = table.disk();
    disk.sectors = 1 << 32;
    assert_eq!(read(&mut disk), Ok(Partitions::default()));
}

#[test]
fn no_table() {
    let missing = Err(Error::new(Kind::GptMissing, 1));
    assert_eq!(read(&mut FakeDisk::empty(100)), missing);
    assert_eq!(read(&mut FakeDisk::empty(2)), missing);
    assert_eq!(
        read(&mut FakeDisk::empty(1)),
        Err(Error::new(Kind::BeyondDisk, 1))
    );
    assert_eq!(
        read(&mut FakeDisk::empty(0)),
        Err(Error::new(Kind::BeyondDisk, 1))
    );
    let mut disk = FakeDisk::empty(100);
    disk.size_known = false;
    assert_eq!(read(&mut disk), missing);
}
