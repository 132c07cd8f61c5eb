//! What an image is: its tables, where it ends, and how it boots already.

use std::io;
use std::rc::Rc;

use menus::storage::{Device, Kind, Location, Storage};
use volumes::bytes::read;
use volumes::{Bytes, Volumes};

use crate::SECTOR;
use crate::bytes::{is_zero, sectors, to_u64, to_usize};
use crate::el_torito::Catalogue;
use crate::gpt::{self, Gpt};
use crate::iso::Iso;
use crate::mbr::{Found, Mbr};

/// The programs that UEFI starts from a medium that it does not know, and for which
/// machines.
const PROGRAMS: [(&str, &str); 3] = [
    ("/EFI/BOOT/BOOTX64.EFI", "64-bit PCs"),
    ("/EFI/BOOT/BOOTIA32.EFI", "32-bit PCs"),
    ("/EFI/BOOT/BOOTAA64.EFI", "64-bit ARM"),
];

/// Why an image without a table is refused.
const FILE_SYSTEM: &str = "a file system that fills a whole disk leaves no room for an EFI system \
     partition. If it is FAT, copy the bridge into it as \\EFI\\BOOT\\BOOTX64.EFI; else move it into \
     a partition";

/// Bytes that are read at once where zeros are expected.
const BLOCK: u64 = 1 << 20;

/// What an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its size in bytes.
    pub size: u64,
    /// Its partition table.
    pub table: Table,
    /// The ISO 9660 file system that all of it is.
    pub iso: Option<Iso>,
    /// By what it boots as a CD.
    pub catalogue: Option<Catalogue>,
    /// The first byte after all that is known to be in use.
    pub end: u64,
    /// The sectors 1 to 33 are empty: there is room for a GPT.
    pub has_room_for_gpt: bool,
    /// The ways in which it starts on UEFI already: clauses.
    pub uefi: Vec<String>,
    /// Reasons why nothing can be added, and what to do: sentences without a full stop.
    pub problems: Vec<String>,
    /// A sum of its first bytes, by which it is known again.
    pub mark: u32,
}

/// The partition table of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    /// No table, and room for one in sector 0.
    Nothing(Mbr),
    /// An MBR.
    Mbr(Mbr),
    /// A GPT, and sector 0.
    Gpt(Gpt, Mbr),
    /// Something that no partition can be added to.
    Other,
}

impl Table {
    /// Sector 0, where it is a table or has room for one.
    #[must_use]
    pub fn mbr(&self) -> Option<&Mbr> {
        match self {
            Self::Nothing(mbr) | Self::Mbr(mbr) | Self::Gpt(_, mbr) => Some(mbr),
            Self::Other => None,
        }
    }
}

/// Looks at an image.
///
/// # Errors
/// It cannot be read.
pub fn look(image: &Rc<dyn Bytes>) -> io::Result<Look> {
    let bytes = &**image;
    let iso = Iso::read(bytes);
    let mut problems = Vec::new();
    let table = table(bytes, &mut problems)?;
    let catalogue = iso.as_ref().and_then(|iso| iso.catalogue);
    let catalogue = catalogue.map(|sector| Catalogue::read(bytes, sector));
    let catalogue = catalogue.transpose().unwrap_or_else(|fault| {
        problems.push(format!(
            "the catalogue by which CDs of it boot cannot be used: {fault}"
        ));
        None
    });
    let mut look = Look {
        size: bytes.size(),
        end: end(&table, iso.as_ref(), bytes),
        has_room_for_gpt: is_empty(bytes, SECTOR, 34 * SECTOR),
        mark: mark(bytes)?,
        uefi: Vec::new(),
        table,
        iso,
        catalogue,
        problems,
    };
    let volumes = Volumes::disk(image, None);
    let is_unknown = matches!(look.table, Table::Nothing(_)) && look.iso.is_none();
    if is_unknown && look.problems.is_empty() {
        let whole = volumes.properties(Device(0));
        look.problems.push(match whole.file_system {
            Some(_) => FILE_SYSTEM.to_owned(),
            None => "it has no partition table, and no ISO 9660 file system: is it the image of a \
                     disk or of a CD?"
                .to_owned(),
        });
    }
    // What else is seen by a table that is not understood means nothing.
    if look.problems.is_empty() {
        look.check_table();
        look.check_end(bytes);
    }
    look.find_uefi(&volumes);
    Ok(look)
}

/// The bytes that [`mark`] looks at.
pub(crate) const MARKED: u64 = 64 << 10;

/// A sum of the first bytes.
///
/// # Errors
/// They cannot be read.
pub(crate) fn mark(image: &dyn Bytes) -> io::Result<u32> {
    let size = image.size().min(MARKED);
    Ok(crc32fast::hash(&read(image, 0, to_usize(size))?))
}

/// Reads the partition table, and says what is wrong with it.
fn table(image: &dyn Bytes, problems: &mut Vec<String>) -> io::Result<Table> {
    if image.size() < SECTOR {
        problems.push("it is shorter than a sector: is it complete?".to_owned());
        return Ok(Table::Other);
    }
    let found = Mbr::read(sectors(image, 0, 1)?);
    let has_gpt = gpt::is_there(image);
    let mbr = match found {
        Found::Other => {
            problems.push(format!(
                "sector 0 is neither a partition table nor empty: {FILE_SYSTEM}"
            ));
            return Ok(Table::Other);
        }
        Found::Free(mbr) if has_gpt => {
            problems.push(unprotected());
            return Ok(Table::Nothing(mbr));
        }
        Found::Free(mbr) => return Ok(Table::Nothing(mbr)),
        Found::Table(mbr) => mbr,
    };
    let is_protected = mbr.protective().is_some();
    if !has_gpt && !is_protected {
        return Ok(Table::Mbr(mbr));
    }
    if !is_protected {
        problems.push(unprotected());
        return Ok(Table::Mbr(mbr));
    }
    Ok(match Gpt::read(image) {
        Ok(gpt) => Table::Gpt(gpt, mbr),
        Err(fault) => {
            problems.push(format!(
                "its GPT is damaged: {fault}. Fetch the image again, or repair the table of a copy with \
                 sgdisk"
            ));
            Table::Mbr(mbr)
        }
    })
}

fn unprotected() -> String {
    "it has a GPT that sector 0 does not protect, so two tables contradict each other: one of them \
     is left over. `wipefs IMAGE` lists both; take away the wrong one, on a copy"
        .to_owned()
}

/// The first byte after what the tables say is in use.
fn end(table: &Table, iso: Option<&Iso>, image: &dyn Bytes) -> u64 {
    let bytes = |sector: u64| sector.saturating_mul(SECTOR);
    let table = match table {
        Table::Mbr(mbr) => mbr.partitions.iter().map(|p| p.end()).max(),
        Table::Gpt(gpt, _) => {
            let partitions = gpt.partitions.iter().map(|p| p.end);
            // A backup that a shorter copy lost is not in use.
            let backup = (bytes(gpt.end()) <= image.size()).then(|| gpt.end());
            partitions.chain(backup).max()
        }
        Table::Nothing(_) | Table::Other => None,
    };
    let iso = iso.map_or(0, |iso| iso.size);
    bytes(table.unwrap_or_default()).max(iso).max(SECTOR)
}

/// True if there are only zeros.
fn is_empty(image: &dyn Bytes, from: u64, to: u64) -> bool {
    first_used(image, from, to).is_none() && to <= image.size()
}

/// The first block of bytes that are not all zero.
fn first_used(image: &dyn Bytes, from: u64, to: u64) -> Option<u64> {
    let to = to.min(image.size());
    let mut at = from;
    while at < to {
        let count = to.saturating_sub(at).min(BLOCK);
        match read(image, at, to_usize(count)) {
            Ok(block) if is_zero(&block) => {}
            Ok(block) => {
                let place = block.iter().position(|byte| *byte != 0).unwrap_or(0);
                return Some(at.saturating_add(to_u64(place)));
            }
            Err(_) => return Some(at),
        }
        at = at.saturating_add(count);
    }
    None
}

impl Look {
    /// Whether the partitions fit the image and each other.
    fn check_table(&mut self) {
        let mut places: Vec<(usize, u64, u64)> = match &self.table {
            Table::Mbr(mbr) => {
                let partitions = mbr.partitions.iter();
                partitions.map(|p| (p.number, p.first, p.end())).collect()
            }
            Table::Gpt(gpt, _) => {
                let partitions = gpt.partitions.iter();
                partitions.map(|p| (p.number, p.first, p.end)).collect()
            }
            Table::Nothing(_) | Table::Other => Vec::new(),
        };
        for (number, _, end) in &places {
            if end.saturating_mul(SECTOR) > self.size.next_multiple_of(SECTOR) {
                self.problems.push(format!(
                    "partition {number} ends after the end of the image: is it complete?"
                ));
            }
        }
        // In a hybrid image the partition that is the image has the others in it.
        places.retain(|(_, first, _)| *first > 1);
        places.sort_by_key(|(_, first, _)| *first);
        for pair in places.windows(2) {
            if let [(one, _, end), (other, first, _)] = pair
                && first < end
            {
                self.problems.push(format!(
                    "the partition table contradicts itself: partitions {one} and {other} overlap. \
                     `sfdisk -d IMAGE` shows them; mend the table first"
                ));
            }
        }
        if let Some(iso) = &self.iso
            && iso.size > self.size
        {
            self.problems.push(
                "its ISO 9660 file system ends after the end of the image: is it complete?"
                    .to_owned(),
            );
        }
    }

    /// Whether nothing is after the end.
    fn check_end(&mut self, image: &dyn Bytes) {
        if let Some(at) = first_used(image, self.end, self.size) {
            self.problems.push(format!(
                "something unknown lies after its last partition, from byte {at} on, and nothing \
                 says whose it is: give it a partition, or take it away from a copy \
                 (`truncate --size={} COPY`)",
                self.end
            ));
        }
    }

    /// How it starts on UEFI already.
    fn find_uefi(&mut self, volumes: &Volumes) {
        if self.catalogue.as_ref().is_some_and(Catalogue::has_uefi) {
            let text = "its catalogue for CDs (El Torito) has an entry for UEFI";
            self.uefi.push(text.to_owned());
        }
        for device in volumes.devices() {
            if volumes.properties(device).file_system.as_deref() != Some("fat") {
                continue;
            }
            for (path, machines) in PROGRAMS {
                let at = Location::new(device, path);
                let kind = at.map(|at| volumes.kind(&at));
                if matches!(kind, Some(Ok(Kind::File { .. }))) {
                    let called = volumes.called(device);
                    let path = path.replace('/', "\\");
                    self.uefi
                        .push(format!("{called} has {path}, for {machines}"));
                }
            }
        }
        let esp = match &self.table {
            Table::Mbr(mbr) => {
                let mut partitions = mbr.partitions.iter();
                partitions.find(|p| p.is_esp()).map(|p| p.number)
            }
            Table::Gpt(gpt, _) => {
                let mut partitions = gpt.partitions.iter();
                partitions.find(|p| p.is_esp).map(|p| p.number)
            }
            Table::Nothing(_) | Table::Other => None,
        };
        if let (Some(number), true) = (esp, self.uefi.is_empty()) {
            self.problems.push(format!(
                "partition {number} is an EFI system partition already, without \
                 \\EFI\\BOOT\\BOOTX64.EFI: put a loader for UEFI there, as `bootctl install` or \
                 `grub-install` do it"
            ));
        }
    }

    /// True if a BIOS boots it as a disk or stick.
    #[must_use]
    pub fn boots_as_disk(&self) -> bool {
        self.table.mbr().is_some_and(Mbr::has_boot_code)
    }

    /// True if a BIOS boots it as a CD.
    #[must_use]
    pub fn boots_as_cd(&self) -> bool {
        self.catalogue.as_ref().is_some_and(Catalogue::has_bios)
    }
}
