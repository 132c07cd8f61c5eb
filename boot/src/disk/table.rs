//! The partition table, whichever of the two a disk has.

use super::partition::Partitions;
use super::storage::Storage;
use super::{gpt, mbr};
use crate::Error;
use crate::machine::Disk;
use crate::overlay::Overlay;

/// Finds the partitions that may have entries, by the MBR or the GPT. They go to
/// `found`, the caller's memory: to return them would cost stage2 96 bytes.
///
/// # Errors
/// Those of [`gpt::find`].
pub fn find_partitions<D: Disk>(
    storage: &mut Storage<D>,
    overlay: Option<Overlay>,
    found: &mut Partitions,
) -> Result<(), Error> {
    mbr::find(storage, overlay, found);
    match found.esp {
        Some(_) => Ok(()),
        None => gpt::find(storage, overlay, found),
    }
}
