//! Boot counting (UAPI.1, "Boot counting"): the attempt to boot an entry is
//! noted in its file's name before the kernel gets the machine.
//!
//! [`crate::fat`]'s `rename` says why a power cut does no harm. This module chooses
//! which digits change. If only one of a counter's two sectors was written, the counter
//! still has no more attempts left than before:
//!
//! * LEFT steps down in one sector only. Where a borrow would reach a second
//!   one, only the first digit that it changes does, and the fall-back comes
//!   earlier: 20 becomes 10, and 10 becomes 00. For numbers of ten digits and more this
//!   rule applies wherever two slots meet, because a torn sector could make them larger
//!   than a counter may be.
//! * DONE may be in two sectors, or in another one than LEFT: any mixture of its digits
//!   is a number of attempts, and nothing depends on that number.
//! * `-1` is added only where the write of one sector is enough and the overlay is
//!   loaded. Elsewhere LEFT alone is counted.

use crate::disk::mirror::refuse_mirror;
use crate::disk::partition::Partition;
use crate::disk::storage::Storage;
use crate::entries::counter;
use crate::fat::{DirEntry, LongName, Name, ONE_SECTOR, ONE_SLOT, Volume, difference};
use crate::machine::Disk;
use crate::overlay::Overlay;
use crate::text::concat;
use crate::{Error, Kind};

/// Bytes of the longest name, and of the longest new one.
const MOST_BYTES: usize = 767;

/// The names that an [`attempt`] works with.
pub struct Names {
    /// Of a file in the directory.
    file: Name,
    /// Of the entry's file: before the attempt, after the attempt, and after the
    /// attempt if the name may become longer.
    old: [u8; MOST_BYTES],
    new: [u8; MOST_BYTES],
    longer: [u8; MOST_BYTES],
}

impl Names {
    /// No names: nothing but zeros.
    pub const EMPTY: Self = Self {
        file: Name::new(),
        old: [0; MOST_BYTES],
        new: [0; MOST_BYTES],
        longer: [0; MOST_BYTES],
    };
}

/// Digits of numbers that are never too large.
const SAFE_DIGITS: usize = 9;

/// Counts an attempt to boot the entry whose file is `node`, and gives the file's new
/// name. Gives None and writes nothing where the name has no counter or the file is
/// read-only. `suffix` is `.conf` or `.efi`.
///
/// # Errors
/// After each of them the entry can be booted as if it were not counted.
/// [`Kind::MirrorMember`], [`Kind::NameExists`], [`Kind::NameSlots`];
/// [`Kind::DiskWrite`], [`Kind::DiskUnstable`], after which some of the digits
/// may be new; those of [`crate::fat::Walk::next`].
pub fn attempt<'n, D: Disk>(
    overlay: Option<Overlay>,
    storage: &mut Storage<D>,
    partition: &Partition,
    volume: &Volume,
    node: &DirEntry,
    suffix: &[u8],
    names: &'n mut Names,
) -> Result<Option<&'n [u8]>, Error> {
    let Names {
        file,
        old,
        new,
        longer,
    } = names;
    let slots = Error::new(Kind::NameSlots, 0);
    if node.is_read_only() {
        return Ok(None);
    }
    volume.name(storage, node, file)?;
    let old = &*concat(old, &[file.as_bytes()]).ok_or(slots)?;
    let Some(counter) = counter::EntryName::parse(old, suffix) else {
        return Ok(None);
    };
    if !counter.tries.is_counted() {
        return Ok(None);
    }
    refuse_mirror(storage, partition, overlay)?;
    let long = LongName::of(node, file).ok_or(slots)?;
    if let Some(overlay) = overlay
        && let Some(longer) = counter.longer(longer)
        && overlay.lengthen(volume, storage, node, &long, (old, longer), file)?
    {
        return Ok(Some(longer));
    }
    let new = counter.next(new).ok_or(slots)?;
    let first = difference(old, new);
    let end = counter.left_end();
    let near = if counter.left_digits > SAFE_DIGITS {
        ONE_SLOT
    } else {
        ONE_SECTOR
    };
    let rest = first.wrapping_add(1)..end;
    if !long.together(first, end.wrapping_sub(1), near)
        && let (Some(new), Some(old)) = (new.get_mut(rest.clone()), old.get(rest))
    {
        new.copy_from_slice(old);
    }
    let change = first..counter.end();
    volume.rename(storage, node, &long, (old, new, change), file)?;
    Ok(Some(new))
}
