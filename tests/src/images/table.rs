//! The partitions of an image, as sfdisk sees them.

use crate::tool::{command, run};
use anyhow::{Context, Result};
use std::path::Path;

/// Bytes of a sector.
pub const SECTOR: u64 = 512;

/// A partition of an image, in sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionRange {
    /// Its number in the table, from 1 on.
    pub number: u32,
    /// The first sector.
    pub start: u64,
    /// The number of sectors.
    pub sectors: u64,
}

/// The partitions of an image, as sfdisk sees them.
pub fn partitions(image: &Path) -> Result<Vec<PartitionRange>> {
    let printed = run(command("sfdisk").arg("--json").arg(image))?;
    let table: serde_json::Value = serde_json::from_str(&printed)?;
    let list = table["partitiontable"]["partitions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let prefix = image.to_string_lossy().into_owned();
    list.iter()
        .map(|entry| {
            // "IMAGEp3", or "IMAGE3" if the name does not end in a digit
            let node = entry["node"].as_str().unwrap_or_default();
            let number = node
                .trim_start_matches(&prefix)
                .trim_start_matches('p')
                .parse()?;
            let field = |name: &str| {
                entry[name]
                    .as_u64()
                    .context("sfdisk's table lacks a number")
            };
            Ok(PartitionRange {
                number,
                start: field("start")?,
                sectors: field("size")?,
            })
        })
        .collect()
}
