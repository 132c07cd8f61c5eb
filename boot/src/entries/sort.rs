//! The order of the menu, as systemd-boot and bootctl have it.
//!
//! UAPI.1 ("Sorting") wants the last criterion without the file's suffix; both
//! programs compare it with the suffix, and so do we: `arch.conf` stands before
//! `arch-fallback.conf` only because of its dot.

use core::cmp::Ordering;

use super::list::{Entry, Field};
use super::version;

/// Compares two entries; the one that stands higher in the menu is less.
/// Entries that are equal stay in the order in which they were found.
pub fn compare(a: &Entry, b: &Entry) -> Ordering {
    let (x, y) = (a.facts, b.facts);
    let mut order = x
        .generated
        .cmp(&y.generated)
        .then(x.tries.is_bad().cmp(&y.tries.is_bad()));
    if order.is_ne() || x.generated {
        return order;
    }
    let (key_a, key_b) = (a.text(Field::SortKey), b.text(Field::SortKey));
    order = key_b.is_some().cmp(&key_a.is_some());
    if order.is_eq() && key_a.is_some() {
        // An absent machine ID comes before an empty one; an absent version
        // is an empty one.
        order = key_a
            .cmp(&key_b)
            .then_with(|| a.text(Field::MachineId).cmp(&b.text(Field::MachineId)))
            .then_with(|| newest_first(a.text(Field::Version), b.text(Field::Version)))
            .then_with(|| x.profile.cmp(&y.profile));
    }
    order = order
        .then_with(|| newest_first(Some(a.file_id()), Some(b.file_id())))
        .then_with(|| x.profile.cmp(&y.profile));
    if x.tries.is_counted() && y.tries.is_counted() {
        order = order
            .then(y.tries.left.cmp(&x.tries.left))
            .then(x.tries.done.cmp(&y.tries.done));
    }
    order
}

fn newest_first(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    version::compare(b.unwrap_or_default(), a.unwrap_or_default())
}
