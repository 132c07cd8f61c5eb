//! Random entries, made of names and texts that are hard to sort.

use crate::data::random;

/// Names and texts of a hundred Type 1 entries, without a kernel. Those that were
/// never tried have the counter `fresh`.
pub fn at_random(seed: u64, fresh: &'static str) -> Vec<(String, String)> {
    const SORT_KEYS: [&str; 5] = ["", "", "a", "b", "B"];
    const VERSIONS: [&str; 8] = ["", "1", "1~rc1", "1-1", "1.1", "1a", "01", "10"];
    const MACHINES: [&str; 3] = ["", "1", "2"];
    const BASES: [&str; 6] = ["a", "a-", "a.", "a1", "b_", "6.1-"];
    let counters = ["", "", fresh, "+0", "+2-1", "+0-3"];
    let mut numbers = random(seed, 1000).into_iter();
    let mut choose =
        |from: &[&'static str]| from[usize::from(numbers.next().unwrap_or(0)) % from.len()];
    let entry = |number| {
        // The number makes the name unique, with each base.
        let name = format!("{}{number}{}.conf", choose(&BASES), choose(&counters));
        let text = format!(
            "title {number}\nsort-key {}\nversion {}\nmachine-id {}",
            choose(&SORT_KEYS),
            choose(&VERSIONS),
            choose(&MACHINES)
        );
        (name, text)
    };
    (100..200).map(entry).collect()
}
