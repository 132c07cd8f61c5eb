//! The overlay: the part of the loader that does not fit into stage2.
//!
//! Its functions are linked like all others, but their code comes into memory
//! only when [`load`] brings it. So each of them that is called from outside
//! takes an [`Overlay`], and the build sees to it that what they alone need lies
//! in the overlay (`xtask/src/overlay.rs`). A machine without a good overlay
//! does less, but boots.

use crate::disk::crc32::Crc32;
use crate::disk::storage::Storage;
use crate::machine::{Build, Disk, Lba, Memory};
use crate::{Error, Kind};
use layout::disk::{OVERLAY_LBA, SECTOR};
use layout::{memory, overlay};

/// The overlay is in memory: a proof, without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlay(());

impl Overlay {
    /// Of a program on the host, which has everything in it. In the loader itself
    /// only [`load`] makes the proof.
    #[cfg(not(target_os = "none"))]
    pub const fn linked() -> Self {
        Self(())
    }
}

/// Loads the overlay that belongs to this build of stage2. (`layout::overlay`
/// describes what lies on the disk.) `None` is the build of a program that has
/// everything in it.
///
/// # Errors
/// [`Kind::OverlayDamaged`] if there is none, or if it belongs to another stage2;
/// those of [`Storage::read`].
#[allow(clippy::as_conversions, reason = "constants that fit")]
pub fn load<D: Disk, M: Memory>(
    storage: &mut Storage<D>,
    memory: &mut M,
    build: Option<Build>,
) -> Result<Overlay, Error> {
    let Some(build) = build else {
        return Ok(Overlay(()));
    };
    let damaged = Error::new(Kind::OverlayDamaged, OVERLAY_LBA);
    let mut checksum = Crc32::new();
    checksum.update(&build.checksum.to_le_bytes());
    // No sectors have no right checksum, and for too many the memory has no room.
    let mut left = build.overlay_sectors;
    let mut lba = OVERLAY_LBA;
    let mut address = memory::OVERLAY.start;
    while left > 0 {
        let bytes = storage.read(Lba(lba), left)?;
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
