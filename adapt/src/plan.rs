//! All changes of an image, in an order that survives an interruption.
//!
//! The partition lies after the end of the image and comes first. The tables follow, each
//! sector of them whole and of use without the next: at every moment a BIOS boots the
//! image as before, and sector 0, which a BIOS reads first, changes last.

use crate::change::Change;
use crate::el_torito;
use crate::gpt::{self, Gpt};
use crate::look::{Look, Table};
use crate::mbr::{self, Mbr};
use crate::{MIB, SECTOR};

use boot::disk::mbr::{ESP, PROTECTIVE};

/// What is asked for besides the partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The image of a CD gets a GPT beside its MBR.
    pub gpt: bool,
}

/// Where the partition goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it begins, in bytes.
    pub start: u64,
    /// Its size in bytes.
    pub size: u64,
    /// The size of the image then.
    pub total: u64,
}

/// The changes of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where the partition goes.
    pub place: Place,
    /// In the order in which they are to be written, each synced before the next.
    pub changes: Vec<Change>,
    /// What should be known: sentences without a full stop.
    pub notes: Vec<String>,
}

impl Place {
    /// The place of a partition of `size` bytes: at the next mebibyte after the image.
    ///
    /// # Errors
    /// Nothing can be added to the image: sentences without a full stop.
    pub fn of(look: &Look, size: u64, wishes: Wishes) -> Result<Self, Vec<String>> {
        if !look.uefi.is_empty() {
            return Err(vec![format!(
                "it starts on UEFI already: {}. Nothing has to be changed",
                look.uefi.join("; ")
            )]);
        }
        if !look.problems.is_empty() {
            return Err(look.problems.clone());
        }
        let start = look.size.max(look.end).checked_next_multiple_of(MIB);
        let backup = match &look.table {
            Table::Gpt(gpt, _) => gpt.backup_sectors(),
            _ if wishes.gpt => Gpt::new([0; 16]).backup_sectors(),
            _ => 0,
        };
        let total = start
            .and_then(|start| start.checked_add(size))
            .and_then(|end| end.checked_add(backup.saturating_mul(SECTOR)))
            .and_then(|end| end.checked_next_multiple_of(MIB));
        let (Some(start), Some(total)) = (start, total) else {
            return Err(vec!["it is too large".to_owned()]);
        };
        Ok(Self { start, size, total })
    }

    /// The first sector, and the number of sectors.
    fn sectors(&self) -> (u64, u64) {
        (self.start / SECTOR, self.size / SECTOR)
    }
}

impl Plan {
    /// Whether a partition of `size` bytes can be added.
    ///
    /// # Errors
    /// It cannot: sentences without a full stop.
    pub fn check(look: &Look, size: u64, wishes: Wishes) -> Result<(), Vec<String>> {
        let place = Place::of(look, size, wishes)?;
        let (catalogue, mut tables) = Tables::of(look, &place, wishes)?.in_order(look);
        tables.extend(catalogue);
        disjoint(&tables)
    }

    /// Plans the changes that add a partition. `content` is the file system in it, which
    /// [`crate::esp::make`] makes.
    ///
    /// # Errors
    /// Those of [`Place::of`], or a table has no room: sentences without a full stop.
    pub fn new(look: &Look, content: Vec<u8>, wishes: Wishes) -> Result<Self, Vec<String>> {
        let size = crate::bytes::to_u64(content.len());
        let place = Place::of(look, size, wishes)?;
        let mut changes = vec![Change {
            what: "an EFI system partition with the bridge",
            lba: place.start / SECTOR,
            bytes: content,
            is_new: true,
        }];
        let (catalogue, tables) = Tables::of(look, &place, wishes)?.in_order(look);
        // The backup is new, and on the medium before anything refers to it.
        let (new, old): (Vec<_>, Vec<_>) = tables.into_iter().partition(|change| change.is_new);
        changes.extend(new);
        changes.extend(catalogue);
        changes.extend(old);
        disjoint(&changes)?;
        Ok(Self {
            notes: notes(look, &place),
            place,
            changes,
        })
    }
}

/// Whether the changes touch each other, as those of a hostile image may.
fn disjoint(changes: &[Change]) -> Result<(), Vec<String>> {
    let mut places: Vec<_> = changes.iter().map(|c| (c.at(), c.end())).collect();
    places.sort_unstable();
    let mut pairs = places.windows(2);
    let is_apart = pairs.all(|pair| matches!(pair, [(_, end), (start, _)] if end <= start));
    match is_apart {
        true => Ok(()),
        false => Err(vec![
            "its tables lie one over another: is it the image of a disk or of a CD?".to_owned(),
        ]),
    }
}

/// What the tables become.
struct Tables {
    catalogue: Option<Change>,
    /// The backup, and the primary table.
    gpt: Option<[gpt::Copy; 2]>,
    sector: Vec<u8>,
}

impl Tables {
    fn of(look: &Look, place: &Place, wishes: Wishes) -> Result<Self, Vec<String>> {
        let (first, count) = place.sectors();
        let total = place.total / SECTOR;
        let one = |problem: &str| vec![problem.to_owned()];
        let catalogue = look.catalogue.as_ref().map(|catalogue| {
            let section = catalogue.with_uefi(place.start, place.size);
            section.map_err(|fault| {
                one(&format!(
                    "the catalogue by which CDs of it boot cannot be changed: {fault}"
                ))
            })
        });
        let (gpt, mbr) = match &look.table {
            Table::Other => return Err(one("it has no table that a partition can be added to")),
            Table::Gpt(gpt, mbr) => {
                let copies = gpt.with_esp(first, count, total);
                let copies = copies.ok_or_else(|| {
                    one("its GPT has no free entry: remove a partition, on a copy")
                })?;
                (Some(copies), enlarged(mbr, total))
            }
            Table::Mbr(mbr) | Table::Nothing(mbr) => match wishes.gpt {
                true => with_gpt(look, mbr, place)?,
                false => (None, with_esp(mbr, place)?),
            },
        };
        Ok(Self {
            catalogue: catalogue.transpose()?,
            gpt,
            sector: mbr.sector,
        })
    }

    /// The change of the catalogue, and those of the tables.
    fn in_order(self, look: &Look) -> (Option<Change>, Vec<Change>) {
        let mut changes = Vec::new();
        let change = |what, lba, bytes, is_new| Change {
            what,
            lba,
            bytes,
            is_new,
        };
        if let Some([backup, primary]) = self.gpt {
            let (array, header) = (backup.array_lba, backup.lba);
            changes.extend([
                change("the backup GPT's entries", array, backup.array, true),
                change("the backup GPT's header", header, backup.header, true),
            ]);
            let (array, header) = (primary.array_lba, primary.lba);
            changes.extend([
                change("the GPT's entries", array, primary.array, false),
                change("the GPT's header", header, primary.header, false),
            ]);
        }
        let before = look.table.mbr().map(|mbr| &mbr.sector);
        if before != Some(&self.sector) {
            changes.push(change("the table in sector 0", 0, self.sector, false));
        }
        (self.catalogue, changes)
    }
}

/// Sector 0 with a record of the partition.
fn with_esp(mbr: &Mbr, place: &Place) -> Result<Mbr, Vec<String>> {
    let (first, count) = place.sectors();
    let Some(slot) = mbr.free.first() else {
        return Err(vec![
            "its partition table has no free place: all four are in use. Remove a partition, on a \
             copy"
                .to_owned(),
        ]);
    };
    if !mbr::fits(first, count) {
        return Err(vec![
            "it ends beyond 2 TiB, which an MBR cannot name: use a GPT".to_owned(),
        ]);
    }
    Ok(mbr.with(*slot, ESP, first, count))
}

/// Sector 0 of a disk with a GPT that has a new end: the record that protects the GPT
/// reaches up to it, if it is the only one.
fn enlarged(mbr: &Mbr, total: u64) -> Mbr {
    match mbr.partitions.as_slice() {
        [only] if only.first == 1 && only.sectors != u32::MAX.into() => {
            mbr.resized(only.number, total.saturating_sub(1))
        }
        _ => mbr.clone(),
    }
}

/// A new GPT with the partition, and sector 0 with a record that protects it, and one of
/// the partition if there is room.
fn with_gpt(
    look: &Look,
    mbr: &Mbr,
    place: &Place,
) -> Result<(Option<[gpt::Copy; 2]>, Mbr), Vec<String>> {
    let one = |problem: &str| vec![problem.to_owned()];
    if look.iso.is_none() {
        return Err(one(
            "--gpt is for images of CDs: on a disk with an MBR, Linux would see the partitions of \
             the GPT in place of those of the MBR",
        ));
    }
    let is_low = |p: &mbr::Partition| p.first > 1 && p.first < 34;
    if !look.has_room_for_gpt || mbr.partitions.iter().any(is_low) {
        return Err(one(
            "there is no room for a GPT: the sectors 1 to 33 are in use. Leave --gpt out",
        ));
    }
    let Some(slot) = mbr.free.last().copied() else {
        return Err(one(
            "its partition table has no free place for the entry that protects a GPT: leave --gpt \
             out",
        ));
    };
    let (first, count) = place.sectors();
    let disk = gpt::guid(&[&look.mark.to_le_bytes(), &place.total.to_le_bytes()]);
    let copies = Gpt::new(disk).with_esp(first, count, place.total / SECTOR);
    let protected = mbr.with(slot, PROTECTIVE, 1, 33);
    let sector = match protected.free.is_empty() {
        true => protected,
        false => with_esp(&protected, place)?,
    };
    Ok((copies, sector))
}

fn notes(look: &Look, place: &Place) -> Vec<String> {
    let mut notes = vec![
        "checksums and signatures of the whole image do not match any more".to_owned(),
        "a machine with Secure Boot refuses it, unless you sign \\EFI\\BOOT\\BOOTX64.EFI in it"
            .to_owned(),
    ];
    if look.iso.as_ref().is_some_and(|iso| iso.has_checksum) {
        notes.push(
            "the checksum in its ISO 9660 file system does not match any more (`checkisomd5`, \
             and media checks at the start)"
                .to_owned(),
        );
    }
    match &look.catalogue {
        Some(_) if place.size > el_torito::LONGEST => notes.push(format!(
            "firmware may see only the first 32 MiB of the partition, of {}, when it starts \
             the image as a CD or stick",
            place.size / MIB
        )),
        Some(_) => {}
        None if look.iso.is_some() => notes.push(
            "it has no catalogue for CDs (El Torito), so it starts as a disk or stick only"
                .to_owned(),
        ),
        None => {}
    }
    notes
}
