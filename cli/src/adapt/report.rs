//! All that is known of an image, for a person and in JSON.

use std::io::{self, Write};
use std::path::Path;

use adapt::change::Change;
use adapt::look::{Look, Table};
use adapt::plan::Plan;
use menus::storage::{Device, Storage};
use serde::Serialize;
use volumes::Volumes;

use super::menus::{Offer, Offered};
use crate::disk::foreign;
use crate::number::to_u64;
use crate::printable::printable;

/// What `--inspect` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The image's size in bytes.
    pub size: u64,
    /// `gpt`, `mbr` or `none`.
    pub table: &'static str,
    /// The number of partitions.
    pub partitions: usize,
    /// The ISO 9660 file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso9660: Option<FileSystem>,
    /// How it boots on a BIOS.
    pub bios: Bios,
    /// The ways in which it starts on UEFI.
    pub uefi: Vec<String>,
    /// What the bridge calls the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The entries of its menus.
    pub entries: Vec<Offered>,
    /// What would be written, in this order.
    pub changes: Vec<Described>,
    /// The size that it would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_size: Option<u64>,
    /// Why nothing would be written.
    pub refused: Vec<String>,
    /// What should be known.
    pub notes: Vec<String>,
}

/// A file system.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSystem {
    /// Its label.
    pub label: String,
    /// Its UUID.
    pub uuid: String,
    /// Its size in bytes.
    pub size: u64,
}

/// How an image boots on a BIOS.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bios {
    /// Whose boot code sector 0 has, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<&'static str>,
    /// As a CD.
    pub cd: bool,
}

/// A change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Described {
    /// What it is.
    pub what: &'static str,
    /// Where it begins, in bytes.
    pub at: u64,
    /// Its bytes.
    pub size: u64,
}

impl Described {
    fn of(change: &Change) -> Self {
        Self {
            what: change.what,
            at: change.at(),
            size: to_u64(change.bytes.len()),
        }
    }
}

/// All changes of a plan.
pub fn described(plan: &Plan) -> Vec<Described> {
    plan.changes.iter().map(Described::of).collect()
}

impl Report {
    /// What is known without a plan.
    pub fn of(look: &Look, offer: Option<&Offer>, volumes: &Volumes) -> Self {
        let (table, partitions) = match &look.table {
            Table::Gpt(gpt, _) => ("gpt", gpt.partitions.len()),
            Table::Mbr(mbr) => ("mbr", mbr.partitions.len()),
            Table::Nothing(_) | Table::Other => ("none", 0),
        };
        let properties = volumes.properties(Device(0));
        let iso9660 = look.iso.as_ref().map(|iso| FileSystem {
            label: properties.label.unwrap_or_default(),
            uuid: properties.uuid.unwrap_or_default(),
            size: iso.size,
        });
        let code = look.table.mbr().filter(|_| look.boots_as_disk());
        Self {
            size: look.size,
            table,
            partitions,
            iso9660,
            bios: Bios {
                disk: code.map(|mbr| boot_code(mbr.boot_code())),
                cd: look.boots_as_cd(),
            },
            uefi: look.uefi.clone(),
            device: offer.and_then(|offer| offer.device.clone()),
            entries: offer.map(|offer| offer.entries.clone()).unwrap_or_default(),
            changes: Vec::new(),
            new_size: None,
            refused: Vec::new(),
            notes: offer.map(|offer| offer.notes.clone()).unwrap_or_default(),
        }
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, image: &Path, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}: {} bytes", image.display(), self.size)?;
        let mut row =
            |name: &str, value: String| writeln!(out, "  {name:<10}{}", printable(&value));
        let count = match self.partitions {
            1 => "1 partition".to_owned(),
            count => format!("{count} partitions"),
        };
        row(
            "table",
            match self.table {
                "gpt" => format!("GPT, {count}"),
                "mbr" => format!("MBR, {count}"),
                _ => "none".to_owned(),
            },
        )?;
        if let Some(iso) = &self.iso9660 {
            let FileSystem { label, uuid, size } = iso;
            row("ISO 9660", format!("{label:?}, UUID {uuid}, {size} bytes"))?;
        }
        let disk = self
            .bios
            .disk
            .map(|code| format!("as a disk (boot code: {code})"));
        let cd = self.bios.cd.then(|| "as a CD".to_owned());
        row("BIOS", listed(disk.into_iter().chain(cd)))?;
        row("UEFI", listed(self.uefi.iter().cloned()))?;
        for entry in &self.entries {
            let mark = if entry.is_default { " (default)" } else { "" };
            row("entry", format!("{}{mark}: {}", entry.id, entry.menu))?;
            if let Some(problem) = &entry.problem {
                row("", format!("not started by the bridge: {problem}"))?;
            }
        }
        if let Some(device) = &self.device {
            row("found by", device.clone())?;
        }
        for change in &self.changes {
            row(
                "writes",
                format!("bytes {} to {}: {}", change.at, change.last(), change.what),
            )?;
        }
        if let Some(size) = self.new_size {
            row("new size", format!("{size} bytes"))?;
        }
        for reason in &self.refused {
            row("refused", reason.clone())?;
        }
        self.notes
            .iter()
            .try_for_each(|note| row("note", note.clone()))
    }
}

impl Described {
    /// The last byte that is written.
    pub fn last(&self) -> u64 {
        self.at.saturating_add(self.size).saturating_sub(1)
    }
}

/// Several things in one line.
fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    match parts.is_empty() {
        true => "no".to_owned(),
        false => parts.join("; "),
    }
}

/// Marks in the boot code of hybrid images of CDs.
const HYBRIDS: [(&str, &[u8]); 2] = [
    ("ISOLINUX", b"isolinux.bin missing or corrupt"),
    ("GRUB", b"GRUB "),
];

/// Whose boot code it is.
fn boot_code(code: &[u8]) -> &'static str {
    let has = |mark: &[u8]| code.windows(mark.len()).any(|part| part == mark);
    let hybrid = HYBRIDS.iter().find(|(_, mark)| has(mark));
    hybrid.map_or_else(|| foreign::boot_code(code), |(name, _)| name)
}
