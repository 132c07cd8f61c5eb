//! `gapboot status --report`: what a report about a machine needs. It has no serial numbers
//! and no identifiers: whoever reports can show it to everybody.

use std::fs;
use std::io::Write;
use std::path::Path;

use layout::disk::SECTOR;
use layout::node::DEVICE_PART_UUID;

use super::outlook::Outlook;
use crate::disk::Sectors;
use crate::error::Error;
use crate::install::status::Status;
use crate::printable::printable;
use crate::system::{System, confinement};
use crate::table;

/// The length of a machine's id, machine-id(5).
const DIGITS: usize = 32;
/// The length of a UUID as text, and the places of its hyphens.
const UUID: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Writes the report on `disk`, whose file is `path`, and on the machine.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(
    system: &System,
    path: &Path,
    disk: &dyn Sectors,
    status: &Status,
    outlook: &Outlook,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut rows = machine(system);
    rows.extend(hardware(system, path));
    let size = disk.sectors();
    rows.push(row("size", format!("{size} sectors of {SECTOR} bytes")));
    match table::read(disk) {
        Ok(table) => {
            let kind = if table.gpt.is_some() { "GPT" } else { "MBR" };
            rows.push(row("table", kind.to_owned()));
            for place in table.places.partitions {
                let sectors = format!("{}-{}, {:?}", place.first, place.last, place.kind);
                rows.push(row(&place.owner, sectors));
            }
        }
        Err(error) => rows.push(row("table", error.to_string())),
    }
    rows.push(row("loader", status.sentence()));
    rows.push(row("overlay", status.overlay.to_owned()));
    if let Some(console) = &status.console {
        rows.push(row("console", console.clone()));
    }
    for foreign in &status.foreign {
        let what = format!("{} in sector {}", foreign.owner, foreign.sector);
        rows.push(row("foreign", what));
    }
    let lines = outlook.lines().into_iter();
    rows.extend(lines.map(|line| row("outlook", line)));
    rows.extend(said(system));
    for (name, value) in rows {
        let value = printable(&without_ids(&value)).to_string();
        writeln!(out, "{name:<20}{value}")?;
    }
    Ok(())
}

fn row(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

/// The program, the system that it runs in, and the firmware that started that.
fn machine(system: &System) -> Vec<(String, String)> {
    let text = |path: &str| {
        let text = fs::read_to_string(system.path(path)).unwrap_or_default();
        text.trim().to_owned()
    };
    let dmi = |names: &[&str]| {
        let texts = names
            .iter()
            .map(|name| text(&format!("/sys/class/dmi/id/{name}")));
        let texts: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
        match texts.is_empty() {
            true => "not known".to_owned(),
            false => texts.join(", "),
        }
    };
    let firmware = if system.is_uefi() { "UEFI" } else { "BIOS" };
    let bios = dmi(&["bios_vendor", "bios_version", "bios_date"]);
    let mut rows = vec![
        row("gapboot", env!("CARGO_PKG_VERSION").to_owned()),
        row("linux", text("/proc/sys/kernel/osrelease")),
        row("machine", dmi(&["sys_vendor", "product_name"])),
        row("board", dmi(&["board_vendor", "board_name"])),
        row("firmware", format!("{firmware}: {bios}")),
    ];
    if let Ok(Some(place)) = confinement(system) {
        rows.push(row("note", format!("this is {place}")));
    }
    rows
}

/// How the disk is attached, if it is a device of this machine.
fn hardware(system: &System, path: &Path) -> Vec<(String, String)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let entry = system.path("/sys/class/block").join(&*name);
    let Ok(place) = fs::canonicalize(&entry) else {
        return vec![row("disk", "an image file".to_owned())];
    };
    let place = place.to_string_lossy().into_owned();
    let kinds = ["usb", "nvme", "ata", "virtio", "mmc", "scsi"];
    let kind = kinds.into_iter().find(|kind| place.contains(kind));
    let text = |file: &str| {
        let text = fs::read_to_string(entry.join(file)).unwrap_or_default();
        text.trim().to_owned()
    };
    let logical = text("queue/logical_block_size");
    vec![
        row("disk", kind.unwrap_or("another kind").to_owned()),
        row("model", text("device/model")),
        row("block size", logical),
    ]
}

/// What the loader told this system.
fn said(system: &System) -> Vec<(String, String)> {
    match system.node() {
        Ok(Some(node)) => {
            let lines = node.lines();
            let lines = lines.filter(|(name, _)| *name != DEVICE_PART_UUID);
            lines
                .map(|(name, value)| row(name, value.to_owned()))
                .collect()
        }
        Ok(None) => vec![row("said", "gapboot did not start this system".to_owned())],
        Err(error) => vec![row("said", error.to_string())],
    }
}

/// The text without a machine's id and without UUIDs, which are in the names of entries.
fn without_ids(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let size = match id_size(rest) {
            Some(size) => {
                clean.push_str("(id)");
                size
            }
            None => {
                clean.push(letter);
                letter.len_utf8()
            }
        };
        rest = rest.get(size..).unwrap_or_default();
    }
    clean
}

/// The bytes of the identifier that the text begins with: 32 hexadecimal digits, or a UUID.
fn id_size(text: &str) -> Option<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    let bytes = text.as_bytes();
    if bytes.get(..DIGITS)?.iter().all(is_digit) {
        return Some(DIGITS);
    }
    let uuid = bytes.get(..UUID)?;
    let is_in_uuid = |(at, byte): (usize, &u8)| match HYPHENS.contains(&at) {
        true => *byte == b'-',
        false => is_digit(byte),
    };
    uuid.iter().enumerate().all(is_in_uuid).then_some(UUID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_left_out() {
        for (text, clean) in [
            (
                "boots 0123456789abcdef0123456789abcdef-6.1.conf",
                "boots (id)-6.1.conf",
            ),
            (
                "root=PARTUUID=6b25fc6a-0b2a-4b6c-9a0d-5e4cb2b1f0d1 ro",
                "root=PARTUUID=(id) ro",
            ),
            ("debian-6.12+2-1.conf", "debian-6.12+2-1.conf"),
            ("", ""),
        ] {
            assert_eq!(without_ids(text), clean);
        }
    }
}
