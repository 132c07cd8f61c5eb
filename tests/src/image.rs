//! Disk images: GPT by sfdisk, file systems by mkfs.vfat, files by mtools.
//! Nothing here is made by the code under test.
//!
//! ```no_run
//! use tests::image::{Disk, Fat, Partition};
//! # fn main() -> anyhow::Result<()> {
//! let esp = Partition::esp(Fat::new(32).cluster(4096)).file("loader/entries/a.conf", "title A\n");
//! Disk::new(300 * tests::MIB).partition(esp).build("disk.img".as_ref())?;
//! # Ok(())
//! # }
//! ```

mod volume;

pub use volume::Volume;

use crate::tool::{as_root, command, run, run_with_input};
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Bytes of a sector.
pub const SECTOR: u64 = 512;

const ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const XBOOTLDR: &str = "BC13C2FF-59E6-4262-A352-B275FD6F7172";
const ROOT: &str = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
const LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A copy of a file of the host.
    Copy(PathBuf),
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<PathBuf> for Content {
    fn from(path: PathBuf) -> Self {
        Self::Copy(path)
    }
}

#[derive(Clone, Debug)]
struct FileToWrite {
    path: String,
    content: Content,
    /// Clusters that lie in one piece, for a fragmented file.
    run: Option<u64>,
}

/// A FAT file system to be made.
#[derive(Clone, Debug)]
pub struct Fat {
    kind: u8,
    cluster: u64,
    arguments: Vec<String>,
}

impl Fat {
    /// FAT12, FAT16 or FAT32 with clusters of 4 KiB.
    pub fn new(kind: u8) -> Self {
        Self {
            kind,
            cluster: 4096,
            arguments: Vec::new(),
        }
    }

    /// Sets the bytes of a cluster.
    #[must_use]
    pub fn cluster(mut self, bytes: u64) -> Self {
        self.cluster = bytes;
        self
    }

    /// Adds an argument for mkfs.vfat.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }
}

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

    /// A root partition for x86-64, an ext4 file system with what is in a
    /// directory of the host.
    pub fn root(tree: &Path) -> Self {
        Self {
            tree: Some(tree.to_owned()),
            ..Self::new(ROOT, None)
        }
    }

    /// Sets the type, as sfdisk's scripts have it: for disks with an MBR.
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

    /// Sets the size in bytes; a partition without one takes what is left.
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

    /// The same with an MBR.
    pub fn mbr(size: u64) -> Self {
        Self {
            label: "dos",
            table: Vec::new(),
            ..Self::new(size)
        }
    }

    /// Sets the number of entries in the partition table (128 by itself).
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

    /// Makes the image, sparse, over whatever is at `path`.
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
                    volume.write_file(file, fat.cluster)?;
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
fn ext4(image: &Path, place: Place, tree: &Path) -> Result<()> {
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

/// A partition of an image, in sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number in the table, from 1 on.
    pub number: u32,
    /// The first sector.
    pub start: u64,
    /// The number of sectors.
    pub sectors: u64,
}

/// The partitions of an image, as sfdisk sees them.
pub fn partitions(image: &Path) -> Result<Vec<Place>> {
    let printed = run(command("sfdisk").arg("--json").arg(image))?;
    let table: serde_json::Value = serde_json::from_str(&printed)?;
    let list = table["partitiontable"]["partitions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let prefix = image.to_string_lossy().into_owned();
    list.iter()
        .map(|entry| {
            // "IMAGEp3", or "IMAGE3" where the name does not end in a digit
            let node = entry["node"].as_str().unwrap_or_default();
            let number = node
                .trim_start_matches(&prefix)
                .trim_start_matches('p')
                .parse()?;
            let field = |name: &str| {
                entry[name]
                    .as_u64()
                    .context("sfdisk's table lacks a number")
            };
            Ok(Place {
                number,
                start: field("start")?,
                sectors: field("size")?,
            })
        })
        .collect()
}
