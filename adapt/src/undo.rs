//! The undo file: it gives the original of an image back, byte for byte.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | magic, `gapadap1`; the digit is the format's version |
//! | 8 | 4 | CRC-32 (IEEE 802.3) of all bytes after this field |
//! | 12 | 4 | number of sectors |
//! | 16 | 8 | bytes of the original |
//! | 24 | 8 | bytes of the changed image |
//! | 32 | 4 | CRC-32 of the original's first 64 KiB |
//! | 36 | 4 | 0 |
//! | 40 | | for each sector its LBA (8), the original's bytes (512), the changed bytes (512) |
//!
//! Numbers are little-endian. The sectors are those inside of the original; what lies after
//! its end is cut off. An image that was changed in part only, because something
//! interrupted it, is given back too.

use std::io;

use volumes::Bytes;

use crate::SECTOR;
use crate::bytes::{sectors, to_usize, u32_at, u64_at};
use crate::change::Change;
use crate::look;
use crate::plan::Plan;

const MAGIC: &[u8; 8] = b"gapadap1";
const HEADER: usize = 40;
const BYTES: usize = 512;
const RECORD: usize = 8 + 2 * BYTES;

/// A sector of the original that a plan changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sector {
    lba: u64,
    before: Vec<u8>,
    after: Vec<u8>,
}

/// What gives the original back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// The size of the original in bytes.
    pub original: u64,
    /// The size of the changed image in bytes.
    pub changed: u64,
    mark: u32,
    /// In the order in which they were written.
    sectors: Vec<Sector>,
}

impl Undo {
    /// What gives an image back that a plan changes.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn of(image: &dyn Bytes, plan: &Plan) -> io::Result<Self> {
        let mut all = Vec::new();
        for change in plan.changes.iter().filter(|change| !change.is_new) {
            for (lba, after) in (change.lba..).zip(change.bytes.chunks(BYTES)) {
                all.push(Sector {
                    before: sectors(image, lba, 1)?,
                    after: after.to_vec(),
                    lba,
                });
            }
        }
        all.retain(|sector| sector.before != sector.after);
        Ok(Self {
            original: image.size(),
            changed: plan.place.total,
            mark: look::mark(image)?,
            sectors: all,
        })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.sectors.len()).unwrap_or(u32::MAX);
        let mut rest = count.to_le_bytes().to_vec();
        rest.extend(self.original.to_le_bytes());
        rest.extend(self.changed.to_le_bytes());
        rest.extend(self.mark.to_le_bytes());
        rest.extend([0; 4]);
        for sector in &self.sectors {
            rest.extend(sector.lba.to_le_bytes());
            rest.extend(&sector.before);
            rest.extend(&sector.after);
        }
        let checksum = crc32fast::hash(&rest).to_le_bytes();
        [&MAGIC[..], &checksum, &rest].concat()
    }

    /// Reads the bytes of a file; nothing if it is damaged, or another kind of file.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, records) = bytes.split_at_checked(HEADER)?;
        let count = to_usize(u32_at(header, 12));
        let is_sound = header.starts_with(MAGIC)
            && u32_at(header, 8) == crc32fast::hash(bytes.get(12..)?)
            && records.len() == count.checked_mul(RECORD)?;
        let sector = |record: &[u8]| {
            let (before, after) = record.get(8..)?.split_at_checked(BYTES)?;
            Some(Sector {
                lba: u64_at(record, 0),
                before: before.to_vec(),
                after: after.to_vec(),
            })
        };
        let sectors = records.chunks_exact(RECORD).map(sector);
        Some(Self {
            original: u64_at(header, 16),
            changed: u64_at(header, 24),
            mark: u32_at(header, 32),
            sectors: sectors.collect::<Option<_>>().filter(|_| is_sound)?,
        })
    }

    /// The sectors that have to be written, in this order, before the image is cut to its
    /// original size. Sector 0 comes first: from then on the image is the original for a
    /// BIOS.
    ///
    /// # Errors
    /// It is another image, or has changed since then: a sentence without a full stop.
    pub fn changes(&self, image: &dyn Bytes) -> Result<Vec<Change>, String> {
        let size = image.size();
        if size < self.original || size > self.changed {
            return Err(format!(
                "it has {size} bytes, and the file is about an image that had {} and got {}: is \
                 it the right one?",
                self.original, self.changed
            ));
        }
        let mut changes = Vec::new();
        for sector in self.sectors.iter().rev() {
            let now = sectors(image, sector.lba, 1)
                .map_err(|error| format!("cannot read sector {}: {error}", sector.lba))?;
            if now == sector.before {
                continue;
            }
            if now != sector.after {
                return Err(format!(
                    "sector {} holds neither what the file says nor what was there before: is it \
                     the right image? Something else may have changed it",
                    sector.lba
                ));
            }
            changes.push(Change {
                what: "what was there before",
                lba: sector.lba,
                bytes: sector.before.clone(),
                is_new: false,
            });
        }
        match self.mark_of(image) {
            Ok(mark) if mark == self.mark => Ok(changes),
            Ok(_) => Err(
                "its first bytes differ from those of the image that the file is about: is it the \
                 right image?"
                    .to_owned(),
            ),
            Err(error) => Err(format!("cannot read it: {error}")),
        }
    }

    /// The mark of the original that an image will be.
    fn mark_of(&self, image: &dyn Bytes) -> io::Result<u32> {
        let size = self.original.min(look::MARKED);
        let mut first = volumes::bytes::read(image, 0, to_usize(size))?;
        for sector in &self.sectors {
            let at = to_usize(sector.lba.saturating_mul(SECTOR));
            crate::bytes::put(&mut first, at, &sector.before);
        }
        Ok(crc32fast::hash(&first))
    }
}
