//! The order of the menu, as systemd-boot and bootctl have it.
//!
//! UAPI.1 ("Sorting") wants the last criterion without the file's suffix; both
//! programs compare it with the suffix, and so do we: `arch.conf` stands before
//! `arch-fallback.conf` only because of its dot.

use core::cmp::Ordering;

use super::entry::{Entry, Field};
use super::version;

/// Compares two entries; the one that stands higher in the menu is less.
/// Entries that are equal stay in the order in which they were found.
pub fn compare(a: &Entry, b: &Entry) -> Ordering {
    let class = |entry: &Entry| {
        (
            entry.generated,
            entry.tries.is_bad(),
            entry.text(Field::SortKey).is_none(),
        )
    };
    let mut order = class(a).cmp(&class(b));
    if order.is_ne() || a.generated {
        return order;
    }
    if a.text(Field::SortKey).is_some() {
        // Where one has no machine ID, it comes before an empty one. No
        // version is an empty version.
        order = a.text(Field::SortKey).cmp(&b.text(Field::SortKey));
        order = order.then_with(|| a.text(Field::MachineId).cmp(&b.text(Field::MachineId)));
        order = order.then_with(|| {
            let [a, b] = [a, b].map(|entry| entry.text(Field::Version).unwrap_or_default());
            version::compare(b, a)
        });
        order = order.then(a.profile.cmp(&b.profile));
    }
    order = order.then_with(|| version::compare(b.file_id(), a.file_id()));
    order = order.then(a.profile.cmp(&b.profile));
    if a.tries.is_counted() && b.tries.is_counted() {
        order = order
            .then(b.tries.left.cmp(&a.tries.left))
            .then(a.tries.done.cmp(&b.tries.done));
    }
    order
}
