//! A disk without a sound partition table: what it holds, and what helps.
//!
//! Tools that make or mend a table write where a file system may lie. So the disk is
//! looked at first, and only a blank disk is said to need a new table.

use boot::disk::gpt::SIGNATURE;

use super::gpt_table::{Fault, table};
use super::mbr;
use crate::disk::contents::{self, Contents, Kind};
use crate::disk::device::LARGE_SECTORS;
use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::number::sector_bytes;

/// Explains why there is no primary GPT to work with, and names what helps.
pub(super) fn explain(disk: &dyn Sectors, fault: &Fault) -> Error {
    if let Some(found) = contents::of(disk) {
        return Error::failed(occupied(found));
    }
    if disk::read(disk, 8, 1).is_ok_and(|sector| sector.starts_with(&SIGNATURE)) {
        return Error::failed(format!(
            "its GPT is for sectors of 4096 bytes, {LARGE_SECTORS}"
        ));
    }
    if contents::is_blank(disk) {
        return Error::failed(
            "it has no partition table: gapboot needs a GPT, or an MBR, with an EFI system partition \
             that begins at sector 2048 or after it. The disk is blank: make them \
             (`sgdisk --new=1:2048:0 --typecode=1:ef00 DISK`), and a FAT file system in the partition",
        );
    }
    let last = disk.sectors().saturating_sub(1);
    match (backup(disk), fault) {
        (Some(at), _) if at == last && protects(disk) => Error::failed(format!(
            "the primary GPT is damaged ({fault}), and the backup at the disk's end is whole: \
             `sgdisk -e DISK` restores the primary GPT from it"
        )),
        (Some(at), _) if at == last => Error::failed(format!(
            "there is a backup GPT at the disk's end, but no primary GPT ({fault}) and no \
             protective entry in sector 0: has something else been written to this disk since \
             then? `gdisk -l DISK` shows the backup's partitions"
        )),
        // Tools look for it at the end only, and make an empty table where it is not.
        (Some(at), _) => Error::failed(format!(
            "the primary GPT is damaged ({fault}), and the backup is in sector {at}, before the \
             disk's end, where tools do not find it: work on a copy that ends with sector {at} \
             ({} bytes)",
            sector_bytes(at.saturating_add(1))
        )),
        (None, Fault::Damaged(_) | Fault::Unreadable(_)) => Error::failed(format!(
            "the GPT is damaged ({fault}), and there is no backup at the disk's end: copy the disk \
             before anything is repaired, and check that the image is complete"
        )),
        (None, Fault::Missing) if protects(disk) => Error::failed(
            "it has no partition table any more: sector 0 protects a GPT, and both of its headers \
             are gone; restore the disk from a copy",
        ),
        (None, Fault::Missing) => Error::failed(
            "it has no partition table, and it is not blank: is it the right disk? (`wipefs DISK` \
             lists what is known of its contents)",
        ),
    }
}

/// What a disk is used for that has no room for a loader.
fn occupied(found: Contents) -> String {
    let name = found.name;
    match found.kind {
        Kind::Wrapping => format!(
            "it has no partition table: it holds {name}, not the plain image of a disk. Unpack or \
             convert the image, and write the result to a disk"
        ),
        Kind::FileSystem => format!(
            "it has no partition table: {name} fills the whole disk, and leaves no room for a \
             loader. Name a disk with partitions, or move the files to one"
        ),
    }
}

/// The sector of a whole backup GPT: at the disk's end, or where the disk ended when
/// its table was made.
fn backup(disk: &dyn Sectors) -> Option<u64> {
    let last = disk.sectors().saturating_sub(1);
    let places = [Some(last), named(disk), mbr::protected_end(disk)];
    let mut places = places.into_iter().flatten().filter(|&at| at > 1);
    places.find(|&at| table(disk, at).is_ok())
}

/// The backup's place by the primary header, even if that is damaged.
fn named(disk: &dyn Sectors) -> Option<u64> {
    const ALTERNATE_LBA: usize = 32;
    let sector = disk::read(disk, 1, 1).ok()?;
    let (at, _) = sector.get(ALTERNATE_LBA..)?.split_first_chunk()?;
    let at = u64::from_le_bytes(*at);
    (sector.starts_with(&SIGNATURE) && at < disk.sectors()).then_some(at)
}

/// True if sector 0 has the entry that protects a GPT.
fn protects(disk: &dyn Sectors) -> bool {
    disk::read(disk, 0, 1).is_ok_and(|sector| mbr::unprotected(&sector).is_none())
}
