//! Counts the instructions of a boot, by a plugin for QEMU.

use crate::kernels::probe::Report;
use crate::machines::qemu::{Exit, Machine};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::ops::Range;
use std::path::PathBuf;

/// The plugin (`tests/counter`), and the addresses of the instructions that it counts.
#[derive(Clone, Debug)]
pub struct Counter {
    /// The plugin's file.
    pub plugin: PathBuf,
    /// Names and addresses. An instruction counts for the first range that it
    /// lies in; ranges of one name count together.
    pub ranges: Vec<(&'static str, Range<u32>)>,
}

impl Counter {
    /// Boots the image, and returns the number of instructions that the guest executed in
    /// the ranges of each name.
    pub fn count(&self, machine: Machine) -> Result<Vec<(&'static str, u64)>> {
        let files = tempfile::tempdir()?;
        let out = files.path().join("counts");
        let mut plugin = format!("file={},out={}", self.plugin.display(), out.display());
        for (index, (_, range)) in self.ranges.iter().enumerate() {
            plugin += &format!(",{index}={:x}-{:x}", range.start, range.end);
        }
        let outcome = machine.arguments(&["-plugin", &plugin]).run()?;
        ensure!(
            outcome.exit == Exit::Status(Report::STATUS),
            "the machine ended with {:?}",
            outcome.exit
        );
        let counts = fs::read_to_string(out).context("the plugin has counted nothing")?;
        let mut totals: Vec<(&str, u64)> = Vec::new();
        for ((name, _), line) in self.ranges.iter().zip(counts.lines()) {
            let (_, count) = line.split_once(' ').context("the plugin's output")?;
            let count: u64 = count.parse()?;
            match totals.iter_mut().find(|(other, _)| other == name) {
                Some((_, total)) => *total += count,
                None => totals.push((name, count)),
            }
        }
        Ok(totals)
    }
}
