//! The disks that Linux sees.

use std::fs;
use std::path::{Path, PathBuf};

use crate::offers::Disk;

/// Where all block devices are.
const BLOCK: &str = "sys/class/block";
/// Devices that hold nothing of their own, by how their names begin.
const EMPTY: [&str; 6] = ["loop", "ram", "zram", "nbd", "fd", "dm-"];

/// The whole disks with something in them, sorted by their names.
#[must_use]
pub fn disks(root: &Path) -> Vec<Disk> {
    let Ok(found) = fs::read_dir(root.join(BLOCK)) else {
        return Vec::new();
    };
    let names = found.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        is_disk(&entry.path(), &name).then_some(name)
    });
    let mut disks: Vec<_> = names
        .map(|name| {
            // A name with a slash has an exclamation mark there.
            let name = name.replace('!', "/");
            let node = root.join("dev").join(&name);
            Disk { name, node }
        })
        .collect();
    disks.sort_by_key(|disk| natural(&disk.name));
    disks
}

fn is_disk(sysfs: &Path, name: &str) -> bool {
    let value = |file: &str| fs::read_to_string(sysfs.join(file)).unwrap_or_default();
    let size: u64 = value("size").trim().parse().unwrap_or(0);
    let is_hidden = value("hidden").trim() == "1";
    // The boot areas of an eMMC, and what is written with a key only.
    let is_special =
        name.starts_with("mmcblk") && (name.contains("boot") || name.ends_with("rpmb"));
    let is_empty = EMPTY.iter().any(|start| name.starts_with(start));
    size > 0 && !is_hidden && !is_special && !is_empty && !sysfs.join("partition").exists()
}

/// `sdb` comes before `sdaa`, and `nvme2n1` before `nvme10n1`.
fn natural(name: &str) -> (String, usize, Vec<(String, u64)>) {
    let mut parts: Vec<(String, u64)> = Vec::new();
    let mut text = String::new();
    let mut digits = String::new();
    for letter in name.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            parts.push((
                std::mem::take(&mut text),
                digits.parse().unwrap_or(u64::MAX),
            ));
            digits.clear();
        }
        text.push(letter);
    }
    parts.push((text, digits.parse().unwrap_or(0)));
    let letters = parts.first().map_or("", |(text, _)| text);
    let kind = letters.get(..2).unwrap_or(letters).to_owned();
    (kind, letters.len(), parts)
}

/// What a disk is, for a person: its maker's words, and its size.
#[must_use]
pub fn description(root: &Path, name: &str) -> String {
    let sysfs = root.join(BLOCK).join(name.replace('/', "!"));
    let value = |file: &str| {
        let text = fs::read_to_string(sysfs.join(file)).unwrap_or_default();
        text.trim().to_owned()
    };
    let sectors: u64 = value("size").parse().unwrap_or(0);
    let mut parts: Vec<String> = ["device/vendor", "device/model"].map(value).into();
    parts.push(format!(
        "{} MB",
        sectors.saturating_mul(512).div_euclid(1_000_000)
    ));
    match value("queue/logical_block_size").as_str() {
        "" | "512" => {}
        size => parts.push(format!("sectors of {size} bytes")),
    }
    parts.retain(|part| !part.is_empty() && !part.starts_with("0x"));
    parts.join(", ")
}

/// The directory in sysfs of the disk on which a partition with this `PARTUUID` lies, as
/// far as the kernel says so itself.
#[must_use]
pub fn has_partition(root: &Path, disk: &Disk, uuid: &str) -> bool {
    let sysfs: PathBuf = root.join(BLOCK).join(disk.name.replace('/', "!"));
    let parts = fs::read_dir(sysfs).into_iter().flatten().flatten();
    let mut events = parts.filter_map(|part| fs::read_to_string(part.path().join("uevent")).ok());
    events.any(|event| {
        let mut values = event
            .lines()
            .filter_map(|line| line.strip_prefix("PARTUUID="));
        values.any(|value| value.eq_ignore_ascii_case(uuid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_disk() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(BLOCK).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for (name, size) in [
            ("sda", "2048\n"),
            ("sdaa", "1"),
            ("sdb", "1"),
            ("sr0", "0\n"),
            ("loop0", "5"),
            ("nvme10n1", "9"),
            ("nvme2n1", "9"),
            ("nvme2c0n1", "9"),
            ("mmcblk0", "9"),
            ("mmcblk0boot0", "9"),
            ("cciss!c0d0", "9"),
            ("sda1", "9"),
        ] {
            write(&format!("{name}/size"), size);
        }
        write("nvme2c0n1/hidden", "1\n");
        write("sda1/partition", "1\n");
        write("sda/sda1/uevent", "PARTN=1\nPARTUUID=AB-01\n");
        write("sda/device/model", "Disk X  \n");
        write("sda/queue/logical_block_size", "4096\n");
        let disks = disks(root.path());
        let names: Vec<_> = disks.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "cciss/c0d0",
                "mmcblk0",
                "nvme2n1",
                "nvme10n1",
                "sda",
                "sdb",
                "sdaa"
            ]
        );
        assert!(disks[0].node.ends_with("dev/cciss/c0d0"));
        assert_eq!(
            description(root.path(), "sda"),
            "Disk X, 1 MB, sectors of 4096 bytes"
        );
        assert!(has_partition(root.path(), &disks[4], "ab-01"));
        assert!(!has_partition(root.path(), &disks[5], "ab-01"));
    }
}
