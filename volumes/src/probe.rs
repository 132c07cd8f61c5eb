//! Which file system a device has, by its magic, with label and UUID as blkid and GRUB
//! write them.

use std::rc::Rc;

use menus::storage::Failure;

use crate::bytes::{Bytes, read};
use crate::ext::Ext;
use crate::fat::Fat;
use crate::file_system::{FileSystem, not_read_here};
use crate::iso9660::{Descriptors, Iso, is_there};

/// What is on a device.
pub struct Found {
    /// GRUB's name for the file system; `None` where GRUB has none, as for a part of LVM.
    pub name: Option<&'static str>,
    /// Its label, `""` if it has none.
    pub label: String,
    /// Its UUID, `""` if it has none.
    pub uuid: String,
    /// How it is read.
    kind: Kind,
}

enum Kind {
    Fat,
    Ext,
    Iso,
    /// Not here: what it is.
    Other(&'static str),
}

/// A file system that is only recognised.
struct Mark {
    at: u64,
    magic: &'static [u8],
    /// As a person knows it.
    called: &'static str,
    name: Option<&'static str>,
    /// Where its label lies, and the size of that.
    label: Option<(u64, usize)>,
    /// Where its UUID lies.
    uuid: Option<u64>,
}

const NO_MARK: Mark = Mark {
    at: 0,
    magic: b"",
    called: "",
    name: None,
    label: None,
    uuid: None,
};

const SWAP: &str = "swap space";

/// Those that cover a whole device come first: what lies below may be older.
const MARKS: &[Mark] = &[
    Mark {
        magic: b"LUKS\xba\xbe",
        called: "an encrypted file system (LUKS)",
        ..NO_MARK
    },
    Mark {
        at: 512,
        magic: b"LABELONE",
        called: "a part of LVM",
        ..NO_MARK
    },
    Mark {
        at: 4096,
        magic: b"\xfc\x4e\x2b\xa9",
        called: "a part of a RAID (md)",
        ..NO_MARK
    },
    Mark {
        magic: b"\xfc\x4e\x2b\xa9",
        called: "a part of a RAID (md)",
        ..NO_MARK
    },
    Mark {
        magic: b"XFSB",
        called: "XFS",
        name: Some("xfs"),
        label: Some((108, 12)),
        uuid: Some(32),
        ..NO_MARK
    },
    Mark {
        at: 0x1_0040,
        magic: b"_BHRfS_M",
        called: "btrfs",
        name: Some("btrfs"),
        label: Some((0x1_012b, 256)),
        uuid: Some(0x1_0020),
    },
    Mark {
        at: 1024,
        magic: b"\x10\x20\xf5\xf2",
        called: "F2FS",
        name: Some("f2fs"),
        uuid: Some(1024 + 0x6c),
        ..NO_MARK
    },
    Mark {
        magic: b"hsqs",
        called: "squashfs",
        name: Some("squash4"),
        ..NO_MARK
    },
    Mark {
        at: 3,
        magic: b"NTFS    ",
        called: "NTFS",
        name: Some("ntfs"),
        ..NO_MARK
    },
    Mark {
        at: 3,
        magic: b"EXFAT   ",
        called: "exFAT",
        name: Some("exfat"),
        ..NO_MARK
    },
    Mark {
        at: 4086,
        magic: b"SWAPSPACE2",
        called: SWAP,
        ..NO_MARK
    },
];

/// Offsets in ext's superblock, which begins at 1024.
const EXT_MAGIC: (u64, &[u8]) = (1024 + 0x38, b"\x53\xef");
const EXT_UUID: u64 = 1024 + 0x68;
const EXT_LABEL: (u64, usize) = (1024 + 0x78, 16);
/// F2FS's label: 512 units of UTF-16.
const F2FS_LABEL: (u64, usize) = (1024 + 0x7c, 1024);
const NTFS_SERIAL: u64 = 0x48;
const EXFAT_SERIAL: u64 = 100;

/// Looks what is on a device; `None` if that is not known.
#[must_use]
pub fn probe(bytes: &Rc<dyn Bytes>) -> Option<Found> {
    let device = &**bytes;
    if let Some(mark) = MARKS
        .iter()
        .find(|mark| starts(device, mark.at, mark.magic))
    {
        return Some(mark.found(device));
    }
    if is_there(device) {
        return Some(iso(bytes));
    }
    if starts(device, EXT_MAGIC.0, EXT_MAGIC.1) {
        return Some(Found {
            name: Some("ext2"),
            label: text(device, EXT_LABEL),
            uuid: guid(device, EXT_UUID),
            kind: Kind::Ext,
        });
    }
    let fat = Fat::open(bytes)?;
    Some(Found {
        name: Some("fat"),
        label: fat.map(|fat| fat.label()).unwrap_or_default(),
        uuid: fat_serial(device).unwrap_or_default(),
        kind: Kind::Fat,
    })
}

impl Found {
    /// Whether there are files in it, be they read here or not.
    pub(crate) fn has_files(&self) -> bool {
        !matches!(self.kind, Kind::Other(SWAP))
    }

    /// Opens it.
    pub(crate) fn open(&self, bytes: &Rc<dyn Bytes>) -> Result<Rc<dyn FileSystem>, Failure> {
        match self.kind {
            Kind::Fat => match Fat::open(bytes) {
                Some(fat) => Ok(Rc::new(fat?)),
                None => Err(Failure::Missing),
            },
            Kind::Ext => Ok(Rc::new(Ext::open(bytes)?)),
            Kind::Iso => Ok(Rc::new(Iso::open(bytes)?)),
            Kind::Other(called) => Err(not_read_here(called)),
        }
    }
}

impl Mark {
    fn found(&self, device: &dyn Bytes) -> Found {
        let label = self.label.map(|place| text(device, place));
        let uuid = self.uuid.map(|at| guid(device, at));
        let (label, uuid) = match self.name {
            Some("f2fs") => (Some(utf16(device, F2FS_LABEL)), uuid),
            Some("ntfs") => (
                label,
                serial(device, NTFS_SERIAL).map(|n| format!("{n:016X}")),
            ),
            Some("exfat") => (label, short_serial(device, EXFAT_SERIAL)),
            _ => (label, uuid),
        };
        Found {
            name: self.name,
            label: label.unwrap_or_default(),
            uuid: uuid.unwrap_or_default(),
            kind: Kind::Other(self.called),
        }
    }
}

fn iso(bytes: &Rc<dyn Bytes>) -> Found {
    let is_joliet = Iso::open(bytes).is_ok_and(|iso| !iso.has_rock_ridge());
    let descriptors = Descriptors::read(&**bytes).unwrap_or_default();
    Found {
        name: Some("iso9660"),
        label: descriptors.label(is_joliet),
        uuid: descriptors.uuid(),
        kind: Kind::Iso,
    }
}

fn starts(device: &dyn Bytes, at: u64, magic: &[u8]) -> bool {
    read(device, at, magic.len()).is_ok_and(|found| found == magic)
}

/// Text of a fixed size, up to a NUL.
fn text(device: &dyn Bytes, (at, size): (u64, usize)) -> String {
    let bytes = read(device, at, size).unwrap_or_default();
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}

fn utf16(device: &dyn Bytes, (at, size): (u64, usize)) -> String {
    let bytes = read(device, at, size).unwrap_or_default();
    let units = bytes
        .as_chunks()
        .0
        .iter()
        .map(|unit| u16::from_le_bytes(*unit));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}

/// A UUID whose bytes stand in the order of its text.
fn guid(device: &dyn Bytes, at: u64) -> String {
    let bytes = read(device, at, 16).unwrap_or_default();
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

fn serial(device: &dyn Bytes, at: u64) -> Option<u64> {
    let bytes = read(device, at, 8).ok()?;
    Some(u64::from_le_bytes(*bytes.first_chunk()?))
}

/// A serial number of 32 bits, as `ABCD-0123`.
fn short_serial(device: &dyn Bytes, at: u64) -> Option<String> {
    let bytes = read(device, at, 4).ok()?;
    match *bytes.first_chunk()? {
        [0, 0, 0, 0] => None,
        [a, b, c, d] => Some(format!("{d:02X}{c:02X}-{b:02X}{a:02X}")),
    }
}

/// FAT's serial number. A mark in front of it says that it is there. That of FAT32, which
/// has no short size of its table, lies elsewhere.
fn fat_serial(device: &dyn Bytes) -> Option<String> {
    let is_fat32 = starts(device, 22, &[0, 0]);
    let mark = if is_fat32 { 66 } else { 38_u64 };
    let found = read(device, mark, 1).ok()?;
    match found.first()? {
        0x28 | 0x29 => short_serial(device, mark.checked_add(1)?),
        _ => None,
    }
}
