//! Disk images: GPT by sfdisk, file systems by mkfs.vfat, files by mtools.
//! The code under test makes no part of an image.
//!
//! ```no_run
//! use tests::images::{Disk, Fat, Partition};
//! # fn main() -> anyhow::Result<()> {
//! let esp = Partition::esp(Fat::new(32).cluster(4096)).file("loader/entries/a.conf", "title A\n");
//! Disk::new(300 * tests::MIB).partition(esp).build("disk.img".as_ref())?;
//! # Ok(())
//! # }
//! ```

use super::table::{PartitionRange, SECTOR, partitions};
use super::volume::{Content, Fat, FileToWrite, Volume};
use crate::tool::{as_root, command, run, run_with_input};
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

const ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const XBOOTLDR: &str = "BC13C2FF-59E6-4262-A352-B275FD6F7172";
const ROOT: &str = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
const LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/// A partition to be made.
#[derive(Clone, Debug)]
pub struct Partition {
    kind: &'static str,
    number: Option<u32>,
    start: Option<u64>,
    size: Option<u64>,
    fat: Option<Fat>,
    files: Vec<FileToWrite>,
    tree: Option<PathBuf>,
}

impl Partition {
    fn new(kind: &'static str, fat: Option<Fat>) -> Self {
        Self {
            kind,
            number: None,
            start: None,
            size: None,
            fat,
            files: Vec::new(),
            tree: None,
        }
    }

    /// An EFI System Partition.
    pub fn esp(fat: Fat) -> Self {
        Self::new(ESP, Some(fat))
    }

    /// An Extended Boot Loader Partition.
    pub fn xbootldr(fat: Fat) -> Self {
        Self::new(XBOOTLDR, Some(fat))
    }

    /// A Linux partition, left empty.
    pub fn linux() -> Self {
        Self::new(LINUX, None)
    }

    /// A root partition for x86-64: an ext4 file system with the contents of a directory
    /// of the host.
    pub fn root(tree: &Path) -> Self {
        Self {
            tree: Some(tree.to_owned()),
            ..Self::new(ROOT, None)
        }
    }

    /// Sets the type, as it is written in sfdisk's scripts. For disks with an MBR.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the place in the partition table, from 1 on.
    #[must_use]
    pub fn number(mut self, number: u32) -> Self {
        self.number = Some(number);
        self
    }

    /// Sets the first sector.
    #[must_use]
    pub fn start(mut self, sector: u64) -> Self {
        self.start = Some(sector);
        self
    }

    /// Sets the size in bytes; a partition without a size takes the space that is left.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Adds a file; its directories are made.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Content>) -> Self {
        self.files.push(FileToWrite {
            path: path.to_owned(),
            content: content.into(),
            run: None,
        });
        self
    }

    /// Adds a file whose clusters lie in pieces of `run` clusters with other
    /// clusters between them.
    #[must_use]
    pub fn fragmented_file(mut self, path: &str, content: impl Into<Content>, run: u64) -> Self {
        let run = Some(run);
        self.files.push(FileToWrite {
            path: path.to_owned(),
            content: content.into(),
            run,
        });
        self
    }
}

/// A disk image to be made.
#[derive(Clone, Debug)]
pub struct Disk {
    size: u64,
    label: &'static str,
    table: Vec<String>,
    partitions: Vec<Partition>,
}

impl Disk {
    /// An image of `size` bytes with a GPT, whose partitions start at sector
    /// 2048 or later.
    pub fn new(size: u64) -> Self {
        // On small disks sfdisk would begin at sector 34.
        Self {
            size,
            label: "gpt",
            table: vec!["first-lba: 2048".to_owned()],
            partitions: Vec::new(),
        }
    }

    /// An image of `size` bytes with an MBR.
    pub fn mbr(size: u64) -> Self {
        Self {
            label: "dos",
            table: Vec::new(),
            ..Self::new(size)
        }
    }

    /// Sets the number of entries in the partition table (default: 128).
    #[must_use]
    pub fn table_length(mut self, entries: u32) -> Self {
        self.table.push(format!("table-length: {entries}"));
        self
    }

    /// Adds a line to the head of sfdisk's script.
    #[must_use]
    pub fn table_line(mut self, line: &str) -> Self {
        self.table.push(line.to_owned());
        self
    }

    /// Adds a partition.
    #[must_use]
    pub fn partition(mut self, partition: Partition) -> Self {
        self.partitions.push(partition);
        self
    }

    /// Makes the image, a sparse file. A file at `path` is replaced.
    pub fn build(&self, path: &Path) -> Result<()> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        file.set_len(self.size)?;
        let arguments = ["--quiet", "--no-reread", "--no-tell-kernel"];
        run_with_input(command("sfdisk").args(arguments).arg(path), &self.script())?;
        let places = partitions(path)?;
        for (index, partition) in self.partitions.iter().enumerate() {
            let number = partition.number.unwrap_or(index as u32 + 1);
            let place = places.iter().find(|place| place.number == number);
            let place = place.with_context(|| format!("sfdisk made no partition {number}"))?;
            if let Some(tree) = &partition.tree {
                ext4(path, *place, tree)?;
            }
            if let Some(fat) = &partition.fat {
                let volume = Volume::at(path, place.start);
                volume.format(fat, place.sectors)?;
                for file in &partition.files {
                    volume.write_file(file, fat.cluster_bytes())?;
                }
            }
        }
        Ok(())
    }

    fn script(&self) -> String {
        let mut script = format!("label: {}\n", self.label);
        for line in &self.table {
            script += &format!("{line}\n");
        }
        for (index, partition) in self.partitions.iter().enumerate() {
            let number = partition.number.unwrap_or(index as u32 + 1);
            script += &format!("{number} : type={}", partition.kind);
            if let Some(start) = partition.start {
                script += &format!(", start={start}");
            }
            if let Some(size) = partition.size {
                script += &format!(", size={}", size / SECTOR);
            }
            script += "\n";
        }
        script
    }
}

/// Makes an ext4 file system, whose files belong to root.
fn ext4(image: &Path, place: PartitionRange, tree: &Path) -> Result<()> {
    let mut mke2fs = as_root("mke2fs")?;
    mke2fs
        .args(["-q", "-F", "-t", "ext4", "-m", "0", "-E"])
        .arg(format!("offset={}", place.start * SECTOR))
        .arg("-d")
        .args([tree, image])
        .arg(format!("{}k", place.sectors * SECTOR / 1024));
    run(&mut mke2fs)?;
    Ok(())
}
