//! Disks with sectors of 4096 bytes: a GPT with one partition, written here, because sfdisk
//! of Debian 12 makes only tables for sectors of 512 bytes.

use crate::tool::{as_root, command, run};
use anyhow::{Context, Result};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of a sector.
pub const LARGE_SECTOR: u64 = 4096;

/// The name of the partition.
const PARTITION: &str = "system";
/// Sectors before and after the partition.
const FIRST: u64 = 256;
const LAST: u64 = 6;
/// Bytes of the partition table, and its sectors.
const TABLE: usize = 128 * 128;
const TABLE_SECTORS: u64 = TABLE as u64 / LARGE_SECTOR;

/// An EFI System Partition, and a file system of Linux, as their GUIDs lie on the disk.
const ESP: [u8; 16] = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";
const LINUX: [u8; 16] = *b"\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4";

/// What lies on the partition: a tree of the host's.
#[derive(Clone, Copy, Debug)]
pub enum FileSystem<'a> {
    /// FAT32.
    Fat(&'a Path),
    /// ext4.
    Ext4 {
        /// Its files.
        tree: &'a Path,
        /// Its label.
        label: &'a str,
        /// Its UUID.
        uuid: &'a str,
    },
}

/// Makes a disk of this size with one partition.
pub fn large_sectors(image: &Path, size: u64, content: FileSystem) -> Result<()> {
    let file = File::create(image).with_context(|| format!("making {}", image.display()))?;
    file.set_len(size)?;
    let sectors = size / LARGE_SECTOR;
    let kind = match content {
        FileSystem::Fat(_) => ESP,
        FileSystem::Ext4 { .. } => LINUX,
    };
    write_table(&file, sectors, kind)?;
    let (start, count) = (FIRST * LARGE_SECTOR, sectors - LAST - FIRST);
    match content {
        FileSystem::Fat(tree) => fat(image, start, count, tree),
        FileSystem::Ext4 { tree, label, uuid } => {
            let mut mke2fs = as_root("mke2fs")?;
            mke2fs
                .args(["-q", "-F", "-t", "ext4", "-b", "4096", "-L", label])
                .args(["-U", uuid, "-E"])
                .arg(format!("offset={start}"))
                .arg("-d")
                .args([tree, image])
                .arg(format!("{}k", count * 4));
            run(&mut mke2fs)?;
            Ok(())
        }
    }
}

/// The names in a directory of the FAT file system.
pub fn names(image: &Path, directory: &str) -> Result<Vec<String>> {
    let volume = format!("{}@@{}", image.display(), FIRST * LARGE_SECTOR);
    let printed = run(command("mdir")
        .args(["-b", "-i", &volume])
        .arg(format!("::{directory}")))?;
    let names = printed.lines().filter_map(|line| line.rsplit('/').next());
    Ok(names.map(str::to_owned).collect())
}

/// Makes the journal of the ext4 file system one that has to be replayed.
pub fn make_journal_dirty(image: &Path) -> Result<()> {
    let place = format!("{}?offset={}", image.display(), FIRST * LARGE_SECTOR);
    run(as_root("debugfs")?
        .args(["-w", "-R", "feature needs_recovery"])
        .arg(place))?;
    Ok(())
}

fn fat(image: &Path, start: u64, sectors: u64, tree: &Path) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let volume = directory.path().join("volume");
    let file = File::create(&volume)?;
    file.set_len(sectors * LARGE_SECTOR)?;
    run(command("mkfs.vfat")
        .args(["-F", "32", "-S", "4096"])
        .arg(&volume))?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(tree)? {
        names.push(entry?.path());
    }
    run(command("mcopy")
        .args(["-s", "-i"])
        .arg(&volume)
        .args(names)
        .arg("::/"))?;
    let place = format!("seek={start}");
    let (from, to) = (volume.display(), image.display());
    run(command("dd")
        .arg(format!("if={from}"))
        .arg(format!("of={to}"))
        .args([
            &place,
            "oflag=seek_bytes",
            "conv=notrunc,sparse",
            "bs=1M",
            "status=none",
        ]))?;
    Ok(())
}

fn write_table(disk: &File, sectors: u64, kind: [u8; 16]) -> io::Result<()> {
    let last = sectors - 1;
    let mut table = vec![0; TABLE];
    table[..16].copy_from_slice(&kind);
    table[16..32].copy_from_slice(&[0x11; 16]);
    table[32..40].copy_from_slice(&FIRST.to_le_bytes());
    table[40..48].copy_from_slice(&(sectors - LAST - 1).to_le_bytes());
    for (letter, place) in PARTITION.bytes().zip((56..).step_by(2)) {
        table[place] = letter;
    }

    let mut protective = vec![0; LARGE_SECTOR as usize];
    protective[446 + 4] = 0xee;
    protective[446 + 8..][..4].copy_from_slice(&1_u32.to_le_bytes());
    protective[446 + 12..][..4].copy_from_slice(&(last as u32).to_le_bytes());
    protective[510..512].copy_from_slice(&[0x55, 0xaa]);

    let backup = last - TABLE_SECTORS;
    disk.write_all_at(&protective, 0)?;
    disk.write_all_at(&header(1, last, 2, sectors, &table), LARGE_SECTOR)?;
    disk.write_all_at(&table, 2 * LARGE_SECTOR)?;
    disk.write_all_at(&table, backup * LARGE_SECTOR)?;
    disk.write_all_at(
        &header(last, 1, backup, sectors, &table),
        last * LARGE_SECTOR,
    )
}

/// A header at sector `own`, with the other one at `other` and its table at `at`.
fn header(own: u64, other: u64, at: u64, sectors: u64, table: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from(*b"EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00");
    bytes.extend([0; 8]);
    for number in [own, other, 2 + TABLE_SECTORS, sectors - LAST] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([0x22; 16]);
    bytes.extend(at.to_le_bytes());
    for number in [128, 128, crc32(table)] {
        bytes.extend(u32::to_le_bytes(number));
    }
    let checksum = crc32(&bytes);
    bytes[16..20].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The checksum of GPTs.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
