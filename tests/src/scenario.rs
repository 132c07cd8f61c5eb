//! Makes a disk with a probe kernel, initrds and a command line, boots it, and checks the
//! result.

use crate::MIB;
use crate::gapboot::{self, type1};
use crate::images::{Content, Disk, Fat, Partition};
use crate::kernels::probe::{Kernel, Report};
use crate::kernels::protocol;
use crate::machines::rig::Rig;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// The contents of a disk.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The kernel.
    pub kernel: Kernel,
    /// The initrds, in the order of the entry's lines.
    pub initrds: Vec<Vec<u8>>,
    /// The command line.
    pub options: String,
    /// The file system of the ESP.
    pub fat: Fat,
    /// Clusters in one piece, if kernel and initrds are to be fragmented.
    pub run: Option<u64>,
    /// Size of the disk in bytes.
    pub size: u64,
}

impl Scenario {
    /// The probe as it is, no initrd, on a FAT32 ESP.
    pub fn new() -> Result<Self> {
        Ok(Self {
            kernel: Kernel::load()?,
            initrds: Vec::new(),
            options: "root=/dev/vda2 quiet".to_owned(),
            fat: Fat::new(32),
            run: None,
            size: 300 * MIB,
        })
    }

    /// The same on a disk that takes little time to make.
    pub fn small() -> Result<Self> {
        Ok(Self {
            fat: Fat::new(16).cluster(2048),
            size: 24 * MIB,
            ..Self::new()?
        })
    }

    /// Sets the kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// Adds an initrd.
    #[must_use]
    pub fn initrd(mut self, bytes: Vec<u8>) -> Self {
        self.initrds.push(bytes);
        self
    }

    /// The ESP with everything on it.
    pub fn partition(&self) -> Partition {
        let names: Vec<String> = (0..self.initrds.len())
            .map(|n| format!("/probe/initrd-{n}.img"))
            .collect();
        let references: Vec<&str> = names.iter().map(String::as_str).collect();
        let entry = type1("Probe", "/probe/kernel", &references, &self.options);
        let mut esp = Partition::esp(self.fat.clone()).file("loader/entries/probe.conf", entry);
        esp = self.add(esp, "probe/kernel", self.kernel.bytes());
        for (name, bytes) in names.iter().zip(&self.initrds) {
            esp = self.add(esp, name.trim_start_matches('/'), bytes.clone());
        }
        esp
    }

    fn add(&self, esp: Partition, path: &str, content: impl Into<Content>) -> Partition {
        match self.run {
            Some(run) => esp.fragmented_file(path, content, run),
            None => esp.file(path, content),
        }
    }

    /// Makes the disk at `path`, without a boot loader.
    pub fn build(&self, path: &Path) -> Result<()> {
        Disk::new(self.size).partition(self.partition()).build(path)
    }

    /// Makes the disk in `directory` and installs gapboot on it.
    pub fn install(&self, directory: &Path) -> Result<PathBuf> {
        let image = directory.join("disk.img");
        self.build(&image)?;
        gapboot::install(&image)?;
        Ok(image)
    }

    /// The bytes of all initrds together in memory: each is padded to four bytes.
    pub fn memory_of_initrds(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for initrd in &self.initrds {
            all.resize(all.len().next_multiple_of(4), 0);
            all.extend(initrd);
        }
        all
    }

    /// Boots the machine, and fails unless the kernel was started as the boot
    /// protocol demands with every byte in place.
    pub fn boot(&self, machine: &impl Rig) -> Result<Report> {
        let report = boot(machine)?;
        let violations = protocol::violations(
            &report,
            &self.kernel,
            &self.memory_of_initrds(),
            &self.options,
        );
        ensure!(
            violations.is_empty(),
            "{machine:?}:\n{}",
            violations.join("\n")
        );
        Ok(report)
    }

    /// Fails unless the emulator's handoff matches the kernel's report.
    pub fn emulate(&self, image: &Path, memory: u32, report: &Report) -> Result<()> {
        let handoff = gapboot::handoff(image, memory)?;
        let differences = gapboot::differences(&handoff, report);
        ensure!(
            differences.is_empty(),
            "{memory} MiB:\n{}",
            differences.join("\n")
        );
        ensure!(
            handoff.id == "probe.conf",
            "the emulator chose {}",
            handoff.id
        );
        Ok(())
    }
}

/// Boots a machine to the probe's report.
pub fn boot(machine: &impl Rig) -> Result<Report> {
    let outcome = machine.run()?;
    let said = || {
        let screen = outcome
            .screen
            .as_ref()
            .map(|screen| screen.text())
            .unwrap_or_default();
        format!(
            "{machine:?} ended with {:?}\nserial line:\n{}\nscreen:\n{screen}",
            outcome.exit, outcome.serial
        )
    };
    Report::parse(&outcome.serial).with_context(said)
}
