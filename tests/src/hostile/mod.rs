//! Hostile disks: one good disk, and many that differ from it in one thing.
//!
//! The good disk has two entries with a kernel and an initrd each. `victim.conf`
//! comes first and boots when nothing is wrong, on one disk `victim.efi` does;
//! `healthy.conf` is its neighbour.
//! A [`Case`] breaks one thing, and says what must come of it: which entry boots,
//! if any, and what a person is told.

mod directories;
mod files;
mod gpt;
mod kernels;
mod mbr;
mod surgery;
mod ukis;
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
/// The same where it is a unified kernel image.
pub const IMAGE: &str = "victim.efi";
/// See [`VICTIM`].
pub const HEALTHY: &str = "healthy.conf";

/// A good disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// With a FAT16 file system.
    Fat16,
    /// With FAT32.
    Fat32,
    /// With FAT16, and a unified kernel image for the victim.
    Uki,
}

/// One broken disk.
pub struct Case {
    /// What is wrong with it.
    pub name: &'static str,
    /// The disk that is broken.
    pub model: Model,
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
            model: Model::Fat16,
            act,
            boots: None,
            says: &[],
        }
    }

    const fn fat32(mut self) -> Self {
        self.model = Model::Fat32;
        self
    }

    const fn uki(mut self) -> Self {
        self.model = Model::Uki;
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
pub fn groups() -> [(&'static str, Vec<Case>); 7] {
    [
        ("partition tables", gpt::cases()),
        ("MBR partition tables", mbr::cases()),
        ("file systems", volumes::cases()),
        ("directories and names", directories::cases()),
        ("files", files::cases()),
        ("kernels", kernels::cases()),
        ("unified kernel images", ukis::cases()),
    ]
}

/// The good disks, with gapboot on them.
pub struct Models {
    fat16: Vec<u8>,
    fat32: Vec<u8>,
    uki: Vec<u8>,
    victim: String,
    healthy: String,
}

impl Models {
    /// Makes them in a directory.
    pub fn make(directory: &Path) -> Result<Self> {
        let victim = Kernel::load()?.size(100_000);
        let healthy = Kernel::load()?.size(120_000);
        let uki = ukis::image(&victim.bytes());
        let make = |bits: u8, uki: Option<&[u8]>| -> Result<Vec<u8>> {
            let entry = |name: &str| {
                let files = [format!("/{name}.bin"), format!("/{name}.img")];
                type1(name, &files[0], &[&files[1]], "root=/dev/vda2 quiet")
            };
            // As small as each of them can be.
            let size = if bits == 32 { 36 * MIB } else { 3 * MIB };
            let mut esp = Partition::esp(Fat::new(bits).cluster(512))
                .size(size)
                .file("loader/loader.conf", "timeout 0\n")
                .file("healthy.bin", healthy.bytes())
                .file("healthy.img", random(4, 5000))
                .file("loader/entries/healthy.conf", entry("healthy"));
            esp = match uki {
                Some(uki) => esp.file("EFI/Linux/victim.efi", uki.to_vec()),
                None => esp
                    .file("victim.bin", victim.bytes())
                    .file("victim.img", random(3, 5000))
                    .file("loader/entries/victim.conf", entry("victim")),
            };
            let image = directory.join("model");
            Disk::new(size + 3 * MIB).partition(esp).build(&image)?;
            gapboot::install(&image)?;
            Ok(std::fs::read(image)?)
        };
        Ok(Self {
            fat16: make(16, None)?,
            fat32: make(32, None)?,
            uki: make(16, Some(&uki))?,
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
    pub fn patient(&self, model: Model) -> Patient {
        let bytes = match model {
            Model::Fat16 => &self.fat16,
            Model::Fat32 => &self.fat32,
            Model::Uki => &self.uki,
        };
        Patient::new(bytes.clone())
    }

    /// The disk of a case.
    pub fn broken(&self, case: &Case) -> Vec<u8> {
        let mut patient = self.patient(case.model);
        (case.act)(&mut patient);
        patient.bytes
    }
}
