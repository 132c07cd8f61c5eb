//! FAT file systems as mkfs.vfat and mtools make them.

use crate::fake::{FakeDisk, Memory};
use crate::tools::run;
use boot::disk::partition::Partition;
use boot::disk::storage::Storage;
use boot::fat::{DirEntry, File, Name, Volume};
use boot::machine::Lba;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub type Disk<'a> = Storage<'a, FakeDisk>;

/// An image of a file system.
pub struct Image {
    directory: TempDir,
    files: usize,
}

impl Image {
    /// Made by mkfs.vfat with these options.
    pub fn new(options: &str, kib: u64) -> Self {
        let image = Self {
            directory: tempfile::tempdir().unwrap(),
            files: 0,
        };
        std::fs::File::create(image.path())
            .unwrap()
            .set_len(kib * 1024)
            .unwrap();
        let path = image.path();
        let mut arguments: Vec<&str> = options.split(' ').collect();
        arguments.push(path.to_str().unwrap());
        run("mkfs.vfat", &arguments);
        image
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    /// Runs a program of mtools.
    pub fn mtools(&self, program: &str, arguments: &[&str]) -> String {
        let path = self.path();
        let mut all = vec!["-i", path.to_str().unwrap()];
        all.extend(arguments);
        run(program, &all)
    }

    /// Writes a file.
    pub fn write(&mut self, path: &str, bytes: &[u8]) {
        self.files += 1;
        let source = self.directory.path().join(self.files.to_string());
        std::fs::write(&source, bytes).unwrap();
        self.mtools(
            "mcopy",
            &["-o", source.to_str().unwrap(), &format!("::{path}")],
        );
        std::fs::remove_file(source).unwrap();
    }

    /// Writes files into a directory, in this order. Few with each call: mtools
    /// lets a directory grow by as much as it will need.
    pub fn write_all(&self, directory: &str, files: &[(String, Vec<u8>)]) {
        let sources = tempfile::tempdir().unwrap();
        let target = format!("::{directory}");
        let paths: Vec<_> = files
            .iter()
            .map(|(name, _)| sources.path().join(name))
            .collect();
        for (path, (_, bytes)) in paths.iter().zip(files) {
            std::fs::write(path, bytes).unwrap();
        }
        for some in paths.chunks(10) {
            let mut arguments: Vec<&str> = some.iter().map(|path| path.to_str().unwrap()).collect();
            arguments.push(&target);
            self.mtools("mcopy", &arguments);
        }
    }

    /// What mtools reads.
    pub fn read(&self, path: &str) -> Vec<u8> {
        let target = self.directory.path().join("read");
        self.mtools(
            "mcopy",
            &["-n", &format!("::{path}"), target.to_str().unwrap()],
        );
        let bytes = std::fs::read(&target).unwrap();
        std::fs::remove_file(target).unwrap();
        bytes
    }

    /// What mtools finds in a directory: names, those of directories with a
    /// slash at the end.
    pub fn list(&self, directory: &str) -> Vec<String> {
        let text = self.mtools("mdir", &["-b", "-a", &format!("::{directory}")]);
        let strip = |line: &str| {
            let full = line.strip_prefix("::/").unwrap();
            full.strip_prefix(directory.trim_start_matches('/'))
                .unwrap()
                .to_string()
        };
        let names = text
            .lines()
            .map(|line| strip(line).trim_start_matches('/').to_string());
        names
            .filter(|name| !matches!(name.as_str(), "./" | "../"))
            .collect()
    }

    /// Exits unless fsck.vfat finds nothing wrong.
    pub fn check(&self) {
        run("fsck.vfat", &["-n", self.path().to_str().unwrap()]);
    }

    /// The file system on a disk, from its first sector on.
    pub fn disk(&self) -> FakeDisk {
        FakeDisk::of_file(&self.path())
    }
}

/// What the file of the disk holds, as a partition.
pub fn whole(disk: &FakeDisk) -> Partition {
    Partition {
        first: Lba(disk.first),
        sectors: disk.sectors - disk.first,
        guid: [0; 16],
    }
}

/// Opens the file system that fills the disk, and does something with it.
pub fn with<T>(disk: &mut FakeDisk, act: impl FnOnce(&mut Disk, Volume) -> T) -> T {
    let partition = whole(disk);
    let mut memory = Memory::new();
    let mut storage = memory.storage(disk);
    let volume = Volume::open(&mut storage, &partition).unwrap();
    act(&mut storage, volume)
}

/// The nodes of a directory with their names.
pub fn nodes(storage: &mut Disk, volume: &Volume, directory: &DirEntry) -> Vec<(String, DirEntry)> {
    let mut name = Name::new();
    let mut walk = volume.walk(directory);
    let mut nodes = Vec::new();
    while let Some(node) = walk.next(storage, &mut name).unwrap() {
        nodes.push((String::from_utf8(name.as_bytes().to_vec()).unwrap(), node));
    }
    nodes
}

/// The names of a directory, as [`Image::list`] gives them.
pub fn names(storage: &mut Disk, volume: &Volume, path: &str) -> Vec<String> {
    let directory = volume.find(storage, path.as_bytes()).unwrap();
    let nodes = nodes(storage, volume, &directory).into_iter();
    nodes
        .map(|(name, node)| name + if node.is_directory() { "/" } else { "" })
        .collect()
}

/// All bytes of a file, in requests as large as they come.
pub fn contents(storage: &mut Disk, volume: &Volume, node: &DirEntry) -> Vec<u8> {
    let mut file = File::open(volume, node);
    let mut all = Vec::new();
    loop {
        let bytes = file.next(storage, u32::MAX).unwrap();
        if bytes.is_empty() {
            return all;
        }
        all.extend(bytes);
        assert_eq!(file.position() as usize, all.len());
    }
}

/// Every file below the root with its bytes, and every directory.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// Reads everything.
pub fn tree(storage: &mut Disk, volume: &Volume) -> Tree {
    let mut tree = Tree::new();
    let mut left = vec![(String::new(), DirEntry::ROOT)];
    while let Some((path, directory)) = left.pop() {
        for (name, node) in nodes(storage, volume, &directory) {
            let path = format!("{path}/{name}");
            if node.is_directory() {
                tree.insert(path.clone(), None);
                left.push((path, node));
            } else {
                File::open(volume, &node).check(storage).unwrap();
                tree.insert(path, Some(contents(storage, volume, &node)));
            }
        }
    }
    tree
}

/// What mtools copies out of an image.
pub fn tree_of_mtools(image: &Image) -> Tree {
    fn add(tree: &mut Tree, root: &Path, path: &Path) {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("/{}", path.strip_prefix(root).unwrap().to_str().unwrap());
            if path.is_dir() {
                tree.insert(name, None);
                add(tree, root, &path);
            } else {
                tree.insert(name, Some(std::fs::read(&path).unwrap()));
            }
        }
    }
    let target = tempfile::tempdir().unwrap();
    image.mtools(
        "mcopy",
        &["-s", "-n", "::/*", target.path().to_str().unwrap()],
    );
    let mut tree = Tree::new();
    add(&mut tree, target.path(), target.path());
    tree
}

/// Where things are on a file system, by its boot sector, in sectors of 512 bytes.
pub struct Layout {
    pub bits: u32,
    pub table: u64,
    pub table_sectors: u64,
    pub root: u64,
    pub data: u64,
    pub cluster_sectors: u64,
    pub end: u32,
}

impl Layout {
    pub fn of(disk: &FakeDisk, bits: u32) -> Self {
        let boot = disk.sector(0);
        let word = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
        let double =
            |at: usize| u64::from(u32::from_le_bytes(boot[at..at + 4].try_into().unwrap()));
        let larger = word(11) / 512;
        let table_sectors = larger * if word(22) == 0 { double(36) } else { word(22) };
        let total = larger * if word(19) == 0 { double(32) } else { word(19) };
        let table = larger * word(14);
        let root = table + u64::from(boot[16]) * table_sectors;
        let data = root + larger * (word(17) * 32).div_ceil(word(11));
        let cluster_sectors = larger * u64::from(boot[13]);
        let end = u32::try_from((total - data) / cluster_sectors + 2).unwrap();
        Layout {
            bits,
            table,
            table_sectors,
            root,
            data,
            cluster_sectors,
            end,
        }
    }

    /// Sets an entry of the first file allocation table.
    pub fn set(&self, disk: &mut FakeDisk, cluster: u32, value: u32) {
        let cluster = cluster as usize;
        match self.bits {
            12 => {
                let offset = cluster * 3 / 2;
                let pair = [offset, offset + 1]
                    .map(|at| disk.sector(self.table + at as u64 / 512)[at % 512]);
                let old = u16::from_le_bytes(pair);
                let value = u16::try_from(value & 0xfff).unwrap();
                let new = if cluster.is_multiple_of(2) {
                    old & 0xf000 | value
                } else {
                    old & 0xf | value << 4
                };
                disk.patch(self.table, offset, &new.to_le_bytes());
            }
            16 => disk.patch(
                self.table,
                cluster * 2,
                &((value & 0xffff) as u16).to_le_bytes(),
            ),
            _ => disk.patch(self.table, cluster * 4, &value.to_le_bytes()),
        }
    }
}
