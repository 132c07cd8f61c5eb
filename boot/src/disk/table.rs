//! The partition table, whichever of the two a disk has.

use super::partition::Partitions;
use super::storage::Storage;
use super::{gpt, mbr};
use crate::Error;
use crate::machine::Disk;

/// Finds the partitions that may have entries, by the MBR or the GPT.
///
/// # Errors
/// Those of [`gpt::find`].
pub fn find_partitions<D: Disk>(
    storage: &mut Storage<D>,
    found: &mut Partitions,
) -> Result<(), Error> {
    match mbr::find_into(storage, found) {
        Some(()) => Ok(()),
        None => gpt::find_into(storage, found),
    }
}
