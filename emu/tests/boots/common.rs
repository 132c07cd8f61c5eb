//! Disks, kernels and boots for the tests.

use boot::Error;
use boot::disk::gpt;
use boot::disk::partition::Partitions;
use boot::disk::storage::{Caches, Storage};
use boot::fat::Volume;
use boot::handoff::Handoff;
use boot::load::bzimage::SetupHeader;
use boot::load::{Extent, Loader, Pass};
use boot::overlay::Overlay;
use emu::console::Terminal;
use emu::disk::{Access, FileDisk};
use emu::memory::ModelMemory;
use fuzz::kernel::{HEADER_END, put};
use std::path::PathBuf;
use std::process::Command;

pub(crate) use fuzz::cpio::archive;
pub(crate) use fuzz::kernel::header;

fn run(program: &str, package: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("MTOOLS_SKIP_CHECK", "1")
        .env("LC_ALL", "C.UTF-8")
        .args(arguments)
        .output()
        .unwrap_or_else(|_| panic!("{program} is missing: apt-get install {package}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {error}");
}

/// An image with an ESP from 1 MiB on.
pub(crate) struct TestDisk {
    directory: tempfile::TempDir,
}

impl TestDisk {
    /// A FAT32 ESP with clusters of 4 KiB.
    pub(crate) fn fat32() -> Self {
        Self::new(300, "32", "8")
    }

    /// A FAT16 ESP with clusters of one sector.
    pub(crate) fn fat16() -> Self {
        Self::new(30, "16", "1")
    }

    fn new(mib: u64, width: &str, cluster: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let disk = Self { directory };
        let image = disk.image();
        let file = std::fs::File::create(&image).unwrap();
        file.set_len((mib + 2) << 20).unwrap();
        let image = image.to_str().unwrap();
        let table = format!("label: gpt\\nstart=2048, size={}, type=U\\n", mib * 2048);
        run(
            "sh",
            "fdisk",
            &["-c", &format!("printf '{table}' | sfdisk -q {image}")],
        );
        let kib = (mib * 1024).to_string();
        let options = ["-F", width, "-s", cluster, "--offset", "2048", image, &kib];
        run("mkfs.vfat", "dosfstools", &options);
        disk
    }

    pub(crate) fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    fn mtools(&self, program: &str, arguments: &[&str]) {
        let image = format!("{}@@1M", self.image().display());
        run(program, "mtools", &[&["-i", &image], arguments].concat());
    }

    pub(crate) fn add(&self, name: &str, bytes: &[u8]) {
        let file = self.directory.path().join("file");
        std::fs::write(&file, bytes).unwrap();
        self.mtools(
            "mcopy",
            &["-o", file.to_str().unwrap(), &format!("::{name}")],
        );
    }

    /// Adds files to a directory that exists, all at once.
    pub(crate) fn add_all(&self, to: &str, files: &[(String, String)]) {
        let directory = tempfile::tempdir().unwrap();
        let mut names = vec!["-o".to_owned()];
        for (name, text) in files {
            let file = directory.path().join(name);
            std::fs::write(&file, text).unwrap();
            names.push(file.to_str().unwrap().to_owned());
        }
        let to = format!("::{to}");
        names.push(to);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.mtools("mcopy", &names);
    }

    pub(crate) fn add_directory(&self, name: &str) {
        self.mtools("mmd", &[&format!("::{name}")]);
    }

    /// Files with their directories.
    pub(crate) fn add_tree(&self, files: &[(&str, &[u8])]) {
        let tree = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        for entry in std::fs::read_dir(tree.path()).unwrap() {
            let path = entry.unwrap().path();
            self.mtools("mcopy", &["-s", "-o", path.to_str().unwrap(), "::"]);
        }
    }

    pub(crate) fn remove(&self, name: &str) {
        self.mtools("mdel", &[&format!("::{name}")]);
    }
}

/// Bytes that repeat nowhere.
pub(crate) fn random(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A kernel with this header, if `end` is where that ends.
pub(crate) fn kernel_with(header: &SetupHeader, end: usize, payload: usize) -> Vec<u8> {
    let setup_sects = if header.setup_sects == 0 {
        4
    } else {
        header.setup_sects
    };
    let mut kernel = random((usize::from(setup_sects) + 1) * 512 + payload, 1);
    put(header, end, &mut kernel);
    kernel
}

pub(crate) fn kernel(setup_sects: u8, payload: usize) -> Vec<u8> {
    kernel_with(&header(setup_sects, payload), HEADER_END, payload)
}

/// A PE file for x86-64 with these sections. Its section table begins at 0x188.
pub(crate) fn pe(sections: &[(&str, &[u8])]) -> Vec<u8> {
    fuzz::pe::image(fuzz::pe::AMD64, sections)
}

/// A kernel or an initrd of a test: all of a file or a piece of it (offset and size), or bytes.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    All(&'a str),
    Section(&'a str, u32, u32),
    Bytes(&'a [u8]),
}

/// The file that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Culprit {
    /// The kernel, or the image as a whole.
    Kernel,
    /// The initrd with this index.
    Initrd(usize),
}

/// The result of a boot.
pub(crate) struct Boot {
    pub(crate) result: Result<Handoff, (Error, Culprit)>,
    /// The requests to prepare and load, after the files were found: first
    /// sector and count.
    pub(crate) reads: Vec<(u64, u32)>,
}

/// Where the bytes of an initrd come from.
enum Source<'a> {
    File(Extent),
    Memory(&'a [u8]),
}

/// The initrds as they are checked, and as they are loaded.
struct Initrds<'a> {
    checked: Vec<Source<'a>>,
    loaded: Vec<Source<'a>>,
}

/// The steps of a boot, in their order.
fn load(
    loader: &mut Loader<FileDisk, ModelMemory, Terminal>,
    kernel: &Extent,
    initrds: &Initrds,
    command_line: &[u8],
) -> Result<(), (Error, Culprit)> {
    let all = |loader: &mut Loader<FileDisk, ModelMemory, Terminal>, pass| {
        let initrds = match pass {
            Pass::Check => &initrds.checked,
            Pass::Load => &initrds.loaded,
        };
        initrds.iter().enumerate().try_for_each(|(index, source)| {
            let result = match source {
                Source::File(part) => loader.initrd(part, pass),
                Source::Memory(bytes) => loader.initrd_bytes(bytes, pass),
            };
            result.map_err(|error| (error, Culprit::Initrd(index)))
        })
    };
    let kernel_is_bad = |error| (error, Culprit::Kernel);
    all(loader, Pass::Check)?;
    loader
        .prepare(kernel, command_line)
        .map_err(kernel_is_bad)?;
    loader.load(kernel, command_line).map_err(kernel_is_bad)?;
    all(loader, Pass::Load)?;
    loader.end(Ok(())).map_err(kernel_is_bad)
}

pub(crate) fn boot(
    disk: &TestDisk,
    memory: &mut ModelMemory,
    kernel: Piece,
    initrds: &[Piece],
    command_line: &str,
) -> Boot {
    boot_changed(disk, memory, kernel, [initrds; 2], command_line)
}

/// Boots with other initrds than were checked.
pub(crate) fn boot_changed(
    disk: &TestDisk,
    memory: &mut ModelMemory,
    kernel: Piece,
    [checked, loaded]: [&[Piece]; 2],
    command_line: &str,
) -> Boot {
    let mut disk = FileDisk::open(&disk.image(), false).unwrap();
    let (mut blocks, mut table) = (vec![0; 0x8000], vec![0; 0x8000]);
    let mut storage = Storage::new(
        &mut disk,
        Caches {
            blocks: &mut blocks,
            table: &mut table,
        },
    );
    let mut found = Partitions::default();
    gpt::find(&mut storage, Some(Overlay::linked()), &mut found).unwrap();
    let esp = found.esp.unwrap();
    let volume = Volume::open(&mut storage, &esp).unwrap();
    let mut source = |piece| match piece {
        Piece::Bytes(bytes) => Source::Memory(bytes),
        Piece::All(name) => Source::File(Extent::whole(
            volume.find(&mut storage, name.as_bytes()).unwrap(),
        )),
        Piece::Section(name, offset, size) => {
            let node = volume.find(&mut storage, name.as_bytes()).unwrap();
            Source::File(Extent { node, offset, size })
        }
    };
    let Source::File(kernel) = source(kernel) else {
        panic!("kernels come from files")
    };
    let initrds = Initrds {
        checked: checked.iter().map(|&piece| source(piece)).collect(),
        loaded: loaded.iter().map(|&piece| source(piece)).collect(),
    };
    disk.accesses.clear();

    let mut storage = Storage::new(
        &mut disk,
        Caches {
            blocks: &mut blocks,
            table: &mut table,
        },
    );
    let mut console = Terminal::default();
    let overlay = const { Overlay::linked() };
    let mut loader = Loader::new(&mut storage, memory, &mut console, &volume, Some(overlay));
    let result = load(&mut loader, &kernel, &initrds, command_line.as_bytes());
    let result = result.map(|()| loader.handoff);
    let reads = disk.accesses.iter().map(|access| match access {
        Access::Read(at, count) => (*at, *count),
        Access::Write(at) => panic!("sector {at} was written"),
    });
    Boot {
        result,
        reads: reads.collect(),
    }
}
