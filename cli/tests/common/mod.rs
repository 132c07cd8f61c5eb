//! Disk images made by the distribution's tools, stages of the tests' own, and
//! `gapboot` run in this process.

// Each test program uses another part of this.
#![allow(dead_code, unreachable_pub)]

pub mod meanwhile;
pub mod old;
pub mod system;
pub mod uki;

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cli::install::Stages;
use layout::disk::{OVERLAY_SECTORS, SECTOR, STAGE1_CODE, STAGE2_BYTES};
use layout::header;
use layout::overlay::{BUILD_OFFSET, CHECKSUM_SIZE, LENGTH_OFFSET, MAGIC};
use tempfile::TempDir;

/// Bytes of a test image: room for the tables and a partition.
pub const IMAGE: u64 = 4 << 20;
/// The bytes that `install` may change without and with an overlay.
pub const CODE: Range<usize> = 0..STAGE1_CODE;
pub const GAP: Range<usize> = 34 * SECTOR..66 * SECTOR;
pub const OVERLAY: Range<usize> = 66 * SECTOR..192 * SECTOR;

/// What a run of `gapboot` left.
pub struct Run {
    pub status: u8,
    pub out: String,
    pub err: String,
}

/// Runs `gapboot` with these stages.
pub fn gapboot(stages: &Stages, arguments: &[&str]) -> Run {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = arguments.iter().map(Into::into);
    let status = cli::run(arguments, Ok(stages.clone()), &mut out, &mut err);
    Run {
        status,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

impl Run {
    /// It ended well.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.status, 0, "{}{}", self.out, self.err);
        self
    }

    /// The lines on standard error, but for why the disk would not boot: most disks here
    /// have no entries.
    pub fn notes(&self) -> Vec<&str> {
        let lines = self.err.lines();
        lines
            .filter(|line| !line.contains("would not boot: "))
            .collect()
    }

    /// It was refused in one line that holds all of `words`.
    #[track_caller]
    pub fn refused(self, words: &[&str]) {
        assert_eq!(self.status, 1, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        assert!(self.err.starts_with("gapboot: "), "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in: {}", self.err);
        }
    }
}

/// What `gapboot status --json` says of the installation, without what would boot.
pub fn installation(mut status: serde_json::Value) -> serde_json::Value {
    let keys = status.as_object_mut().unwrap();
    keys.retain(|key, _| !["wouldBoot", "entry", "problems"].contains(&&**key));
    status
}

/// A kernel that the loader loads: a bzImage of protocol 2.15 with nothing in it.
pub fn kernel() -> Vec<u8> {
    let mut kernel = vec![0; 8192];
    let mut put = |at: usize, bytes: &[u8]| kernel[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[1]);
    put(0x1fe, b"\x55\xaa\xeb\x6aHdrS\x0f\x02");
    put(0x211, &[1]);
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes());
    put(0x230, &0x20_0000_u32.to_le_bytes());
    put(0x234, &[1, 21, 1, 0]);
    put(0x238, &2047_u32.to_le_bytes());
    put(0x258, &0x100_0000_u64.to_le_bytes());
    put(0x260, &0x10_0000_u32.to_le_bytes());
    kernel
}

/// Bytes that look like code: the same for the same seed, none of them zero.
pub fn noise(seed: u32, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state % 255) as u8 + 1
    };
    (0..size).map(|_| next()).collect()
}

/// A stage1 as the build makes it: 512 bytes.
pub fn stage1(seed: u32) -> Vec<u8> {
    let mut stage1 = noise(seed, SECTOR);
    stage1[..3].copy_from_slice(b"\xeb\x58\x90");
    stage1[400..407].copy_from_slice(b"gapboot");
    stage1
}

/// A stage2 of `size` bytes with a right header, without an overlay.
pub fn stage2(version: &str, seed: u32, size: usize) -> Vec<u8> {
    stage2_with(version, seed, size, 0)
}

/// A stage2 of `size` bytes with a right header, and an overlay of `sectors` sectors.
pub fn stage2_with(version: &str, seed: u32, size: usize, sectors: usize) -> Vec<u8> {
    let mut stage2 = noise(seed, size);
    stage2[..header::MAGIC.len()].copy_from_slice(&header::MAGIC);
    stage2[header::FORMAT_OFFSET..][..2].copy_from_slice(&header::FORMAT.to_le_bytes());
    stage2[header::LENGTH_OFFSET..][..4].copy_from_slice(&(size as u32).to_le_bytes());
    stage2[header::VERSION_OFFSET..][..header::VERSION_SIZE].fill(0);
    stage2[header::VERSION_OFFSET..][..version.len()].copy_from_slice(version.as_bytes());
    // Screen and COM1 at full speed, as the build sets it.
    stage2[header::OUTPUTS_OFFSET..][..4].copy_from_slice(&[3, 0, 1, 0]);
    stage2[header::OVERLAY_SECTORS_OFFSET] = sectors as u8;
    let checksum = crc32fast::hash(&stage2[header::CHECKED_FROM..]);
    stage2[header::CHECKSUM_OFFSET..][..4].copy_from_slice(&checksum.to_le_bytes());
    stage2
}

/// The stages of a version, without an overlay.
pub fn stages(version: &str, seed: u32) -> Stages {
    Stages::new(
        &stage1(seed),
        &stage2(version, seed, STAGE2_BYTES - 777),
        None,
    )
    .unwrap()
}

/// The stages of a version, with an overlay that is as long as it can be.
pub fn with_overlay(version: &str, seed: u32) -> Stages {
    with_overlay_of(OVERLAY_SECTORS as usize, version, seed)
}

/// The stages of a version, with an overlay of `sectors` sectors.
pub fn with_overlay_of(sectors: usize, version: &str, seed: u32) -> Stages {
    let stage2 = stage2_with(version, seed, STAGE2_BYTES - 777, sectors);
    let overlay = overlay(&stage2, seed, sectors);
    Stages::new(&stage1(seed), &stage2, Some(&overlay)).unwrap()
}

/// An overlay of `sectors` sectors that belongs to this stage2.
pub fn overlay(stage2: &[u8], seed: u32, sectors: usize) -> Vec<u8> {
    let mut overlay = noise(seed ^ 77, sectors * SECTOR);
    let end = overlay.len() - CHECKSUM_SIZE;
    overlay[..8].copy_from_slice(&MAGIC);
    overlay[LENGTH_OFFSET..][..4].copy_from_slice(&(end as u32).to_le_bytes());
    let build = &stage2[header::BUILD_OFFSET..][..4];
    overlay[BUILD_OFFSET..][..4].copy_from_slice(build);
    let summed = [build, &overlay[..end]].concat();
    let checksum = crc32fast::hash(&summed).to_le_bytes();
    overlay[end..].copy_from_slice(&checksum);
    overlay
}

/// Where an overlay of `sectors` sectors lies.
pub fn overlay_of(sectors: usize) -> Range<usize> {
    OVERLAY.start..OVERLAY.start + sectors * SECTOR
}

/// A disk image in a directory of its own.
pub struct Image {
    directory: TempDir,
}

impl Image {
    /// `IMAGE` zero bytes.
    pub fn blank() -> Self {
        let image = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::File::create(image.path())
            .unwrap()
            .set_len(IMAGE)
            .unwrap();
        image
    }

    /// A disk as sgdisk makes it: first usable sector 34, an ESP at 2048.
    pub fn sgdisk() -> Self {
        Self::with(&[
            "--new=1:2048:+1M",
            "--typecode=1:ef00",
            "--change-name=1:EFI system",
        ])
    }

    /// A disk with a table by sgdisk and these options.
    pub fn with(options: &[&str]) -> Self {
        let image = Self::blank();
        image.run_sgdisk(options);
        image
    }

    /// A disk as sfdisk makes it: first usable sector 2048.
    pub fn sfdisk(script: &str) -> Self {
        let image = Self::blank();
        image.run_sfdisk(script);
        image
    }

    /// A disk with an MBR as sfdisk makes it, large enough that partitions begin
    /// at sector 2048.
    pub fn dos(script: &str) -> Self {
        let image = Self::blank();
        let file = fs::OpenOptions::new().write(true).open(image.path());
        file.unwrap().set_len(16 << 20).unwrap();
        image.run_sfdisk(&format!("label: dos\n{script}"));
        image
    }

    /// A disk with these files on its ESP: name and content.
    pub fn with_files(files: &[(&str, &str)]) -> Self {
        let image = Self::sfdisk("label: gpt\nstart=2048, size=4096, type=U\n");
        image.format(2048, 4096, files);
        image
    }

    /// A disk with these files on its ESP and on its XBOOTLDR partition, which
    /// begins at sector 6144.
    pub fn with_both(esp: &[(&str, &str)], xbootldr: &[(&str, &str)]) -> Self {
        let image = Self::sfdisk(
            "label: gpt\nstart=2048, size=4096, type=U\n\
             start=6144, size=1024, type=BC13C2FF-59E6-4262-A352-B275FD6F7172\n",
        );
        image.format(2048, 4096, esp);
        image.format(6144, 1024, xbootldr);
        image
    }

    /// Makes a FAT file system with these files.
    pub fn format(&self, start: usize, sectors: usize, files: &[(&str, &str)]) {
        self.format_as(SECTOR, start, sectors, files);
    }

    /// The same with sectors of `sector` bytes.
    pub fn format_as(&self, sector: usize, start: usize, sectors: usize, files: &[(&str, &str)]) {
        // It counts in the file system's sectors.
        let offset = (start * SECTOR / sector).to_string();
        let (sector, kib) = (sector.to_string(), (sectors / 2).to_string());
        let fat = ["-S", &sector, "--offset", &offset, self.name(), &kib];
        tool("dosfstools", "mkfs.vfat", &fat, "");
        let root = self.directory.path().join(start.to_string());
        fs::create_dir(&root).unwrap();
        for (name, content) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let partition = format!("{}@@{}", self.name(), start * SECTOR);
        let top = fs::read_dir(&root).unwrap();
        let top: Vec<_> = top.map(|entry| entry.unwrap().path()).collect();
        let mut copy = vec!["-s", "-i", &partition];
        copy.extend(top.iter().map(|path| path.to_str().unwrap()));
        copy.push("::");
        if !top.is_empty() {
            tool("mtools", "mcopy", &copy, "");
        }
    }

    /// Puts a file on the FAT file system that begins at sector `start`.
    pub fn add(&self, start: usize, path: &str, bytes: &[u8]) {
        let file = self.directory.path().join("file");
        fs::write(&file, bytes).unwrap();
        let partition = format!("{}@@{}", self.name(), start * SECTOR);
        let path = format!("::{path}");
        let copy = ["-o", "-i", &partition, file.to_str().unwrap(), &path];
        tool("mtools", "mcopy", &copy, "");
    }

    pub fn run_sgdisk(&self, options: &[&str]) {
        tool("gdisk", "sgdisk", &[options, &[self.name()]].concat(), "");
    }

    pub fn run_sfdisk(&self, script: &str) {
        tool("fdisk", "sfdisk", &["--quiet", self.name()], script);
    }

    /// What sgdisk finds wrong, as text: it tells by words, not by its status.
    pub fn assert_sound(&self) {
        let found = tool("gdisk", "sgdisk", &["--verify", self.name()], "");
        assert!(found.contains("No problems found"), "{found}");
        assert!(
            !found.contains("ERROR") && !found.contains("Caution: invalid"),
            "{found}"
        );
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("disk.img")
    }

    pub fn name(&self) -> &str {
        // Leaks a few bytes of a test process and spares every caller a binding.
        Box::leak(self.path().to_str().unwrap().to_owned().into_boxed_str())
    }

    pub fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    pub fn set(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).unwrap();
    }

    /// Cuts it to `size` bytes.
    pub fn cut(&self, size: u64) {
        let file = fs::File::options().write(true).open(self.path());
        file.unwrap().set_len(size).unwrap();
    }

    /// Overwrites bytes from `at` on.
    pub fn put(&self, at: usize, bytes: &[u8]) -> &Self {
        let mut all = self.bytes();
        all[at..at + bytes.len()].copy_from_slice(bytes);
        self.set(&all);
        self
    }
}

/// Asserts that two images differ in `allowed` ranges at most.
#[track_caller]
pub fn assert_same_outside(before: &[u8], after: &[u8], allowed: &[Range<usize>]) {
    assert_eq!(before.len(), after.len());
    let sectors = (0..before.len()).step_by(SECTOR).filter(|at| {
        let end = (at + SECTOR).min(before.len());
        before[*at..end] != after[*at..end]
    });
    for at in sectors.flat_map(|at| at..(at + SECTOR).min(before.len())) {
        let allowed = allowed.iter().any(|range| range.contains(&at));
        assert!(
            allowed || before[at] == after[at],
            "byte {at} changed, which is not gapboot's"
        );
    }
}

/// Where tools of the distribution are, those for root among them.
pub fn path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

/// Runs a tool of the distribution and returns what it said.
#[track_caller]
pub fn tool(package: &str, name: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(name)
        .args(arguments)
        .env("PATH", path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}; run: apt-get install {package}"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
    said
}
