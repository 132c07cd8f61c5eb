//! A directory that is laid out slot by slot around one counted file, and a
//! reader of directories that shares nothing with the loader's.

use crate::fake::FakeDisk;
use crate::fat_image::{Image, Layout};
use crate::tools::noise;
use boot::machine::Sector;
use std::collections::BTreeMap;

pub type Slot = [u8; 32];

/// An image whose `/loader/entries` has several clusters that do not adjoin,
/// and in it one file.
pub struct Ground {
    pub image: Image,
    pub disk: FakeDisk,
    /// The directory's sectors.
    pub sectors: Vec<u64>,
    pub cluster_sectors: usize,
    /// Its first two slots.
    dots: [Slot; 2],
    /// The short name's slot of that file.
    short: Slot,
}

impl Ground {
    pub fn new(bits: u32, options: &str, kib: u64) -> Self {
        let mut image = Image::new(&format!("-F {bits} {options}"), kib);
        image.mtools("mmd", &["::/loader", "::/loader/entries"]);
        image.write("/loader/entries/counted.txt", &noise(1, 3000));
        let layout = Layout::of(&image.disk(), bits);
        let clusters = |disk: &FakeDisk| {
            let root = disk.sector(if bits == 32 { layout.data } else { layout.root });
            let loader = find(slots(&root), b"LOADER     ");
            let loader = disk.sector(layout.cluster(first_cluster(&loader)));
            let first = first_cluster(&find(slots(&loader), b"ENTRIES    "));
            layout.chain(disk, first)
        };
        let mut paths = Vec::new();
        while clusters(&image.disk()).len() < 4 {
            paths.push(format!(
                "/loader/entries/{} makes the directory grow",
                paths.len()
            ));
            image.write(paths.last().unwrap(), b"between its clusters");
        }
        let all: Vec<_> = paths.iter().map(|path| format!("::{path}")).collect();
        image.mtools("mdel", &all.iter().map(String::as_str).collect::<Vec<_>>());
        let disk = image.disk();
        let clusters = clusters(&disk);
        assert!(clusters.windows(2).any(|pair| pair[0] + 1 != pair[1]));
        let sectors: Vec<_> = clusters
            .iter()
            .flat_map(|&cluster| (0..layout.cluster_sectors).map(move |at| (cluster, at)))
            .map(|(cluster, at)| layout.cluster(cluster) + at)
            .collect();
        let start = disk.sector(sectors[0]);
        let all: Vec<_> = slots(&start).collect();
        Self {
            dots: [all[0], all[1]],
            short: find(all.into_iter(), b"COUNTED TXT"),
            cluster_sectors: usize::try_from(layout.cluster_sectors).unwrap(),
            disk,
            sectors,
            image,
        }
    }

    /// The directory with the file under this name, its slots beginning with
    /// slot `start`, a file in front and one after it, or a deleted slot before
    /// it, and deleted slots elsewhere. With `last` its slots are the last ones.
    pub fn directory(&self, name: &str, start: usize, free: bool) -> Vec<Slot> {
        let mut deleted = [b'x'; 32];
        (deleted[0], deleted[11]) = (0xe5, 0x20);
        let mut all = vec![deleted; self.sectors.len() * 16];
        all[..2].copy_from_slice(&self.dots);
        let mut short = self.short;
        short[..11].copy_from_slice(b"COUNTE~1CON");
        let set = set(name, &short);
        let end = start + set.len();
        all[start..end].copy_from_slice(&set);
        let other = |name: &[u8; 11]| {
            let mut slot = [0; 32];
            slot[..11].copy_from_slice(name);
            slot[11] = 0x20;
            slot
        };
        if !free && start > 2 {
            all[start - 1] = other(b"BEFORE     ");
        }
        if end < all.len() {
            all[end] = other(b"BEHIND     ");
            all[end + 1..].fill([0; 32]);
        }
        all
    }

    /// Directory slots as sectors of the disk.
    pub fn patches(&self, slots: &[Slot]) -> BTreeMap<u64, Sector> {
        let sectors = slots.chunks(16).map(|slots| {
            let mut sector = [0; 512];
            sector.copy_from_slice(&slots.concat());
            sector
        });
        self.sectors.iter().copied().zip(sectors).collect()
    }
}

/// The slots of a sector.
fn slots(sector: &Sector) -> impl Iterator<Item = Slot> {
    sector.as_chunks::<32>().0.iter().copied()
}

fn find(mut slots: impl Iterator<Item = Slot>, name: &[u8; 11]) -> Slot {
    slots.find(|slot| slot.starts_with(name)).unwrap()
}

fn first_cluster(slot: &Slot) -> u32 {
    u32::from_le_bytes([slot[26], slot[27], slot[20], slot[21]])
}

impl Layout {
    pub fn cluster(&self, cluster: u32) -> u64 {
        self.data + u64::from(cluster - 2) * self.cluster_sectors
    }

    fn chain(&self, disk: &FakeDisk, first: u32) -> Vec<u32> {
        let mut chain = vec![first];
        loop {
            let cluster = *chain.last().unwrap() as usize;
            let byte = |at: usize| disk.sector(self.table + at as u64 / 512)[at % 512];
            let bytes = |at: usize| [0, 1, 2, 3].map(|more| byte(at + more));
            let next = match self.bits {
                12 => u32::from_le_bytes(bytes(cluster * 3 / 2)) >> (cluster % 2 * 4) & 0xfff,
                16 => u32::from_le_bytes(bytes(cluster * 2)) & 0xffff,
                _ => u32::from_le_bytes(bytes(cluster * 4)) & 0x0fff_ffff,
            };
            if next >= self.end {
                return chain;
            }
            chain.push(next);
        }
    }
}

fn checksum(short: &[u8]) -> u8 {
    let step = |sum: u8, &byte: &u8| sum.rotate_right(1).wrapping_add(byte);
    short[..11].iter().fold(0, step)
}

/// Where the units of a slot lie.
const UNITS: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/// The slots of a file with a long name.
pub fn set(name: &str, short: &Slot) -> Vec<Slot> {
    let mut units: Vec<u16> = name.encode_utf16().collect();
    assert!(units.len() <= 255, "{name}");
    if !units.len().is_multiple_of(13) {
        units.push(0);
    }
    let mut set: Vec<Slot> = units
        .chunks(13)
        .enumerate()
        .map(|(index, piece)| {
            let mut slot = [0; 32];
            slot[0] = u8::try_from(index + 1).unwrap();
            slot[11] = 0x0f;
            slot[13] = checksum(short);
            for (index, at) in UNITS.into_iter().enumerate() {
                let unit = piece.get(index).copied().unwrap_or(0xffff);
                slot[at..at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            slot
        })
        .collect();
    set.last_mut().unwrap()[0] |= 0x40;
    set.reverse();
    set.push(*short);
    set
}

/// The files of a directory: long name, slot of the short name. Strict: any
/// slot that does not belong where it stands is an error.
pub fn read(sectors: impl Iterator<Item = Sector>) -> Result<Vec<(String, Slot)>, String> {
    let mut files = Vec::new();
    let mut units: Vec<u16> = Vec::new();
    let mut expected = 0;
    let mut sum = 0;
    'sectors: for sector in sectors {
        for slot in slots(&sector) {
            let long = slot[11] == 0x0f;
            if (slot[0] == 0 || slot[0] == 0xe5) && expected != 0 {
                return Err("a set without its end".into());
            }
            match slot[0] {
                0 => break 'sectors,
                0xe5 => {}
                ord if long => {
                    let number = ord & 0x3f;
                    if ord & 0x40 != 0 {
                        if expected != 0 {
                            return Err("a set in a set".into());
                        }
                        (expected, sum) = (number, slot[13]);
                        units.clear();
                    }
                    if number == 0
                        || number != expected
                        || slot[13] != sum
                        || (slot[12], slot[26], slot[27]) != (0, 0, 0)
                    {
                        return Err(format!("slot {ord:x} where {expected} is due"));
                    }
                    let piece = UNITS.map(|at| u16::from_le_bytes([slot[at], slot[at + 1]]));
                    let used = piece.iter().position(|&unit| unit == 0).unwrap_or(13);
                    let padding = piece.get(used + 1..).unwrap_or_default();
                    if used == 0
                        || (used < 13 && ord & 0x40 == 0)
                        || padding.iter().any(|&unit| unit != 0xffff)
                    {
                        return Err(format!("piece of {used} units, then {padding:x?}"));
                    }
                    units.splice(0..0, piece[..used].iter().copied());
                    expected -= 1;
                    if expected == 0 {
                        expected = 0xff;
                    }
                }
                b'.' => {}
                _ if expected == 0xff => {
                    if sum != checksum(&slot) {
                        return Err("checksum".into());
                    }
                    let name = String::from_utf16(&units).map_err(|error| error.to_string())?;
                    files.push((name, slot));
                    expected = 0;
                }
                _ if expected == 0 => {
                    let name = String::from_utf8_lossy(&slot[..11]);
                    files.push((name.trim().to_string(), slot));
                }
                _ => return Err("a set cut short".into()),
            }
        }
    }
    Ok(files)
}
