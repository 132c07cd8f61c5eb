//! Boot counting (UAPI.1, "Boot counting"): the attempt to boot an entry is
//! noted in its file's name before the kernel gets the machine.
//!
//! [`crate::fat`]'s `rename` says why a power cut does no harm. What is chosen
//! here is which digits change, so that a counter of which one sector was
//! written and the other was not does not have more attempts left than before:
//!
//! * LEFT steps down in one sector only. Where a borrow would reach a second
//!   one, only the first digit that it changes does, and the fall-back comes
//!   earlier: 20 becomes 10, and 10 becomes 00. Numbers of ten digits and more
//!   are treated so already where two slots meet, because a torn sector could
//!   make them larger than a counter may be.
//! * DONE may be in two sectors, or in another one than LEFT: any of its digits
//!   are a number of attempts, and nothing depends on it.
//! * `-1` is added only where the write of one sector does it, and where there is
//!   an overlay. Elsewhere LEFT alone is counted.

use crate::disk::mirror::refuse_mirror;
use crate::disk::partition::Partition;
use crate::disk::storage::Storage;
use crate::entries::counter;
use crate::fat::{LongName, Name, Node, ONE_SECTOR, ONE_SLOT, Volume, difference};
use crate::machine::Disk;
use crate::overlay::Overlay;
use crate::text::concat;
use crate::{Error, Kind};

/// Bytes of the longest name, and of the longest new one.
const MOST_BYTES: usize = 767;
/// Bytes that [`attempt`] needs to work in.
pub const ROOM: usize = 2 * MOST_BYTES;

/// Digits of numbers that are never too large.
const SAFE_DIGITS: usize = 9;

/// Counts an attempt to boot the entry whose file is `node`, and gives the
/// length of the file's new name, which is at the start of `room`; 0, and nothing
/// is written, where the name has no counter or the file is read-only. `suffix` is
/// `.conf` or `.efi`; `name` and `room`, of at least [`ROOM`] bytes, are
/// overwritten.
///
/// # Errors
/// After each of them the entry can be booted as if it were not counted.
/// [`Kind::MirrorMember`], [`Kind::NameExists`], [`Kind::NameSlots`];
/// [`Kind::DiskWrite`], [`Kind::DiskUnstable`], after which some of the digits
/// may be new; those of [`crate::fat::Walk::next`].
pub fn attempt<D: Disk>(
    overlay: Option<Overlay>,
    storage: &mut Storage<D>,
    partition: &Partition,
    (volume, node): (&Volume, &Node),
    suffix: &[u8],
    name: &mut Name,
    room: &mut [u8],
) -> Result<usize, Error> {
    let slots = Error::new(Kind::NameSlots, 0);
    if node.is_read_only() {
        return Ok(0);
    }
    volume.name(storage, node, name)?;
    let (new, old) = room.split_at_mut_checked(MOST_BYTES).ok_or(slots)?;
    let old = &*concat(old, &[name.as_bytes()]).ok_or(slots)?;
    let Some(counter) = counter::Name::parse(old, suffix) else {
        return Ok(0);
    };
    if !counter.tries.is_counted() {
        return Ok(0);
    }
    refuse_mirror(storage, partition, overlay)?;
    let long = LongName::of(node, name).ok_or(slots)?;
    if let Some(overlay) = overlay
        && let Some(longer) = counter.longer(new)
        && overlay.lengthen(volume, storage, node, &long, (old, longer), name)?
    {
        return Ok(longer.len());
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
    volume.rename(storage, node, &long, (old, new, first), name)?;
    Ok(new.len())
}
