//! Hostile disks: one good disk, and many that differ from it in one thing.
//!
//! The good disk has two entries with a kernel and an initrd each. `victim.conf`
//! comes first and boots when nothing is wrong; `healthy.conf` is its neighbour.
//! A [`Case`] breaks one thing, and says what must come of it: which entry boots,
//! if any, and what a person is told.

mod directories;
mod files;
mod gpt;
mod kernels;
mod surgery;
mod volumes;

pub use surgery::Patient;

use crate::MIB;
use crate::gapboot::{self, type1};
use crate::image::{Disk, Fat, Partition};
use crate::initramfs::random;
use crate::probe::Kernel;
use anyhow::Result;
use std::path::Path;

/// The entry that is broken, and the one beside it.
pub const VICTIM: &str = "victim.conf";
/// See [`VICTIM`].
pub const HEALTHY: &str = "healthy.conf";

/// One broken disk.
pub struct Case {
    /// What is wrong with it.
    pub name: &'static str,
    /// The file system that it has: FAT16 or FAT32.
    pub fat: u8,
    /// Breaks it.
    pub act: fn(&mut Patient),
    /// The entry that boots all the same.
    pub boots: Option<&'static str>,
    /// What one of the messages says, all of it.
    pub says: &'static [&'static str],
}

impl Case {
    const fn new(name: &'static str, act: fn(&mut Patient)) -> Self {
        Self {
            name,
            fat: 16,
            act,
            boots: None,
            says: &[],
        }
    }

    const fn fat32(mut self) -> Self {
        self.fat = 32;
        self
    }

    /// It boots as if nothing were wrong.
    const fn boots(mut self) -> Self {
        self.boots = Some(VICTIM);
        self
    }

    /// It boots under another name.
    const fn boots_as(mut self, id: &'static str) -> Self {
        self.boots = Some(id);
        self
    }

    /// The victim is lost, its neighbour boots.
    const fn costs_itself(mut self) -> Self {
        self.boots = Some(HEALTHY);
        self
    }

    const fn says(mut self, parts: &'static [&'static str]) -> Self {
        self.says = parts;
        self
    }
}

/// All cases, group by group.
pub fn groups() -> [(&'static str, Vec<Case>); 5] {
    [
        ("partition tables", gpt::cases()),
        ("file systems", volumes::cases()),
        ("directories and names", directories::cases()),
        ("files", files::cases()),
        ("kernels", kernels::cases()),
    ]
}

/// The good disks, with gapboot on them.
pub struct Models {
    fat16: Vec<u8>,
    fat32: Vec<u8>,
    victim: String,
    healthy: String,
}

impl Models {
    /// Makes them in a directory.
    pub fn make(directory: &Path) -> Result<Self> {
        let victim = Kernel::load()?.size(100_000);
        let healthy = Kernel::load()?.size(120_000);
        let make = |bits: u8| -> Result<Vec<u8>> {
            let entry = |name: &str| {
                let files = [format!("/{name}.bin"), format!("/{name}.img")];
                type1(name, &files[0], &[&files[1]], "root=/dev/vda2 quiet")
            };
            // As small as each of them can be.
            let size = if bits == 32 { 36 * MIB } else { 3 * MIB };
            let esp = Partition::esp(Fat::new(bits).cluster(512))
                .size(size)
                .file("loader/loader.conf", "timeout 0\n")
                .file("victim.bin", victim.bytes())
                .file("victim.img", random(3, 5000))
                .file("healthy.bin", healthy.bytes())
                .file("healthy.img", random(4, 5000))
                .file("loader/entries/victim.conf", entry("victim"))
                .file("loader/entries/healthy.conf", entry("healthy"));
            let image = directory.join(format!("model-{bits}"));
            Disk::new(size + 3 * MIB).partition(esp).build(&image)?;
            gapboot::install(&image)?;
            Ok(std::fs::read(image)?)
        };
        Ok(Self {
            fat16: make(16)?,
            fat32: make(32)?,
            victim: crate::sha256(&victim.kernel),
            healthy: crate::sha256(&healthy.kernel),
        })
    }

    /// The checksum of an entry's kernel in memory.
    pub fn kernel(&self, id: &str) -> &str {
        if id == HEALTHY {
            &self.healthy
        } else {
            &self.victim
        }
    }

    /// A good disk.
    pub fn patient(&self, fat: u8) -> Patient {
        let bytes = if fat == 32 { &self.fat32 } else { &self.fat16 };
        Patient::new(bytes.clone())
    }

    /// The disk of a case.
    pub fn broken(&self, case: &Case) -> Vec<u8> {
        let mut patient = self.patient(case.fat);
        (case.act)(&mut patient);
        patient.bytes
    }
}
