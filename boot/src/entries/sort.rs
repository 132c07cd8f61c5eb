//! The order of the menu, which is that of systemd-boot and bootctl.
//!
//! By UAPI.1 ("Sorting") the last criterion is the file's name without its suffix.
//! Both programs compare the name with the suffix, and so do we: `arch.conf` comes
//! before `arch-fallback.conf` only because of its dot.

use core::cmp::Ordering;

use super::entry::{Entry, Field};
use super::version;

/// Compares two entries; the one that comes first in the menu is less.
/// Entries that are equal stay in the order in which they were found.
pub fn compare(a: &Entry, b: &Entry) -> Ordering {
    let mut order = class(a).cmp(&class(b));
    if order.is_ne() || a.generated {
        return order;
    }
    if a.text(Field::SortKey).is_some() {
        order = by_text(a, b, Field::SortKey).then_with(|| by_text(a, b, Field::MachineId));
        if order.is_eq() {
            // An entry without a version sorts like one with an empty version.
            let version = [b, a].map(|entry| entry.text(Field::Version).unwrap_or_default());
            order = version::compare(version[0], version[1]).then(a.profile.cmp(&b.profile));
        }
    }
    if order.is_eq() {
        order = version::compare(b.file_id(), a.file_id()).then(a.profile.cmp(&b.profile));
    }
    if a.tries.is_counted() && b.tries.is_counted() {
        order = order
            .then(b.tries.left.cmp(&a.tries.left))
            .then(a.tries.done.cmp(&b.tries.done));
    }
    order
}

/// The class of an entry, which is compared before all texts.
fn class(entry: &Entry) -> u32 {
    u32::from(entry.generated) << 2
        | u32::from(entry.tries.is_bad()) << 1
        | u32::from(entry.text(Field::SortKey).is_none())
}

/// By one text, byte for byte; an entry without the text comes before one with an
/// empty text.
fn by_text(a: &Entry, b: &Entry, field: Field) -> Ordering {
    a.text(field).cmp(&b.text(field))
}
