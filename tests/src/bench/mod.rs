//! The benchmark: the cost of loading a kernel and an initrd from the disk into memory,
//! for gapboot, for other loaders, and for a loop that only reads.
//!
//! `./x bench` prints a table; `docs/performance.md` says how to read it. Times
//! depend on the machine that runs the benchmark. Requests and bytes do not, so tests
//! put bounds on them.

mod counter;
mod floor;
mod trace;

pub use counter::Counter;
use trace::Request;

use crate::data::random;
use crate::images::{Fat, SECTOR, Volume};
use crate::kernels::probe::{Kernel, Report};
use crate::loaders::{grub, syslinux};
use crate::machines::qemu::{Bus, Machine};
use crate::scenario::Scenario;
use crate::{MIB, gapboot};
use anyhow::{Result, ensure};
use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// The loader that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// A boot sector that only reads the same sectors.
    Floor,
    /// The loader under test.
    Gapboot,
    /// gapboot, with a `loader.conf` that tells it not to wait for a key.
    GapbootAtOnce,
    /// GRUB of Debian.
    Grub,
    /// SYSLINUX of Debian.
    Syslinux,
}

/// The places on the disk of the loaded files, in runs of sectors.
#[derive(Clone, Debug)]
pub struct Files {
    /// The kernel.
    pub kernel: Vec<Range<u64>>,
    /// The initrd.
    pub initrd: Vec<Range<u64>>,
}

/// The cost of loading.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Requests to the disk, from the BIOS's first on.
    pub requests: usize,
    /// Bytes that they read.
    pub bytes: u64,
    /// Seconds from the first request to the last.
    pub seconds: f64,
    /// Requests before the first one that reads from the kernel.
    pub before_kernel: usize,
    /// Sectors of kernel and initrd that were read more than once.
    pub read_twice: usize,
    /// Sectors of kernel and initrd that were never read.
    pub unread: usize,
}

impl Loader {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Floor,
        Self::GapbootAtOnce,
        Self::Gapboot,
        Self::Syslinux,
        Self::Grub,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Gapboot => "gapboot",
            Self::GapbootAtOnce => "gapboot, no wait",
            Self::Grub => "GRUB",
            Self::Syslinux => "SYSLINUX",
        }
    }

    /// Puts the loader onto an image that [`disk`] made.
    pub fn install(self, image: &Path, files: &Files) -> Result<()> {
        let (kernel, initrd) = (format!("/{KERNEL}"), format!("/{INITRD}"));
        match self {
            Self::Floor => floor::install(image, &files.all()),
            Self::Gapboot => gapboot::install(image),
            Self::GapbootAtOnce => {
                gapboot::install(image)?;
                let volume = Volume::open(image, 1)?;
                volume.write("loader/loader.conf", "timeout menu-disabled\n")
            }
            Self::Grub => grub::install(
                image,
                &format!("linux (hd0,gpt1){kernel} {OPTIONS}\ninitrd (hd0,gpt1){initrd}\nboot\n"),
            ),
            Self::Syslinux => syslinux::install(
                image,
                &format!(
                    "DEFAULT a\nLABEL a\nKERNEL {kernel}\nINITRD {initrd}\nAPPEND {OPTIONS}\n"
                ),
            ),
        }
    }

    /// Boots the image, and returns the cost.
    pub fn measure(self, machine: Machine, files: &Files) -> Result<Figures> {
        let status = match self {
            Self::Floor => floor::STATUS,
            _ => Report::STATUS,
        };
        Ok(files.figures(&trace::requests(machine, status)?))
    }
}

const KERNEL: &str = "probe/kernel";
const INITRD: &str = "probe/initrd-0.img";
const OPTIONS: &str = "root=/dev/vda2 quiet";

/// A disk with a kernel of 12 MB and an initrd of 64 MiB, each in one piece, on
/// a FAT32 ESP with clusters of 4 KiB. No loader is on it.
pub fn disk(image: &Path, kernel: Kernel) -> Result<Files> {
    let scenario = Scenario {
        kernel: kernel.setup_sectors(39).size(12_000_000),
        initrds: vec![random(1, (64 * MIB) as usize)],
        options: OPTIONS.to_owned(),
        fat: Fat::new(32),
        run: None,
        size: 300 * MIB,
    };
    scenario.build(image)?;
    Files::find(image, &scenario)
}

impl Files {
    /// The kernel and the first initrd of a scenario, on the image made of it.
    pub fn find(image: &Path, scenario: &Scenario) -> Result<Self> {
        let volume = Volume::open(image, 1)?;
        let initrd = match scenario.initrds.first() {
            Some(bytes) => volume.runs(INITRD, bytes.len() as u64)?,
            None => Vec::new(),
        };
        let kernel = scenario.kernel.bytes().len() as u64;
        Ok(Self {
            kernel: volume.runs(KERNEL, kernel)?,
            initrd,
        })
    }

    /// The runs of both.
    pub fn all(&self) -> Vec<Range<u64>> {
        [self.kernel.as_slice(), &self.initrd].concat()
    }

    fn figures(&self, requests: &[Request]) -> Figures {
        let mut reads: HashMap<u64, u32> = HashMap::new();
        for sector in requests.iter().flat_map(|it| it.sectors.clone()) {
            *reads.entry(sector).or_default() += 1;
        }
        let reads_of = |sector: &u64| reads.get(sector).copied().unwrap_or(0);
        let count = |holds: fn(u32) -> bool| {
            let sectors = self.all().into_iter().flatten();
            sectors.filter(|sector| holds(reads_of(sector))).count()
        };
        let is_of_kernel = |request: &&Request| {
            let sectors = &request.sectors;
            let mut runs = self.kernel.iter();
            runs.any(|run| run.start < sectors.end && sectors.start < run.end)
        };
        let ends = requests.first().zip(requests.last());
        Figures {
            requests: requests.len(),
            bytes: reads.values().map(|&reads| u64::from(reads)).sum::<u64>() * SECTOR,
            seconds: ends.map_or(0.0, |(first, last)| last.seconds - first.seconds),
            before_kernel: requests
                .iter()
                .take_while(|request| !is_of_kernel(request))
                .count(),
            read_twice: count(|reads| reads > 1),
            unread: count(|reads| reads == 0),
        }
    }
}

/// The number of runs of each loader; the fastest run counts.
const ROUNDS: usize = 5;

/// The most instructions for unpacking stage2, and for all other code except the copy.
const MOST_UNPACKING: u64 = 16_000_000;
const MOST_ELSE: u64 = 10_000_000;

/// Measures all loaders on both buses, and prints the table.
pub fn run(probe: &Path, counter: &Counter) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let original = directory.path().join("disk.img");
    let files = disk(&original, Kernel::read(probe)?)?;
    let image = |loader: Loader| directory.path().join(format!("{loader:?}.img"));
    for loader in Loader::ALL {
        fs::copy(&original, image(loader))?;
        loader.install(&image(loader), &files)?;
    }
    println!("A kernel of 12 MB and an initrd of 64 MiB; the fastest of {ROUNDS} rounds.");
    println!("In parentheses: times the floor.\n");
    println!("| disk | loader | requests | bytes | seconds | before the kernel | read twice |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for (bus, name) in [(Bus::Ahci, "AHCI"), (Bus::Virtio, "virtio-blk")] {
        // All loaders in turn, so that other work of the host affects them equally.
        let mut best = [None::<Figures>; Loader::ALL.len()];
        for _ in 0..ROUNDS {
            for (loader, best) in Loader::ALL.into_iter().zip(&mut best) {
                // The time that the host takes to clear memory is not the loader's.
                let machine = Machine::new(&image(loader)).bus(bus);
                let machine = machine.arguments(&["-mem-prealloc"]);
                let figures = loader.measure(machine, &files)?;
                if best.is_none_or(|best| figures.seconds < best.seconds) {
                    *best = Some(figures);
                }
            }
        }
        let [Some(floor), ..] = best else { continue };
        for (loader, figures) in Loader::ALL.into_iter().zip(best.iter().flatten()) {
            println!("| {name} | {} | {} |", loader.name(), figures.row(&floor));
        }
    }
    println!("\nInstructions of gapboot, without the BIOS's:\n");
    for (name, count) in counter.count(Machine::new(&image(Loader::GapbootAtOnce)))? {
        println!("* {name}: {count}");
        let most = match name {
            "unpacking" => MOST_UNPACKING,
            "all else" => MOST_ELSE,
            _ => continue,
        };
        ensure!(count <= most, "{name} costs more than {most} instructions");
    }
    Ok(())
}

impl Figures {
    /// The cells of a table, each with its ratio to the floor's number.
    fn row(&self, floor: &Self) -> String {
        format!(
            "{} ({:.3}) | {} ({:.3}) | {:.3} ({:.2}) | {} | {}",
            self.requests,
            self.requests as f64 / floor.requests as f64,
            self.bytes,
            self.bytes as f64 / floor.bytes as f64,
            self.seconds,
            self.seconds / floor.seconds,
            self.before_kernel,
            self.read_twice,
        )
    }
}
