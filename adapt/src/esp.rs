//! The EFI system partition: a FAT file system with one program, made in memory.

//!
//! `fatfs` makes the empty file system. The directories and the file are written here, each
//! cluster after the one before: `fatfs` gives long names to `.` and `..`, which fsck.vfat
//! takes for damage.

use std::io::{self, Cursor};

use fatfs::{FatType, FormatVolumeOptions, format_volume};

use crate::MIB;
use crate::bytes::{put, to_usize, u16_at, u32_at};

/// The program that UEFI starts from a medium that it does not know,
/// `/EFI/BOOT/BOOTX64.EFI`, as directories have its names.
const EFI: &[u8; 11] = b"EFI        ";
const BOOT: &[u8; 11] = b"BOOT       ";
const PROGRAM: &[u8; 11] = b"BOOTX64 EFI";
const ITSELF: &[u8; 11] = b".          ";
const PARENT: &[u8; 11] = b"..         ";

/// Attributes of a directory and of a file.
const DIRECTORY: u8 = 0x10;
const FILE: u8 = 0x20;
/// Bytes of an entry of a directory.
const ENTRY: usize = 32;
/// 1 January 1980: the same parts give the same bytes.
const DATE: [u8; 2] = [0x21, 0];

/// The largest file system that is FAT16: a CD's catalogue can name all of it.
const LARGEST_FAT16: u64 = 31 * MIB;
/// FAT32 needs 65,525 clusters; of 512 bytes, with their table, that is less than this.
const SMALLEST_FAT32: u64 = 36 * MIB;
/// The smallest file system that is made.
const SMALLEST: u64 = 4 * MIB;
/// The largest file system that is made.
const LARGEST: u64 = 4096 * MIB;
const LABEL: [u8; 11] = *b"GAPBOOT    ";

/// The size of a partition for a program of this size, in bytes: whole mebibytes.
#[must_use]
pub fn size(program: u64) -> u64 {
    // FAT32 with clusters of 512 bytes takes a 64th for its two tables.
    let tables = (program / 32).saturating_add(MIB / 2);
    let needed = program.saturating_add(tables).max(SMALLEST);
    let needed = needed.checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
    match needed > LARGEST_FAT16 {
        true => needed.max(SMALLEST_FAT32),
        false => needed,
    }
}

/// Whether a file system of this size can be made for a program of this size.
///
/// # Errors
/// It cannot: a clause.
pub fn check(size: u64, program: u64) -> Result<(), String> {
    let least = self::size(program);
    if size < least {
        return Err(format!("the smallest that fits is {} MiB", least / MIB));
    }
    if size > LARGEST_FAT16 && size < SMALLEST_FAT32 {
        return Err(format!(
            "from {} to {} MiB there is no kind of FAT that all firmware takes",
            LARGEST_FAT16 / MIB + 1,
            SMALLEST_FAT32 / MIB - 1
        ));
    }
    match size > LARGEST {
        true => Err(format!("the largest is {} MiB", LARGEST / MIB)),
        false => Ok(()),
    }
}

/// A file system of `size` bytes with the program. `id` is its serial number.
///
/// # Errors
/// There is no room.
pub fn make(size: u64, id: u32, program: &[u8]) -> io::Result<Vec<u8>> {
    let mut image = Cursor::new(vec![0; to_usize(size)]);
    let (kind, cluster) = match size > LARGEST_FAT16 {
        true => (FatType::Fat32, cluster_32(size)),
        false => (FatType::Fat16, cluster_16(size)),
    };
    let options = FormatVolumeOptions::new()
        .fat_type(kind)
        .bytes_per_cluster(cluster)
        .volume_id(id)
        .volume_label(LABEL);
    format_volume(&mut image, options)?;
    let mut volume = Volume::of(image.into_inner());
    match volume.add(program) {
        true => Ok(volume.image),
        false => Err(io::Error::new(
            io::ErrorKind::StorageFull,
            "the program does not fit",
        )),
    }
}

/// An empty file system, and what its boot sector says of it.
struct Volume {
    image: Vec<u8>,
    is_fat32: bool,
    /// Bytes of a cluster.
    cluster: usize,
    /// Where the tables begin, the size of one, and their number.
    tables: (usize, usize, usize),
    /// Where the root directory begins, and the first cluster.
    root: usize,
    data: usize,
    /// The clusters that are in use so far.
    used: usize,
}

impl Volume {
    fn of(image: Vec<u8>) -> Self {
        let word = |at: usize| to_usize(u16_at(&image, at));
        let byte = |at: usize| to_usize(image.get(at).copied().unwrap_or_default());
        let sector = word(11);
        let bytes = |sectors: usize| sectors.saturating_mul(sector);
        let is_fat32 = word(22) == 0;
        let table = match is_fat32 {
            true => to_usize(u32_at(&image, 36)),
            false => word(22),
        };
        let tables = (bytes(word(14)), bytes(table), byte(16));
        let root = tables.0.saturating_add(tables.1.saturating_mul(tables.2));
        // FAT32's root directory is the first cluster.
        Self {
            is_fat32,
            cluster: bytes(byte(13)),
            tables,
            root,
            data: root.saturating_add(word(17).saturating_mul(ENTRY)),
            used: usize::from(is_fat32),
            image,
        }
    }

    /// Adds the program in its directories; false if it does not fit.
    fn add(&mut self, program: &[u8]) -> bool {
        let efi = self.take(self.cluster);
        let boot = self.take(self.cluster);
        let file = self.take(program.len());
        let end = self.place(self.used.saturating_add(2));
        if self.cluster == 0 || end > self.image.len() {
            return false;
        }
        // The label is the first entry of the root directory.
        let root = self.root.saturating_add(ENTRY);
        self.entry(root, EFI, DIRECTORY, efi, 0);
        // The root directory counts as cluster 0.
        for (own, parent) in [(efi, 0), (boot, efi)] {
            let at = self.place(own);
            self.entry(at, ITSELF, DIRECTORY, own, 0);
            self.entry(at.saturating_add(ENTRY), PARENT, DIRECTORY, parent, 0);
        }
        let [third, fourth] = [efi, boot].map(|own| self.place(own).saturating_add(2 * ENTRY));
        self.entry(third, BOOT, DIRECTORY, boot, 0);
        let size = u32::try_from(program.len()).unwrap_or(u32::MAX);
        self.entry(fourth, PROGRAM, FILE, file, size);
        let at = self.place(file);
        put(&mut self.image, at, program);
        self.count_free();
        true
    }

    /// Where a cluster begins.
    fn place(&self, cluster: usize) -> usize {
        let offset = cluster.saturating_sub(2).saturating_mul(self.cluster);
        self.data.saturating_add(offset)
    }

    /// The first of the next clusters, which are marked as a file of this size.
    fn take(&mut self, size: usize) -> usize {
        let first = self.used.saturating_add(2);
        let count = size.div_ceil(self.cluster.max(1)).max(1);
        self.used = self.used.saturating_add(count);
        let last = first.saturating_add(count).saturating_sub(1);
        for cluster in first..=last {
            let next = match cluster == last {
                true => 0x0fff_ffff,
                false => u32::try_from(cluster.saturating_add(1)).unwrap_or_default(),
            };
            let next = next.to_le_bytes();
            let width = if self.is_fat32 { 4 } else { 2 };
            let next = next.get(..width).unwrap_or_default();
            let (start, table, count) = self.tables;
            for number in 0..count {
                let at = start.saturating_add(table.saturating_mul(number));
                let at = at.saturating_add(cluster.saturating_mul(width));
                put(&mut self.image, at, next);
            }
        }
        first
    }

    /// Writes an entry of a directory.
    fn entry(&mut self, at: usize, name: &[u8; 11], kind: u8, cluster: usize, size: u32) {
        let cluster = u32::try_from(cluster).unwrap_or_default().to_le_bytes();
        let [low, lower, high, higher] = cluster;
        let mut entry = [0; ENTRY];
        put(&mut entry, 0, name);
        put(&mut entry, 11, &[kind]);
        // Created, looked at, changed.
        [16, 18, 24]
            .iter()
            .for_each(|at| put(&mut entry, *at, &DATE));
        put(&mut entry, 20, &[high, higher]);
        put(&mut entry, 26, &[low, lower]);
        put(&mut entry, 28, &size.to_le_bytes());
        put(&mut self.image, at, &entry);
    }

    /// Writes the count of free clusters that FAT32 keeps (FSInfo).
    fn count_free(&mut self) {
        if !self.is_fat32 {
            return;
        }
        let info = to_usize(u16_at(&self.image, 48)).saturating_mul(512);
        let data = self.image.len().saturating_sub(self.data);
        let clusters = data.checked_div(self.cluster).unwrap_or_default();
        let free = u32::try_from(clusters.saturating_sub(self.used)).unwrap_or_default();
        let next = u32::try_from(self.used.saturating_add(2)).unwrap_or_default();
        put(
            &mut self.image,
            info.saturating_add(488),
            &free.to_le_bytes(),
        );
        put(
            &mut self.image,
            info.saturating_add(492),
            &next.to_le_bytes(),
        );
    }
}

/// Bytes of a cluster, so that there are more than 4,084 of them, and fewer than 65,525.
fn cluster_16(size: u64) -> u32 {
    match size {
        ..=MIB_8 => 512,
        _ => 2048,
    }
}

/// Bytes of a cluster, so that there are 65,525 of them or more.
fn cluster_32(size: u64) -> u32 {
    match size {
        ..=MIB_260 => 512,
        _ => 4096,
    }
}

const MIB_8: u64 = 8 * MIB;
const MIB_260: u64 = 260 * MIB;

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    use menus::storage::{Device, Location, Storage};
    use volumes::{Bytes, Volumes};

    /// Known by the count of clusters, as firmware does it.
    fn clusters(image: &[u8]) -> u64 {
        let word = |at: usize| u64::from(crate::bytes::u16_at(image, at));
        let long = |at: usize| u64::from(crate::bytes::u32_at(image, at));
        let or = |word: u64, long: u64| if word == 0 { long } else { word };
        let root = (word(17) * 32).div_ceil(512);
        let tables = u64::from(image[16]) * or(word(22), long(36));
        let data = or(word(19), long(32)) - word(14) - tables - root;
        data / u64::from(image[13])
    }

    #[test]
    fn each_size_is_the_kind_of_fat_that_it_should_be() {
        for mib in [4, 5, 8, 9, 16, 31, 36, 40, 260, 261, 600] {
            let program = vec![7; 3_000_000];
            let image = make(mib * MIB, 0x1234_5678, &program).unwrap();
            let clusters = clusters(&image);
            match mib {
                ..=31 => assert!((4085..65525).contains(&clusters), "{mib}: {clusters}"),
                _ => assert!(clusters >= 65525, "{mib}: {clusters}"),
            }
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &image).unwrap();
            let fsck = std::process::Command::new("fsck.vfat");
            let output = { fsck }.arg("-n").arg(file.path()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{mib}: {said}");
            let bytes: Rc<dyn Bytes> = Rc::new(image);
            let volumes = Volumes::disk(&bytes, None);
            let at = Location::new(Device(0), "/EFI/BOOT/BOOTX64.EFI").unwrap();
            assert_eq!(volumes.read(&at, 1 << 24).unwrap(), program, "{mib}");
            let properties = volumes.properties(Device(0));
            assert_eq!(properties.label.as_deref(), Some("GAPBOOT"));
            assert_eq!(properties.uuid.as_deref(), Some("1234-5678"));
        }
    }

    #[test]
    fn what_does_not_fit() {
        assert!(make(4 * MIB, 1, &vec![7; 4 << 20]).is_err());
    }

    #[test]
    fn sizes() {
        let mib = |size| size / MIB;
        assert_eq!(mib(size(0)), 4);
        assert_eq!(mib(size(12 * MIB)), 13);
        assert_eq!(mib(size(29 * MIB)), 31);
        assert_eq!(mib(size(30 * MIB)), 36);
        assert_eq!(mib(size(100 * MIB)), 104);
        assert!(check(16 * MIB, 12 * MIB).is_ok());
        assert!(check(12 * MIB, 12 * MIB).unwrap_err().contains("13 MiB"));
        assert!(check(32 * MIB, MIB).unwrap_err().contains("from 32 to 35"));
        assert!(check(5000 * MIB, MIB).is_err());
    }
}
