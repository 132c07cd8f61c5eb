//! FAT file systems in an image: made by mkfs.vfat, filled by mtools.

use super::table::{SECTOR, partitions};
use crate::tool::{command, run};
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The content of a file.
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

/// A file to be written.
#[derive(Clone, Debug)]
pub(super) struct FileToWrite {
    pub(super) path: String,
    pub(super) content: Content,
    /// Clusters that lie in one piece, for a fragmented file.
    pub(super) run: Option<u64>,
}

/// A FAT file system to be made.
#[derive(Clone, Debug)]
pub struct Fat {
    kind: u8,
    sector: u64,
    cluster: u64,
    arguments: Vec<String>,
}

impl Fat {
    /// FAT12, FAT16 or FAT32 with clusters of 4 KiB.
    pub fn new(kind: u8) -> Self {
        Self {
            kind,
            sector: SECTOR,
            cluster: 4096,
            arguments: Vec::new(),
        }
    }

    /// The bytes of a cluster.
    pub(super) fn cluster_bytes(&self) -> u64 {
        self.cluster
    }

    /// Sets the bytes of a cluster.
    #[must_use]
    pub fn cluster(mut self, bytes: u64) -> Self {
        self.cluster = bytes;
        self
    }

    /// Sets the bytes of the file system's sectors; those of the disk have 512.
    #[must_use]
    pub fn sector(mut self, bytes: u64) -> Self {
        self.sector = bytes;
        self
    }

    /// Adds an argument for mkfs.vfat.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }
}

/// A FAT file system in an image, by mtools.
pub struct Volume {
    image: PathBuf,
    /// The partition's first sector.
    start: u64,
}

impl Volume {
    pub(super) fn at(image: &Path, start: u64) -> Self {
        let image = image.to_owned();
        Self { image, start }
    }

    /// The file system of a partition, by its number.
    pub fn open(image: &Path, number: u32) -> Result<Self> {
        let places = partitions(image)?;
        let place = places.iter().find(|place| place.number == number);
        let place =
            place.with_context(|| format!("{} has no partition {number}", image.display()))?;
        Ok(Self {
            image: image.to_owned(),
            start: place.start,
        })
    }

    /// The first sector of the partition.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Adds or replaces a file; its directories are made.
    pub fn write(&self, path: &str, content: impl Into<Content>) -> Result<()> {
        let file = FileToWrite {
            path: path.to_owned(),
            content: content.into(),
            run: None,
        };
        self.write_file(&file, 0)
    }

    /// Adds the contents of a directory of the host.
    pub fn write_tree(&self, root: &Path) -> Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(root)? {
            names.push(entry?.path());
        }
        self.mtools("mcopy", |tool| tool.arg("-s").args(names).arg("::"))?;
        Ok(())
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> Result<()> {
        self.mtools("mdel", |tool| tool.arg(format!("::{path}")))?;
        Ok(())
    }

    /// Gives a file another name in the same directory.
    pub fn rename(&self, path: &str, name: &str) -> Result<()> {
        self.mtools("mren", |tool| tool.args([&format!("::{path}"), name]))?;
        Ok(())
    }

    /// Sets a file's attribute "read-only".
    pub fn make_read_only(&self, path: &str) -> Result<()> {
        self.mtools("mattrib", |tool| tool.args(["+r", &format!("::{path}")]))?;
        Ok(())
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        let directory = tempfile::tempdir()?;
        let copy = directory.path().join("copy");
        self.mtools("mcopy", |tool| {
            tool.args(["-n", &format!("::{path}")]).arg(&copy)
        })?;
        Ok(fs::read(copy)?)
    }

    /// The names in a directory, as mtools shows them.
    pub fn names(&self, path: &str) -> Result<Vec<String>> {
        let printed = self.mtools("mdir", |tool| tool.args(["-b", &format!("::{path}")]))?;
        let names = printed
            .lines()
            .filter_map(|line| line.rsplit('/').find(|name| !name.is_empty()));
        Ok(names.map(str::to_owned).collect())
    }

    /// Fails unless fsck.vfat calls the file system clean.
    pub fn check(&self) -> Result<()> {
        let mut copy = tempfile::NamedTempFile::new()?;
        let mut image = File::open(&self.image)?;
        image.seek(SeekFrom::Start(self.start * SECTOR))?;
        std::io::copy(&mut image, &mut copy)?;
        let printed = run(command("fsck.vfat").arg("-n").arg(copy.path()))?;
        // Its version, and the number of files and clusters.
        ensure!(printed.lines().count() == 2, "fsck.vfat -n:\n{printed}");
        Ok(())
    }

    /// The number of pieces that a file lies in.
    pub fn pieces(&self, path: &str) -> Result<usize> {
        // "::/a/b <2-4> <7>"
        let printed = self.mtools("mshowfat", |tool| tool.arg(format!("::{path}")))?;
        Ok(printed.matches('<').count())
    }

    /// The places on the disk of the `size` bytes of a file, in runs of sectors.
    pub fn runs(&self, path: &str, size: u64) -> Result<Vec<Range<u64>>> {
        let mut boot = [0; SECTOR as usize];
        File::open(&self.image)?.read_exact_at(&mut boot, self.start * SECTOR)?;
        let number = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
        let table = match number(22) {
            0 => number(36) | number(38) << 16,
            sectors => sectors,
        };
        let root = (number(17) * 32).div_ceil(number(11));
        // In sectors of the disk.
        let larger = number(11) / SECTOR;
        let data = self.start + larger * (number(14) + u64::from(boot[16]) * table + root);
        let cluster = larger * u64::from(boot[13]);

        let printed = self.mtools("mshowfat", |tool| tool.arg(format!("::{path}")))?;
        let mut left = size.div_ceil(SECTOR);
        let mut runs = Vec::new();
        for piece in printed.split('<').skip(1) {
            let piece = piece.split('>').next().unwrap_or_default();
            let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
            let (first, last): (u64, u64) = (first.trim().parse()?, last.trim().parse()?);
            let start = data + (first - 2) * cluster;
            let sectors = left.min((last + 1 - first) * cluster);
            runs.push(start..start + sectors);
            left -= sectors;
        }
        Ok(runs)
    }

    pub(super) fn format(&self, fat: &Fat, sectors: u64) -> Result<()> {
        // "Hidden sectors" has 32 bits; no program reads it on a GPT.
        let hidden = u32::try_from(self.start).unwrap_or(0);
        let mut mkfs = command("mkfs.vfat");
        mkfs.args(["--invariant", "-F", &fat.kind.to_string()])
            .args([
                "-S",
                &fat.sector.to_string(),
                "-s",
                &(fat.cluster / fat.sector).to_string(),
            ])
            .args([
                "-h",
                &hidden.to_string(),
                // In sectors of the file system.
                "--offset",
                &(self.start * SECTOR / fat.sector).to_string(),
            ])
            .args(&fat.arguments)
            .arg(&self.image)
            .arg((sectors * SECTOR / 1024).to_string());
        run(&mut mkfs)?;
        Ok(())
    }

    pub(super) fn write_file(&self, file: &FileToWrite, cluster: u64) -> Result<()> {
        let staging = tempfile::tempdir()?;
        let source = match &file.content {
            Content::Copy(path) => path.clone(),
            Content::Bytes(bytes) => {
                let path = staging.path().join("content");
                fs::write(&path, bytes)?;
                path
            }
        };
        self.make_directories(&file.path)?;
        let copy = |from: &Path| {
            self.mtools("mcopy", |tool| {
                tool.args(["-o", "-D", "o"])
                    .arg(from)
                    .arg(format!("::{}", file.path))
            })
        };
        match file.run {
            None => copy(&source)?,
            Some(run) => {
                let pieces = fs::metadata(&source)?.len().div_ceil(run * cluster);
                self.leave_holes(staging.path(), pieces, run * cluster)?;
                let printed = copy(&source)?;
                self.mtools("mdeltree", |tool| tool.arg("::fill"))?;
                printed
            }
        };
        let pieces = self.pieces(&file.path)?;
        if file.run.is_some() && pieces < 2 {
            bail!("{} lies in one piece, and was to be fragmented", file.path);
        }
        Ok(())
    }

    /// Fills the first free clusters with files of `size` bytes, and removes
    /// every other one of them: the next file fills the holes.
    fn leave_holes(&self, staging: &Path, holes: u64, size: u64) -> Result<()> {
        let fill = staging.join("fill");
        fs::create_dir(&fill)?;
        let name = |number: u64| format!("{number:06}");
        for number in 0..2 * holes {
            File::create(fill.join(name(number)))?.set_len(size)?;
        }
        self.mtools("mmd", |tool| tool.arg("::fill"))?;
        let files = (0..2 * holes).map(|number| fill.join(name(number)));
        self.mtools("mcopy", |tool| tool.args(files).arg("::fill"))?;
        let removed = (0..holes).map(|number| format!("::fill/{}", name(2 * number)));
        self.mtools("mdel", |tool| tool.args(removed))?;
        self.forget_free_hint()
    }

    /// FAT32 notes the cluster where the search for free clusters should go on. If this is
    /// unknown, the search starts at the first cluster.
    fn forget_free_hint(&self) -> Result<()> {
        const SIGNATURE: [u8; 4] = *b"RRaA";
        const NEXT_FREE: u64 = 492;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.image)?;
        let mut boot = [0; SECTOR as usize];
        file.read_exact_at(&mut boot, self.start * SECTOR)?;
        // The second sector of the file system.
        let sector = self.start * SECTOR + u64::from(u16::from_le_bytes([boot[11], boot[12]]));
        let mut signature = [0; 4];
        file.read_exact_at(&mut signature, sector)?;
        if signature == SIGNATURE {
            file.write_all_at(&[0xff; 4], sector + NEXT_FREE)?;
        }
        Ok(())
    }

    fn make_directories(&self, path: &str) -> Result<()> {
        for (end, _) in path.match_indices('/').filter(|&(end, _)| end != 0) {
            let directory = format!("::{}", &path[..end]);
            if self
                .mtools("mdir", |tool| tool.args(["-b", &directory]))
                .is_err()
            {
                self.mtools("mmd", |tool| tool.arg(&directory))?;
            }
        }
        Ok(())
    }

    fn mtools(
        &self,
        program: &str,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<String> {
        let mut tool = command(program);
        let image = format!("{}@@{}", self.image.display(), self.start * SECTOR);
        tool.env("MTOOLS_SKIP_CHECK", "1").args(["-i", &image]);
        run(arguments(&mut tool))
    }
}
