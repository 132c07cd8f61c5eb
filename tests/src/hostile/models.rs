//! The good disks.

use super::case::{Case, HEALTHY, Model};
use super::surgery::Patient;
use super::ukis;
use crate::MIB;
use crate::data::{random, sha256};
use crate::gapboot::{self, type1};
use crate::images::{Disk, Fat, Partition};
use crate::kernels::probe::Kernel;
use anyhow::Result;
use std::path::Path;

/// The good disks, with gapboot on them.
pub struct Models {
    fat16: Vec<u8>,
    fat32: Vec<u8>,
    uki: Vec<u8>,
    victim: String,
    healthy: String,
}

impl Models {
    /// Makes the good disks in a directory.
    pub fn make(directory: &Path) -> Result<Self> {
        let victim = Kernel::load()?.size(100_000);
        let healthy = Kernel::load()?.size(120_000);
        let uki = ukis::image(&victim.bytes());
        let make = |bits: u8, uki: Option<&[u8]>| -> Result<Vec<u8>> {
            let entry = |name: &str| {
                let files = [format!("/{name}.bin"), format!("/{name}.img")];
                type1(name, &files[0], &[&files[1]], "root=/dev/vda2 quiet")
            };
            // The smallest possible disk of each kind.
            let size = if bits == 32 { 36 * MIB } else { 3 * MIB };
            let esp = Partition::esp(Fat::new(bits).cluster(512))
                .size(size)
                .file("loader/loader.conf", "timeout 0\n");
            let esp = match uki {
                Some(uki) => esp.file("EFI/Linux/victim.efi", uki.to_vec()),
                None => esp
                    .file("victim.bin", victim.bytes())
                    .file("victim.img", random(3, 5000))
                    .file("loader/entries/victim.conf", entry("victim")),
            };
            let esp = esp
                .file("healthy.bin", healthy.bytes())
                .file("healthy.img", random(4, 5000))
                .file("loader/entries/healthy.conf", entry("healthy"));
            let image = directory.join("model");
            Disk::new(size + 3 * MIB).partition(esp).build(&image)?;
            gapboot::install(&image)?;
            Ok(std::fs::read(image)?)
        };
        Ok(Self {
            fat16: make(16, None)?,
            fat32: make(32, None)?,
            uki: make(16, Some(&uki))?,
            victim: sha256(&victim.kernel),
            healthy: sha256(&healthy.kernel),
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
