//! `chain.c32`: another boot loader, in a sector or in a file.
//!
//! Source: Syslinux's document `chain.txt`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::context::Context;
use super::words::words;
use crate::menu::{Boots, Chain};
use crate::reading::{Notes, shown};
use crate::search;
use crate::storage::{Device, Partition};

/// Options that name a file to start.
const FILES: &[&str] = &[
    "file", "isolinux", "ntldr", "cmldr", "reactos", "freedos", "pcdos", "msdos", "msdos7", "drmk",
    "grub", "grldr", "bss", "bs",
];
/// Options that change how the sector is handed over, and nothing on the disk.
const OF_THE_HANDOVER: &[&str] = &[
    "seg", "sect", "nosect", "maps", "nomaps", "setbpb", "filebpb", "hand", "hptr", "keeppxe",
    "warn", "strict", "relax", "gpthcrc", "gptlcrc", "prefmbr",
];

/// What is named so far.
enum Disk<'a> {
    /// The disk of the menu.
    Own,
    /// The partition of the menu.
    OwnPartition,
    Numbered(&'a str),
    Signature(&'a str),
    Guid(&'a str),
    Label(&'a str),
}

pub(super) fn boots(context: &Context, arguments: &str, notes: &mut Notes) -> Boots {
    let (mut disk, mut partition, mut file) = (Disk::Own, None, None);
    let mut left_out: Vec<String> = Vec::new();
    for word in words(arguments) {
        let (key, value) = word.split_once(['=', ':']).unwrap_or((word, ""));
        let (name, number) = word.split_once(',').unwrap_or((word, ""));
        match key {
            "mbr" => disk = Disk::Signature(value),
            "guid" | "uuid" => disk = Disk::Guid(value),
            "label" => disk = Disk::Label(value),
            "fs" => disk = Disk::OwnPartition,
            "break" => return Boots::Nothing("it changes the disk and boots nothing".into()),
            key if FILES.contains(&key) => file = Some(value),
            key if OF_THE_HANDOVER.contains(&key) => {}
            _ if name == "boot" => (disk, partition) = (Disk::Own, number.parse().ok()),
            _ if is_disk(name) => (disk, partition) = (Disk::Numbered(name), number.parse().ok()),
            _ => match word.parse::<u32>() {
                Ok(number) => partition = Some(number),
                Err(_) => left_out.push(shown(word)),
            },
        }
    }
    if !left_out.is_empty() {
        notes.add(format!("of chain.c32 is left out: {}", left_out.join(" ")));
    }
    if let Some(file) = file {
        return match context.file(file) {
            Ok(file) => Boots::Chain(Chain::File(file)),
            Err(reason) => Boots::Nothing(reason),
        };
    }
    sector(context, &disk, partition.filter(|&number| number != 0))
}

fn is_disk(name: &str) -> bool {
    let number = name.strip_prefix("hd").or(name.strip_prefix("fd"));
    number.is_some_and(|number| number.parse::<u8>().is_ok())
}

fn sector(context: &Context, disk: &Disk, partition: Option<u32>) -> Boots {
    let own = context.config.folder.device;
    let named = |disk: &str| match partition {
        Some(number) => context.sector(&format!("{disk},{number}")),
        None => context.sector(disk),
    };
    match *disk {
        Disk::OwnPartition => Boots::Chain(Chain::Sector(own)),
        Disk::Numbered(disk) => named(disk),
        Disk::Own => match context.storage.properties(own).disk {
            Some(disk) => named(&format!("hd{disk}")),
            None => Boots::Nothing("the disk of the menu is not known".into()),
        },
        Disk::Guid(uuid) => by_partition(context, |known| {
            !uuid.is_empty() && known.uuid.eq_ignore_ascii_case(uuid)
        }),
        Disk::Label(label) => {
            by_partition(context, |known| !label.is_empty() && known.label == label)
        }
        Disk::Signature(signature) => by_signature(context, signature, partition),
    }
}

fn by_partition(context: &Context, fits: impl Fn(&Partition) -> bool) -> Boots {
    let partition = |device: &Device| context.storage.properties(*device).partition;
    let mut devices = context.storage.devices().into_iter();
    match devices.find(|device| partition(device).is_some_and(|known| fits(&known))) {
        Some(device) => Boots::Chain(Chain::Sector(device)),
        None => Boots::Nothing("there is no such partition among the disks".into()),
    }
}

/// A disk by the signature of its MBR, which the UUIDs of its partitions begin with.
fn by_signature(context: &Context, signature: &str, partition: Option<u32>) -> Boots {
    let digits = signature.trim_start_matches("0x");
    let Ok(signature) = u32::from_str_radix(digits, 16) else {
        return Boots::Nothing(format!("{} is no signature of a disk", shown(digits)));
    };
    let prefix = format!("{signature:08x}-");
    let disk = context.storage.devices().into_iter().find_map(|device| {
        let properties = context.storage.properties(device);
        let uuid = properties.partition?.uuid.to_ascii_lowercase();
        uuid.starts_with(&prefix).then_some(properties.disk)
    });
    let Some(Some(disk)) = disk else {
        return Boots::Nothing(format!(
            "there is no disk with the signature {signature:08x}"
        ));
    };
    let name = match partition {
        Some(number) => format!("hd{disk},{number}"),
        None => format!("hd{disk}"),
    };
    match search::by_name(context.storage, &name) {
        Some(device) => Boots::Chain(Chain::Sector(device)),
        None => Boots::Nothing(format!("there is no {name} among the disks")),
    }
}
