//! The overlay: the part of the loader that does not fit into stage2.
//!
//! Its functions are linked like all others, but their code comes into memory only when
//! [`load`] reads it. So each of them that is called from outside takes an [`Overlay`],
//! and the build puts the code that only they need into the overlay
//! (`xtask/src/overlay.rs`). A machine without a good overlay does less, but boots.

use crate::crc32::Crc32;
use crate::machine::{Disk, DiskError, Lba, Memory};
use crate::{Error, Kind};
use layout::disk::{OVERLAY_LBA, SECTOR};
use layout::{memory, overlay};

/// The overlay is in memory: a proof, without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlay(());

impl Overlay {
    /// The proof for a program on the host, which contains all code. In the loader
    /// itself only [`load`] makes the proof.
    #[cfg(not(target_os = "none"))]
    pub const fn linked() -> Self {
        Self(())
    }
}

/// The description of a build in the header of stage2, by which its overlay is
/// recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// The checksum of the image that stage2 was unpacked to.
    pub checksum: u32,
    /// Sectors of the overlay.
    pub overlay_sectors: u32,
}

/// Loads the overlay that belongs to this build of stage2. (`layout::overlay`
/// describes what lies on the disk.)
///
/// # Errors
/// [`Kind::OverlayDamaged`] if the overlay is missing or belongs to another stage2;
/// [`Kind::DiskRead`].
#[allow(clippy::as_conversions, reason = "constants that fit")]
pub fn load(
    disk: &mut impl Disk,
    memory: &mut impl Memory,
    build: Build,
) -> Result<Overlay, Error> {
    let damaged = Error::new(Kind::OverlayDamaged, OVERLAY_LBA);
    let mut checksum = Crc32::new();
    checksum.update(&build.checksum.to_le_bytes());
    // An overlay of no sectors has no valid checksum, and one of too many does not fit
    // into the memory.
    let mut left = build.overlay_sectors;
    let mut lba = OVERLAY_LBA;
    let mut address = memory::OVERLAY.start;
    while left > 0 {
        let bytes = match disk.read(Lba(lba), left) {
            Ok([]) => return Err(damaged),
            Ok(bytes) => bytes,
            Err(DiskError(status)) => {
                return Err(Error::with_status(Kind::DiskRead, lba, status));
            }
        };
        checksum.update(bytes);
        memory.write(address, bytes).map_err(|_| damaged)?;
        let sectors = u32::try_from(bytes.len() / SECTOR).unwrap_or(left);
        left = left.saturating_sub(sectors);
        lba = lba.wrapping_add(sectors.into());
        address = address.wrapping_add(sectors.wrapping_mul(SECTOR as u32));
    }
    if checksum.finish() == overlay::RESIDUE {
        Ok(Overlay(()))
    } else {
        Err(damaged)
    }
}
