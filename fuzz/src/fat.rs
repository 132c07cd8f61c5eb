//! Small FAT file systems, made without foreign tools, and a walk that asserts what
//! must hold on any file system.

use crate::disk::MemoryDisk;
use boot::disk::storage::Storage;
use boot::fat::{DirEntry, File, Name, Volume};
use layout::disk::SECTOR;

/// Bytes of a directory slot.
const SLOT: usize = 32;
/// Slots of the root directory of FAT12 and FAT16.
const ROOT_SLOTS: u16 = 32;

/// A file system to be made.
#[derive(Clone, Copy)]
pub struct Format {
    /// 12, 16 or 32.
    pub bits: u32,
    /// Bytes of a sector of the file system; those of the disk have 512.
    pub sector: u16,
    /// Sectors of the file system in a cluster.
    pub cluster: u8,
    /// Number of clusters. FAT16 has 4,085 or more. FAT32 may have any number, because
    /// formatters make small ones too.
    pub clusters: u32,
    /// True if files use every second cluster only.
    pub scattered: bool,
}

/// FAT12 with this many clusters of one sector.
pub fn fat12(clusters: u32) -> Format {
    Format {
        bits: 12,
        sector: 512,
        cluster: 1,
        clusters,
        scattered: false,
    }
}

/// FAT16, as small as it can be.
pub fn fat16() -> Format {
    Format {
        bits: 16,
        sector: 512,
        cluster: 1,
        clusters: 4085,
        scattered: true,
    }
}

/// FAT32 with this many clusters of one sector.
pub fn fat32(clusters: u32) -> Format {
    Format {
        bits: 32,
        sector: 512,
        cluster: 1,
        clusters,
        scattered: true,
    }
}

impl Format {
    /// The same with sectors of this size, and files in one piece.
    pub fn sector_bytes(self, sector: u16) -> Self {
        Self {
            sector,
            scattered: false,
            ..self
        }
    }

    fn table_sectors(self) -> u32 {
        ((self.clusters + 2) * self.bits / 4).div_ceil(2 * u32::from(self.sector))
    }

    fn root_sectors(self) -> u32 {
        if self.bits == 32 {
            0
        } else {
            (u32::from(ROOT_SLOTS) * SLOT as u32).div_ceil(self.sector.into())
        }
    }

    fn own_sectors(self) -> u32 {
        let data = 1 + self.table_sectors() + self.root_sectors();
        data + self.clusters * u32::from(self.cluster)
    }

    /// Sectors of the disk that the file system takes.
    pub fn sectors(self) -> u32 {
        self.own_sectors() * u32::from(self.sector) / SECTOR as u32
    }

    fn boot_sector(self) -> Vec<u8> {
        let mut boot = vec![0; self.sector.into()];
        boot[..3].copy_from_slice(&[0xeb, 0x58, 0x90]);
        boot[3..11].copy_from_slice(b"gapboot ");
        boot[11..13].copy_from_slice(&self.sector.to_le_bytes());
        boot[13..17].copy_from_slice(&[self.cluster, 1, 0, 1]);
        boot[21] = 0xf8;
        boot[32..36].copy_from_slice(&self.own_sectors().to_le_bytes());
        let table = self.table_sectors().to_le_bytes();
        if self.bits == 32 {
            boot[36..40].copy_from_slice(&table);
            boot[44] = 2;
        } else {
            boot[17..19].copy_from_slice(&ROOT_SLOTS.to_le_bytes());
            boot[22..24].copy_from_slice(&table[..2]);
        }
        boot[510..SECTOR].copy_from_slice(&[0x55, 0xaa]);
        boot
    }

    /// A file system with these files, given as path and content. It has the
    /// directories that they need, and ends after the last cluster in use.
    pub fn image(self, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut maker = Maker {
            format: self,
            table: vec![0x0fff_fff8, 0x0fff_ffff],
            clusters: Vec::new(),
        };
        if self.bits == 32 {
            maker.add(&[0; SLOT]);
        }
        let root = maker.directory("", files);
        let mut image = self.boot_sector();
        image.extend(maker.packed_table());
        if self.bits == 32 {
            let room = maker.cluster_bytes();
            assert!(root.len() <= room, "a root directory of one cluster");
            maker.clusters[0][..root.len()].copy_from_slice(&root);
        } else {
            let end = image.len() + self.root_sectors() as usize * usize::from(self.sector);
            image.extend(root);
            assert!(image.len() <= end, "a small root directory");
            image.resize(end, 0);
        }
        image.extend(maker.clusters.concat());
        image
    }
}

/// An input without the zeros at its end: they are there anyway.
pub fn without_zeros(mut input: Vec<u8>) -> Vec<u8> {
    let end = input.iter().rposition(|&byte| byte != 0);
    input.truncate(end.map_or(0, |at| at + 1));
    input
}

struct Maker {
    format: Format,
    /// Entries in the format of FAT32.
    table: Vec<u32>,
    clusters: Vec<Vec<u8>>,
}

impl Maker {
    fn cluster_bytes(&self) -> usize {
        usize::from(self.format.cluster) * usize::from(self.format.sector)
    }

    /// Puts bytes into clusters, and returns the number of the first one.
    fn add(&mut self, bytes: &[u8]) -> u32 {
        let first = self.table.len() as u32;
        let pieces = bytes.chunks(self.cluster_bytes()).count();
        for (index, piece) in bytes.chunks(self.cluster_bytes()).enumerate() {
            let mut cluster = piece.to_vec();
            cluster.resize(self.cluster_bytes(), 0);
            self.clusters.push(cluster);
            let next = self.table.len() as u32 + if self.format.scattered { 2 } else { 1 };
            self.table.push(if index + 1 == pieces {
                0x0fff_ffff
            } else {
                next
            });
            if self.format.scattered {
                self.clusters.push(vec![0; self.cluster_bytes()]);
                self.table.push(0);
            }
        }
        assert!(
            self.clusters.len() <= self.format.clusters as usize,
            "more clusters"
        );
        if bytes.is_empty() { 0 } else { first }
    }

    fn packed_table(&self) -> Vec<u8> {
        let entries = self.table.iter();
        let mut packed = match self.format.bits {
            32 => entries.flat_map(|entry| entry.to_le_bytes()).collect(),
            16 => entries
                .flat_map(|&entry| (entry as u16).to_le_bytes())
                .collect(),
            _ => self
                .table
                .chunks(2)
                .flat_map(|pair| {
                    let [low, high] =
                        [pair[0], pair.get(1).copied().unwrap_or(0)].map(|entry| entry & 0xfff);
                    let [a, b, c, _] = (low | high << 12).to_le_bytes();
                    [a, b, c]
                })
                .collect::<Vec<u8>>(),
        };
        let sectors = self.format.table_sectors() as usize;
        packed.resize(sectors * usize::from(self.format.sector), 0);
        packed
    }

    /// The slots of a directory. Puts everything below it into clusters.
    fn directory(&mut self, path: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut slots = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (file, bytes) in files {
            let Some(rest) = file.strip_prefix(path) else {
                continue;
            };
            let (name, is_directory) = match rest.split_once('/') {
                Some((name, _)) => (name, true),
                None => (rest, false),
            };
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let (cluster, size) = if is_directory {
                let mut inner = dot_slots();
                inner.extend(self.directory(&format!("{path}{name}/"), files));
                (self.add(&inner), 0)
            } else {
                (self.add(bytes), bytes.len() as u32)
            };
            slots.extend(slots_of(name, seen.len(), is_directory, cluster, size));
        }
        slots
    }
}

fn dot_slots() -> Vec<u8> {
    [&b".          "[..], b"..         "]
        .iter()
        .flat_map(|name| short_slot(name, true, 0, 0))
        .collect()
}

fn short_slot(name: &[u8], is_directory: bool, cluster: u32, size: u32) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot[..11].copy_from_slice(name);
    slot[11] = if is_directory { 0x10 } else { 0x20 };
    slot[20..22].copy_from_slice(&cluster.to_le_bytes()[2..]);
    slot[26..28].copy_from_slice(&cluster.to_le_bytes()[..2]);
    slot[28..].copy_from_slice(&size.to_le_bytes());
    slot
}

/// The slots of a name, with a long form in any case.
fn slots_of(name: &str, number: usize, is_directory: bool, cluster: u32, size: u32) -> Vec<u8> {
    let mut alias = *b"A0000000   ";
    alias[1..8].copy_from_slice(format!("{number:07}").as_bytes());
    let sum = alias
        .iter()
        .fold(0_u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte));
    let mut units: Vec<u16> = name.encode_utf16().collect();
    if !units.len().is_multiple_of(13) {
        units.push(0);
        units.resize(units.len().next_multiple_of(13), 0xffff);
    }
    let pieces = units.chunks(13).enumerate().map(|(index, units)| {
        let mut slot = [0; SLOT];
        let places = (1..11).chain(14..26).chain(28..32);
        for (place, byte) in places.zip(units.iter().flat_map(|unit| unit.to_le_bytes())) {
            slot[place] = byte;
        }
        slot[0] = index as u8 + 1;
        (slot[11], slot[13]) = (0x0f, sum);
        slot
    });
    let mut slots: Vec<_> = pieces.collect();
    slots.last_mut().expect("a name is not empty")[0] |= 0x40;
    slots.reverse();
    slots.push(short_slot(&alias, is_directory, cluster, size));
    slots.concat()
}

/// Walks over at most `budget` files and directories of a file system, reads the
/// files, and asserts that all answers agree with each other.
pub fn explore(storage: &mut Storage<MemoryDisk>, volume: &Volume, mut budget: u32) {
    let mut directories = vec![DirEntry::ROOT];
    let mut name = Name::new();
    while let Some(directory) = directories.pop() {
        let mut walk = volume.walk(&directory);
        loop {
            let node = match walk.next(storage, &mut name) {
                Ok(Some(node)) => node,
                Ok(None) => break,
                // After a sector that cannot be read, the walk goes on, and it ends.
                Err(_) => continue,
            };
            let text = std::str::from_utf8(name.as_bytes()).expect("names are UTF-8");
            assert!(text.encode_utf16().count() <= 255, "{text:?}");
            if budget == 0 {
                return;
            }
            budget -= 1;
            if node.is_directory() {
                directories.push(node);
            } else {
                read(storage, volume, &node);
            }
        }
    }
}

/// Reads a file in two ways.
fn read(storage: &mut Storage<MemoryDisk>, volume: &Volume, node: &DirEntry) {
    const MOST: usize = 1 << 20;
    let checked = File::open(volume, node).check(storage);
    let mut file = File::open(volume, node);
    let mut length = 0;
    let end = loop {
        match file.next(storage, u32::MAX) {
            Ok([]) => break Ok(()),
            Ok(_) if length > MOST => return,
            Ok(bytes) => length += bytes.len(),
            Err(error) => break Err(error),
        }
    };
    assert_eq!(file.position() as usize, length);
    if end.is_ok() {
        assert_eq!(
            length,
            node.size() as usize,
            "a file ends where its size says"
        );
    }
    if checked.is_ok()
        && let Err(error) = end
    {
        assert!(
            error.is(boot::Kind::DiskRead) || error.is(boot::Kind::BeyondDisk),
            "checked, then {error:?}"
        );
    }

    let mut lines = File::open(volume, node);
    let mut line = [0; 100];
    let mut before = 0;
    for _ in 0..200 {
        match lines.line(storage, &mut line) {
            Ok(Some(line)) => assert!(!line.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r'))),
            Ok(None) => return,
            Err(_) => return,
        }
        assert!(lines.position() > before, "every line moves on");
        before = lines.position();
    }
}
