//! One write of an installation; doing and checking all of them.

use layout::disk::SECTOR;

use crate::disk::{self, Sectors, WriteSectors};
use crate::error::Error;
use crate::number::to_u64;

/// One write, followed by a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// A description of the write, for `--dry-run`.
    pub what: &'static str,
    /// The first sector.
    pub at: u64,
    /// The bytes; the rest of the last sector is not changed.
    pub bytes: Vec<u8>,
}

impl Write {
    /// A write of `bytes` from sector `at` on.
    pub fn new(what: &'static str, at: u64, bytes: &[u8]) -> Self {
        Self {
            what,
            at,
            bytes: bytes.to_vec(),
        }
    }

    /// The number of sectors that the write changes, the last one perhaps in part.
    pub fn sectors(&self) -> u64 {
        to_u64(self.bytes.len().div_ceil(SECTOR))
    }

    /// The place that is written, as text for the user.
    pub fn place(&self) -> String {
        if self.bytes.len() < SECTOR {
            return format!("sector {}, first {} bytes", self.at, self.bytes.len());
        }
        disk::range(self.at, self.sectors())
    }
}

/// Does the writes. Each one is synced to the medium before the next begins.
pub fn write_all(writes: &[Write], disk: &mut dyn WriteSectors) -> Result<(), Error> {
    for write in writes {
        disk.write(write.at, &write.bytes)
            .and_then(|()| disk.sync())
            .map_err(|error| {
                Error::failed(format!(
                    "cannot write {} ({}): {error}; run the command again when that is mended",
                    write.place(),
                    write.what
                ))
            })?;
    }
    Ok(())
}

/// Compares the disk with the bytes that the writes should have left.
pub fn verify(writes: &[Write], disk: &dyn Sectors) -> Result<(), Error> {
    for (index, write) in writes.iter().enumerate() {
        // The seal overwrites the mark.
        let mut later = writes.iter().skip(index).skip(1);
        if later.any(|later| later.at == write.at) {
            continue;
        }
        let found = disk::read(disk, write.at, write.sectors())?;
        if found[..write.bytes.len()] != write.bytes {
            return Err(Error::failed(format!(
                "{} ({}) reads back differently: the disk or its controller is faulty, \
                 or another program writes there",
                write.place(),
                write.what
            )));
        }
    }
    Ok(())
}
