//! The undo file: the data that an installation overwrote, to restore it later.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | magic, `gapundo1`; the digit is the format's version |
//! | 8 | 4 | CRC-32 (IEEE 802.3) of all bytes after this field |
//! | 12 | 4 | number of sectors |
//! | 16 | 8 | sectors of the disk |
//! | 24 | 16 | the disk's GUID, or the signature of its MBR and zeros |
//! | 40 | | for each sector its LBA (8), its former bytes (512), the written bytes (512) |
//!
//! Numbers are little-endian. A sector is restored if it still holds the written
//! bytes, is still gapboot's, or is empty. Data that others have written since then
//! stays, and so do a partition table that has changed and the sectors of a partition
//! that was made there.

use std::fs;
use std::io;
use std::path::Path;

use boot::disk::gpt::{Header, SIGNATURE};
use layout::disk::{OVERLAY_LBA, OVERLAY_SECTORS, SECTOR, STAGE1_CODE, STAGE2_LBA, STAGE2_SECTORS};
use zerocopy::FromBytes;

use super::stages::{INCOMPLETE, Stage2};
use super::survey::{Code, Gap, Survey, is_zero};
use super::write::Write;
use crate::disk::{self, Sectors};
use crate::error::{self, Error};
use crate::number::{to_u32, to_usize};
use crate::output_file::create_new;

const MAGIC: &[u8; 8] = b"gapundo1";
const HEADER: usize = 40;
const RECORD: usize = 8 + 2 * SECTOR;
/// The place of the MBR's disk signature.
const MBR_SIGNATURE: std::ops::Range<usize> = 440..444;

/// A sector that an installation changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    at: u64,
    before: Vec<u8>,
    after: Vec<u8>,
}

/// The changes of an installation on one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    sectors: u64,
    disk: [u8; 16],
    changes: Vec<Change>,
}

impl Undo {
    /// The changes that `writes` will make on `disk`.
    pub fn of(disk: &dyn Sectors, writes: &[Write]) -> Result<Self, Error> {
        let mut changes: Vec<Change> = Vec::new();
        for write in writes {
            for (at, bytes) in (write.at..).zip(write.bytes.chunks(SECTOR)) {
                let known = changes.iter().position(|change| change.at == at);
                let index = known.unwrap_or(changes.len());
                if known.is_none() {
                    let before = disk::read(disk, at, 1)?;
                    let after = before.clone();
                    changes.push(Change { at, before, after });
                }
                changes[index].after[..bytes.len()].copy_from_slice(bytes);
            }
        }
        changes.sort_by_key(|change| change.at);
        Ok(Self {
            sectors: disk.sectors(),
            disk: identity(disk)?,
            changes,
        })
    }

    /// Writes the file for `disk`, and syncs it and its directory to the medium. A file
    /// that exists is not changed, and none is left that is incomplete.
    ///
    /// # Errors
    /// There is such a file, or it cannot be written.
    pub fn save(&self, path: &Path, disk: &dyn Sectors) -> Result<(), Error> {
        create_new(path, &self.bytes()).map_err(|error| {
            // A new file would hold the bytes that an interrupted installation left.
            if is_there(&error) && Self::load(path, disk).is_ok() {
                return Error::failed(format!(
                    "{} is this disk's way back from an earlier install; nothing was installed: \
                     keep that file, and install without --undo",
                    path.display()
                ));
            }
            let (file, hint) = (path.display(), error::hint(&error));
            Error::failed(format!(
                "cannot write {file}: {error}{hint}; nothing was installed, name another file for \
                 --undo"
            ))
        })
    }

    /// Reads a file that [`Undo::save`] wrote for `disk`.
    pub fn load(path: &Path, disk: &dyn Sectors) -> Result<Self, Error> {
        let on = |problem: &str| Error::failed(format!("{}: {problem}", path.display()));
        let bytes = fs::read(path).map_err(|error| on(&format!("cannot read it: {error}")))?;
        let undo = Self::parse(&bytes)
            .ok_or_else(|| on("is no file of `gapboot install --undo`, or a damaged one"))?;
        if undo.disk != identity(disk)? {
            return Err(on(
                "was written for another disk, by its identifier: name that disk or its own file",
            ));
        }
        if undo.sectors != disk.sectors() {
            return Err(on(&format!(
                "was written when the disk had {} sectors, it has {} now: make it that size \
                 again, or take the loader out without --undo, which leaves zeros",
                undo.sectors,
                disk.sectors()
            )));
        }
        Ok(undo)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut rest = to_u32(self.changes.len()).to_le_bytes().to_vec();
        rest.extend(self.sectors.to_le_bytes());
        rest.extend(self.disk);
        for change in &self.changes {
            rest.extend(change.at.to_le_bytes());
            rest.extend(&change.before);
            rest.extend(&change.after);
        }
        let checksum = crc32fast::hash(&rest).to_le_bytes();
        [&MAGIC[..], &checksum, &rest].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, records) = bytes.split_at_checked(HEADER)?;
        let checksum = u32::from_le_bytes(header[8..12].try_into().ok()?);
        let count = u32::from_le_bytes(header[12..16].try_into().ok()?);
        if !header.starts_with(MAGIC)
            || crc32fast::hash(&bytes[12..]) != checksum
            || records.len() != to_usize(count).checked_mul(RECORD)?
        {
            return None;
        }
        let number = |bytes: &[u8]| Some(u64::from_le_bytes(bytes.try_into().ok()?));
        let change = |record: &[u8]| {
            let (at, contents) = record.split_at(8);
            let (before, after) = contents.split_at(SECTOR);
            Some(Change {
                at: number(at)?,
                before: before.to_vec(),
                after: after.to_vec(),
            })
        };
        Some(Self {
            sectors: number(&header[16..24])?,
            disk: header[24..HEADER].try_into().ok()?,
            changes: records
                .chunks_exact(RECORD)
                .map(change)
                .collect::<Option<_>>()?,
        })
    }

    /// The writes that restore the former bytes, and the places that stay unchanged
    /// because another program has written there since then.
    ///
    /// The order survives an interruption, as that of an installation does: gapboot's
    /// stage1 refuses stage2 from the first write on, and boot code that depends on the
    /// gap comes after the gap. The first sectors of stage2 and of the overlay, which mark
    /// the other sectors as gapboot's, come after those.
    pub fn writes(
        &self,
        found: &Survey,
        disk: &dyn Sectors,
    ) -> Result<(Vec<Write>, Vec<u64>), Error> {
        let (mut gap, mut first, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let mut stay = Vec::new();
        for at in self.newer(found) {
            let clear = Write::new("a newer overlay, zeros", at, &[0; SECTOR]);
            match at {
                OVERLAY_LBA => first.push(clear),
                _ => gap.push(clear),
            }
        }
        for change in &self.changes {
            let now = disk::read(disk, change.at, 1)?;
            let Some(bytes) = change.back(found, &now) else {
                stay.push(change.at);
                continue;
            };
            if now.starts_with(&bytes) {
                continue;
            }
            match change.at {
                0 => rest.insert(0, Write::new("the former boot code", 0, &bytes)),
                OVERLAY_LBA => {
                    let what = "what was before the overlay, its first sector";
                    first.insert(0, Write::new(what, OVERLAY_LBA, &bytes));
                }
                STAGE2_LBA => {
                    let what = "what was before stage2, its first sector";
                    first.push(Write::new(what, STAGE2_LBA, &bytes));
                }
                at if in_gap(at) => gap.push(Write::new("what was before stage2", at, &bytes)),
                at if in_overlay(at) => {
                    gap.push(Write::new("what was before the overlay", at, &bytes))
                }
                at => rest.push(Write::new("the former GPT header", at, &bytes)),
            }
        }
        let mut writes = Vec::new();
        let changes_gap = !(gap.is_empty() && first.is_empty());
        if changes_gap && matches!(found.gap, Gap::Stage2(_)) {
            let mut mark = found.gap_bytes[..SECTOR].to_vec();
            mark[..INCOMPLETE.len()].copy_from_slice(&INCOMPLETE);
            writes.push(Write::new(
                "stage2, marked as incomplete",
                STAGE2_LBA,
                &mark,
            ));
        }
        writes.extend(joined(gap));
        writes.extend(first);
        writes.extend(rest);
        Ok((writes, stay))
    }

    /// The sectors of an overlay that were written by a later installation than the one
    /// that this file undoes.
    fn newer(&self, found: &Survey) -> Vec<u64> {
        let change = |at| self.changes.iter().find(|change| change.at == at);
        let stays = match (change(OVERLAY_LBA), change(STAGE2_LBA)) {
            (Some(_), _) => false,
            // The overlay fits the stage2 that is restored, so that installation did not
            // change the overlay.
            (None, Some(stage2)) => {
                let stage2 = Stage2::find(&stage2.before);
                let build = stage2.map(|stage2| stage2.build);
                build.is_some() && build == found.overlay.map(|overlay| overlay.build)
            }
            (None, None) => true,
        };
        let added = found.own_overlay().filter(|at| change(*at).is_none());
        added.filter(|_| !stays).collect()
    }
}

impl Change {
    /// The bytes to write back, a whole sector or less; `None` if the sector belongs to
    /// another program by now.
    fn back(&self, found: &Survey, now: &[u8]) -> Option<Vec<u8>> {
        if (in_gap(self.at) || in_overlay(self.at)) && found.is_in_partition(self.at) {
            return None;
        }
        let is_own = |at| found.own_gap().contains(&at) || found.own_overlay().contains(&at);
        let may = match self.at {
            0 => now == self.before || found.code == Code::Gapboot,
            at => is_own(at) || now == self.after || now == self.before,
        };
        let may = may || ((in_gap(self.at) || in_overlay(self.at)) && is_zero(now));
        let table_is_ours = self.at != 0 || now[STAGE1_CODE..] == self.after[STAGE1_CODE..];
        let size = if table_is_ours { SECTOR } else { STAGE1_CODE };
        may.then(|| self.before[..size].to_vec())
    }
}

/// Joins consecutive sectors into one write.
fn joined(writes: Vec<Write>) -> Vec<Write> {
    let mut joined: Vec<Write> = Vec::new();
    for write in writes {
        match joined.last_mut() {
            Some(last)
                if last.what == write.what
                    && last.at.saturating_add(last.sectors()) == write.at =>
            {
                last.bytes.extend(write.bytes);
            }
            _ => joined.push(write),
        }
    }
    joined
}

fn is_there(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

fn in_gap(at: u64) -> bool {
    (STAGE2_LBA..STAGE2_LBA + STAGE2_SECTORS).contains(&at)
}

fn in_overlay(at: u64) -> bool {
    (OVERLAY_LBA..OVERLAY_LBA + OVERLAY_SECTORS).contains(&at)
}

/// The disk's identity, which stays the same when partitions come and go.
fn identity(disk: &dyn Sectors) -> Result<[u8; 16], Error> {
    let mut identity = [0; 16];
    let sector = disk::read(disk, 1, 1)?;
    match Header::ref_from_prefix(&sector) {
        Ok((header, _)) if header.signature == SIGNATURE => identity = header.disk_guid,
        _ => identity[..4].copy_from_slice(&disk::read(disk, 0, 1)?[MBR_SIGNATURE]),
    }
    Ok(identity)
}
