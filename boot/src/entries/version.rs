//! Comparing version strings (UAPI.10, "Version Format Specification").
//!
//! Where the specification's text and systemd's code differ (a number of value
//! zero against a letter), this follows the code, since menus must look alike.
//! Numbers are compared as strings of digits, so that none is too large.

use core::cmp::Ordering;

/// Compares two versions; the newer one is greater.
pub fn compare(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        a = skip_separators(a);
        b = skip_separators(b);
        // The side with the mark is the older one. The order of these tests
        // is the specification's, and nothing is skipped between them.
        for mark in b"~-^." {
            let has_a = a.first() == Some(mark);
            let has_b = b.first() == Some(mark);
            if has_a != has_b {
                return has_b.cmp(&has_a);
            }
            if has_a {
                a = rest(a);
                b = rest(b);
            }
            // `1~` is older than `1`, and `1` than `1-1`: between the tilde and
            // the other marks comes the end of the string.
            if *mark == b'~' && (a.is_empty() || b.is_empty()) {
                return b.is_empty().cmp(&a.is_empty());
            }
        }
        let numeric = run(a, true) > 0 || run(b, true) > 0;
        let (mut x, mut y);
        (x, a) = a.split_at_checked(run(a, numeric)).unwrap_or_default();
        (y, b) = b.split_at_checked(run(b, numeric)).unwrap_or_default();
        let mut order = Ordering::Equal;
        if numeric {
            // A number, 0 too, is newer than no number.
            order = y.is_empty().cmp(&x.is_empty());
            x = skip_zeros(x);
            y = skip_zeros(y);
            order = order.then(x.len().cmp(&y.len()));
        }
        order = order.then(x.cmp(y));
        if order.is_ne() {
            return order;
        }
    }
}

/// Length of the run of digits, or of letters, that `text` starts with.
fn run(text: &[u8], digits: bool) -> usize {
    let belongs = |byte: &u8| {
        if digits {
            byte.is_ascii_digit()
        } else {
            byte.is_ascii_alphabetic()
        }
    };
    text.iter().take_while(|byte| belongs(byte)).count()
}

/// Drops what a version does not consist of.
fn skip_separators(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text {
        if first.is_ascii_alphanumeric() || matches!(first, b'.' | b'~' | b'^' | b'-') {
            break;
        }
        text = rest;
    }
    text
}

fn skip_zeros(mut text: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = text {
        text = rest;
    }
    text
}

fn rest(text: &[u8]) -> &[u8] {
    text.get(1..).unwrap_or_default()
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
